"""`protoflow validate --fix`, `--diff` and `--stdin-filename`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from protoflow.authoring.fixing import fix
from protoflow.checks import validate
from protoflow.cli import main
from protoflow.language import read, read_text
from tests.cli.support import BROKEN, CLEAN, LEFT, failure

CERTAIN = {
    "reply misspelt": ("send: answer", "send: anwser"),
    "message misspelt in an event": ("{received: answer,", "{received: answr,"),
    "state misspelt": ("source: waiting, dest: done, handler: reply", "source: waitin, dest: done, handler: reply"),
    "key misspelt": ("handler: greet,", "handlr: greet,"),
    "no version": ("protoflow: 1\n", ""),
    "on for true": ("done: {final: true}", "done: {final: on}"),
    "quoted true": ("done: {final: true}", 'done: {final: "true"}'),
    "a text with a comma": (
        "payload: {text: str}}\n\nroles",
        'payload: {text: str}, summary: "Yes, so it is."}\n\nroles',
    ),
}


def spoilt(name: str) -> tuple[str, str]:
    """A text with a mistake, and the text that it should become."""
    right, wrong = CERTAIN[name]
    if name == "a text with a comma":
        whole = CLEAN.replace(right, wrong)
        return whole.replace('"Yes, so it is."', "Yes, so it is."), whole
    assert right in CLEAN
    return CLEAN.replace(right, wrong, 1), CLEAN


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_certain_is_mended_to_the_letter(name: str) -> None:
    text, right = spoilt(name)
    reading, mended = fix(read_text(text, "t.yaml"))
    expected = f"protoflow: 1\n{text}" if name == "no version" else right
    assert (reading.sources["t.yaml"], len(mended)) == (expected, 1)
    assert reading.diagnostics == ()
    assert validate(reading, composition=False).ok()


GUESSES = {
    "a handler is missing": ("      - {trigger: answer,       source: waiting,             handler: listen}\n", ""),
    "two names are near": (
        "messages:\n",
        "messages:\n  answers: {from: client, to: server}\n  answerx: {from: client, to: server}\n",
    ),
    "a name of another form": ("waiting", "Waiting"),
    "a word of another notation": ("trigger: start,", "on: start,"),
    "the declaration may be what is misspelt": ("  answer:  ", "  anwser:  "),
    "a name that nothing is near": ("send: answer", "send: shout"),
}


def test_mistakes_of_one_kind_are_all_mended() -> None:
    """The second is not taken for the first, still there."""
    cut = CLEAN.replace("text: str}}", "text: str}, summary: short, sweet}")
    assert cut.count("short, sweet") == 2
    reading, mended = fix(read_text(cut, "t.yaml"))
    assert (reading.sources["t.yaml"], len(mended)) == (cut.replace("short, sweet", '"short, sweet"'), 2)


@pytest.mark.parametrize("name", GUESSES)
def test_what_is_a_guess_is_left(name: str) -> None:
    text = CLEAN.replace(*GUESSES[name])
    assert text != CLEAN
    if name == "two names are near":
        text = text.replace("send: answer}", "send: answr}")
    reading = read_text(text, "t.yaml")
    assert not validate(reading).ok(strict=True)
    assert fix(reading) == (reading, ())


BAD = sorted((Path(__file__).parents[1] / "language" / "bad").glob("*.yaml"))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_no_fix_adds_a_finding(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    before = read(path.name)
    after, mended = fix(before)
    assert len(after.diagnostics) <= len(before.diagnostics) - len(mended)
    assert {each.message for each in after.diagnostics} <= {each.message for each in before.diagnostics}
    assert fix(after) == (after, ())


def test_the_file_is_written_and_the_fix_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.yml").write_bytes(b"\xef\xbb\xbf" + BROKEN.replace("\n", "\r\n").encode())
    assert main(["validate", "c.yml", "--fix"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("c.yml: clean; proved for every N")
    fixed = "fixed c.yml:25:80: PF003 `anwser` is not a message; `answer` is: write `answer`\n"
    assert captured.err == fixed + LEFT
    assert Path("c.yml").read_bytes() == b"\xef\xbb\xbf" + CLEAN.replace("\n", "\r\n").encode()
    assert main(["validate", "c.yml", "--fix"]) == 0
    assert capsys.readouterr().err == LEFT


def test_what_is_left_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.yml").write_text(BROKEN.replace("handler: greet,", "on_handler: greet,"), encoding="utf-8")
    assert main(["validate", "c.yml", "--fix", "--format", "concise"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "c.yml:16:62: PF002 `on_handler` is not a key of a transition\n"
    assert captured.err.count("fixed c.yml") == 1


@pytest.mark.parametrize("text", ["a: [\n", "protoflow: 1\nname: x\nroels: {}\nfoo: 1\n", "- 1\n", ""])
def test_what_cannot_be_mended_fails_as_without_fix(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("c.yml").write_text(text, encoding="utf-8")
    assert main(["validate", "c.yml"]) == 1
    assert main(["validate", "c.yml", "--fix"]) == 1
    capsys.readouterr()
    Path("c.yml").write_bytes(b"\xff\xfe")
    assert main(["validate", "c.yml", "--fix", "--format", "concise"]) == 1
    assert "PF001" in capsys.readouterr().out


def test_the_difference_is_shown_and_nothing_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", ".", "--diff"]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("--- c.yml\n+++ c.yml\n@@ ")
    changed = [line for line in shown.splitlines()[2:] if line[0] in "+-"]
    assert changed == [
        "-      - {trigger: greeting, source: waiting, dest: done, handler: reply, send: anwser}",
        "+      - {trigger: greeting, source: waiting, dest: done, handler: reply, send: answer}",
    ]
    assert Path("c.yml").read_text(encoding="utf-8") == BROKEN
    assert main(["validate", "a.yaml", "b", "--diff"]) == 0
    assert capsys.readouterr().out == ""


def give(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_standard_input_is_not_fixed_but_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(BROKEN, monkeypatch)
    said = "error: --fix writes files, and standard input is none; --diff shows the fixes\n"
    assert failure(capsys, "validate", "-", "--fix") == (2, said)
    Path("mine.yaml").write_text(CLEAN, encoding="utf-8")
    assert failure(capsys, "validate", "-", "--fix", "--stdin-filename", "mine.yaml") == (2, said)
    assert Path("mine.yaml").read_text(encoding="utf-8") == CLEAN
    give(BROKEN, monkeypatch)
    assert main(["validate", "-"]) == 1
    assert "of these can be mended for certain: --diff shows it\n" in capsys.readouterr().err
    give(BROKEN, monkeypatch)
    assert main(["validate", "-", "--diff", "--stdin-filename", "mine.yaml"]) == 1
    assert capsys.readouterr().out.startswith("--- mine.yaml\n+++ mine.yaml\n")


def test_standard_input_is_read_as_the_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Messages name it, `extends` is found from there, and what is typed need not have been saved."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "base.yaml").write_text(CLEAN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    own = "protoflow: 1\nname: own\nextends: ./base.yaml\n"
    give(own, monkeypatch)
    assert main(["validate", "-", "--stdin-filename", "deep/own.yaml"]) == 0
    assert capsys.readouterr().out.startswith("deep/own.yaml: clean; proved for every N")
    give(own + "parameters: {rounds: {typ: int, default: 3}}\n", monkeypatch)
    assert main(["validate", "-", "--stdin-filename", "deep/own.yaml", "--format", "concise"]) == 1
    assert capsys.readouterr().out == "deep/own.yaml:4:23: PF002 `typ` is not a key of a parameter; `type` is\n"
    give(own, monkeypatch)
    assert main(["validate", "-", "--format", "concise"]) == 1
    assert capsys.readouterr().out == "<stdin>:3:10: PF005 there is no file `./base.yaml`\n"
