"""`protoflow diagram`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from protoflow import trace
from protoflow.cli import main
from protoflow.language import shipped
from protoflow.trace import Header, Step, StepKind
from tests.cli.support import CLEAN, ROOT, failure
from tools import gallery


def test_diagram_goes_where_it_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", "hello"]) == 0
    table = capsys.readouterr().out
    assert main(["diagram", "hello", "-o", "deep/hello.txt"]) == 0
    assert capsys.readouterr().out == "wrote deep/hello.txt\n"
    assert Path("deep/hello.txt").read_text(encoding="utf-8") == table
    assert main(["diagram", "hello", "fedavg", "-o", "pictures", "--format", "mermaid"]) == 0
    names = ["fedavg.flow.mmd", "fedavg.states.mmd", "hello.flow.mmd", "hello.states.mmd"]
    assert sorted(path.name for path in Path("pictures").iterdir()) == names
    assert main(["diagram", "hello", "-o", "hello.png"]) == 0
    assert Path("hello.png").read_bytes().startswith(b"\x89PNG")
    assert main(["diagram", "hello", "--role", "client", "--format", "dot", "-o", "pictures"]) == 0
    assert Path("pictures/hello.client.dot").read_text(encoding="utf-8").startswith("digraph")


def test_diagram_shows_parameters_as_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", "fedavg", "--set", "rounds=77"]) == 0
    assert "77" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "hello -o hello.doc",
            "`hello.doc` ends in none of .dot, .gv, .svg, .png, .pdf, .mmd, .txt; name one of these, or add --format",
        ),
        ("hello fedavg -o x.svg", "several pictures would go to x.svg; name a folder: -o pictures/"),
        ("hello --kind flow --role server", "--role draws one state machine; `--kind flow` is about all roles"),
        (
            "hello --kind stats",
            "argument --kind: `stats` is not a kind of diagram; `states` is; `protoflow diagram --help` says more",
        ),
    ],
)
def test_diagram_that_cannot_be(arguments: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure(capsys, "diagram", *arguments.split()) == (2, f"error: {said}\n")


def test_diagram_of_a_broken_protocol_says_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = failure(capsys, "diagram", "c.yml")
    assert code == 1
    assert said.startswith("error[PF003]: `anwser` is not a message; `answer` is\n")


def test_diagram_with_findings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deaf = "".join(line for line in CLEAN.splitlines(keepends=True) if "handler: listen" not in line)
    Path("deaf.yaml").write_text(deaf, encoding="utf-8")
    assert main(["diagram", "deaf.yaml", "--format", "dot"]) == 0
    assert "PF103" not in capsys.readouterr().out
    assert main(["diagram", "deaf.yaml", "--format", "dot", "--check"]) == 1
    assert "PF103" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "--kind sequence",
            "a sequence shows one run: that of a finding (--finding 1), or one from a file (--trace FILE)",
        ),
        ("--finding 1", "--finding and --trace are for `--kind sequence`"),
        ("--whole", "--whole is for `--kind sequence`"),
        ("--kind sequence --finding 1", "a.yaml has no finding 1 with a run; those that have one: none"),
    ],
)
def test_a_sequence_needs_a_run(arguments: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure(capsys, "diagram", "a.yaml", *arguments.split()) == (2, f"error: {said}\n")


def test_a_folder_is_drawn_with_its_subfolders(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", ".", "-o", "out", "--format", "svg,table", "--kind", "flow"]) == 1  # c.yml has an error
    drawn = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*.*"))
    assert drawn == ["a.flow.svg", "a.flow.txt", "b/warned.flow.svg", "b/warned.flow.txt"]
    assert 'href="../../b/warned.yaml#L' in Path("out/b/warned.flow.svg").read_text(encoding="utf-8")


def test_stale_and_missing_pictures_are_named_with_the_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = ["diagram", "a.yaml", "b", "--format", "svg,png,pdf,mermaid", "-o", "out"]
    assert main(draw) == 0
    capsys.readouterr()
    assert main([*draw, "--check-fresh"]) == 0
    assert capsys.readouterr().out == "16 pictures are fresh\n"
    text = Path("a.yaml").read_text(encoding="utf-8")
    Path("a.yaml").write_text(text.replace("handler: listen", "handler: listen_well"), encoding="utf-8")
    Path("out/warned.flow.png").unlink()
    assert main([*draw, "--check-fresh"]) == 1
    stale = [f"stale: out/a.{kind}.{form}" for kind in ("states", "flow") for form in ("svg", "png", "pdf", "mmd")]
    assert capsys.readouterr().out.splitlines() == [
        *stale,
        "missing: out/warned.flow.png",
        "9 of 16 pictures are not what the protocols give now; to draw all anew:",
        "  protoflow diagram a.yaml b --format svg,png,pdf,mermaid -o out",
    ]
    assert main(draw) == 0
    assert main([*draw, "--check-fresh"]) == 0


def test_a_picture_whose_protocol_is_gone_is_left_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder that is drawn as a whole, and only one that protoflow drew."""
    draw = ["diagram", "b", "-o", "out", "--kind", "states", "--format", "png,table"]
    assert main(draw) == 0
    Path("b/again.yaml").write_text(Path("b/warned.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["diagram", "b/again.yaml", "-o", "out"]) == 0
    Path("out/drawn_by_hand.states.svg").write_text("<svg/>", encoding="utf-8")
    capsys.readouterr()
    assert main([*draw, "--check-fresh"]) == 1, "one is missing"
    assert "left over" not in capsys.readouterr().out
    Path("b/again.yaml").unlink()
    assert main([*draw, "--check-fresh"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "2 pictures are fresh",
        "left over: out/again.flow.svg, whose protocol is gone: delete it",
        "left over: out/again.states.svg, whose protocol is gone: delete it",
    ]
    assert main(["diagram", "b/warned.yaml", *draw[2:], "--check-fresh"]) == 0, "there may be more in the folder"


def test_a_whole_run_has_all_its_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    step = Step(StepKind.START, "client1", "start", state_before="waiting", state_after="waiting")
    with (tmp_path / "run.jsonl").open("w", encoding="utf-8") as stream:
        trace.write([Header("hello", "", {"server": 1, "client": 1}, {}), *[step] * 60], stream)
    draw = ["diagram", "hello", "--kind", "sequence", "--trace", str(tmp_path / "run.jsonl")]
    assert main(draw) == 0
    cut = capsys.readouterr().out
    assert main([*draw, "--whole"]) == 0
    whole = capsys.readouterr().out
    assert "20 lines omitted" in cut
    assert (cut.count("| start"), whole.count("| start")) == (40, 60)


def test_a_picture_of_another_look_is_stale(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", "a.yaml", "-o", "a.svg"]) == 0
    for look in ("--greyscale", "--detail less", "--width 20cm", "--font Georgia", "--kind flow"):
        assert main(["diagram", "a.yaml", "-o", "a.svg", "--check-fresh", *look.split()]) == 1
        assert f"diagram a.yaml {look} -o a.svg" in capsys.readouterr().out


def test_whether_a_picture_is_fresh_does_not_depend_on_graphviz(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    assert main(["diagram", "a.yaml", "-o", "a.svg"]) == 0, "drawn by the `dot` on the PATH"
    monkeypatch.setenv("PATH", "")
    assert main(["diagram", "a.yaml", "-o", "a.svg", "--check-fresh"]) == 0


def test_the_gallery_is_fresh(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`make pictures` draws it anew."""
    monkeypatch.chdir(ROOT)
    code = main(["diagram", "protocols", "-o", "docs/gallery", "--check-fresh"])
    assert code == 0, capsys.readouterr().out
    drawn = {path.stem.split(".")[0] for path in Path("docs/gallery").iterdir()}
    assert drawn == set(shipped())
    assert Path("docs/gallery.md").read_text(encoding="utf-8") == gallery.page()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--width 8.5", "`8.5` is not a length such as 8.5cm, 85mm, 3.3in or 240pt"),
        ("--width 8.5cm", "width means nothing for a table: it has no size before it is laid out"),
        ("--format mermaid --font Georgia", "font means nothing for mermaid: what shows it chooses the font"),
        ("--greyscale", "greyscale means nothing for a table: it has no colours"),
        ("--font <b> -o a.svg", "`<b>` is not the name of a font: letters, digits, spaces and hyphens"),
        ("--check-fresh", "--check-fresh compares with pictures that were drawn; say where they are: -o pictures/"),
        (
            "b/../a.yaml -o out",
            "a.yaml and b/../a.yaml would both be drawn to out/a.states.svg; draw them into folders of their own",
        ),
    ],
)
def test_a_look_that_cannot_be(arguments: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure(capsys, "diagram", "a.yaml", *arguments.split()) == (2, f"error: {said}\n")


def test_a_crowded_picture_is_said_to_be_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"      - {{trigger: m, source: s{i}, dest: s{i + 1}}}\n" for i in range(41))
    text = (
        "protoflow: 1\nname: crowd\nmessages: {m: {from: b, to: a}}\nroles:\n  a:\n"
        f"    states: [{', '.join(f's{i}' for i in range(42))}]\n    transitions:\n{rows}"
        "  b:\n    states: [only]\n    transitions:\n      - {trigger: start, source: only, send: m}\n"
    )
    Path("crowd.yaml").write_text(text, encoding="utf-8")
    said = "crowded; one role alone (--role ROLE) or a table (--format table) reads better"
    assert main(["diagram", "crowd.yaml", "-o", "crowd.mmd"]) == 0
    assert said in capsys.readouterr().err
    assert main(["diagram", "crowd.yaml", "-o", "crowd.mmd", "--role", "b"]) == 0
    assert capsys.readouterr().err == ""
