"""`protoflow diagram`."""

from __future__ import annotations

from pathlib import Path

import pytest

from protoflow.cli import main
from tests.cli.support import CLEAN, failure


def test_diagram_goes_where_it_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", "hello"]) == 0
    table = capsys.readouterr().out
    assert main(["diagram", "hello", "-o", "deep/hello.txt"]) == 0
    assert capsys.readouterr().out == "wrote deep/hello.txt\n"
    assert Path("deep/hello.txt").read_text(encoding="utf-8") == table
    assert main(["diagram", "hello", "fedavg", "-o", "pictures", "--format", "mermaid"]) == 0
    assert sorted(path.name for path in Path("pictures").iterdir()) == ["fedavg.states.mmd", "hello.states.mmd"]
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
        ("--kind sequence --finding 1", "a.yaml has no finding 1 with a run; those that have one: none"),
    ],
)
def test_a_sequence_needs_a_run(arguments: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure(capsys, "diagram", "a.yaml", *arguments.split()) == (2, f"error: {said}\n")
