"""`[tool.protoflow]` in pyproject.toml, and what is typed beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from protoflow.cli import main
from tests.cli.support import CLEAN, failure


def configure(text: str) -> None:
    Path("pyproject.toml").write_text(text, encoding="utf-8")


def shown(capsys: pytest.CaptureFixture[str], *typed: str) -> tuple[int, str]:
    code = main(["validate", "--format", "concise", *typed])
    captured = capsys.readouterr()
    assert captured.err == ""
    return code, captured.out


def test_paths_are_from_where_the_file_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure('[tool.protoflow]\npaths = ["b", "a.yaml"]\nstrict = true\n')
    warned = "warned.yaml:7:3: PF105 message `shout` is declared, but nobody sends or handles it\n"
    assert shown(capsys) == (1, f"b/{warned}")
    assert shown(capsys, "a.yaml") == (0, "")
    monkeypatch.chdir("b")
    assert shown(capsys) == (1, warned)


def test_paths_that_lead_nowhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "error: pyproject.toml: `paths` of [tool.protoflow] names"
    configure('[tool.protoflow]\npaths = ["a.yaml", "b/warmed.yaml"]\n')
    for command in ("validate", "diagram", "format"):
        end = f"{said} `b/warmed.yaml`, which is not there; `b/warned.yaml` is\n"
        assert failure(capsys, command) == (2, end)
    configure('[tool.protoflow]\npaths = ["nothing"]\n')
    assert failure(capsys, "validate") == (2, f"{said} `nothing`, which is not there\n")


def test_classes_are_looked_at_where_it_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(CLEAN.replace("handler: greet", "handler: great"), encoding="utf-8")
    assert shown(capsys, "a.yaml") == (0, "")
    configure("[tool.protoflow]\nhandlers = true\n")
    code, said = shown(capsys, "a.yaml")
    assert (code, said.split()[1]) == (1, "PF301")


def test_format_takes_them_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure('[tool.protoflow]\npaths = ["b", "a.yaml"]\n')
    assert main(["format", "--check"]) == 1
    assert "2 files: 1 would be formatted, 1 unchanged\n" in capsys.readouterr().err


def test_the_nearest_file_that_has_the_table_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure('[tool.protoflow]\nignore = ["PF105"]\nstrict = true\n')
    monkeypatch.chdir("b")
    configure("[tool.other]\nstrict = 1\n")
    assert shown(capsys, "warned.yaml") == (0, "")
    configure("tool = 3\n")
    assert shown(capsys, "warned.yaml") == (0, "")
    configure("[tool.protoflow]\n")
    assert shown(capsys, "warned.yaml", "--strict")[0] == 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", 1), ("--select PF2", 0), ("--select PF1,PF3", 1), ("--ignore PF105", 0), ("--ignore pf1", 0)],
)
def test_codes_can_be_chosen(typed: str, code: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "b", "--strict", *typed.split())[0] == code


def test_what_is_typed_comes_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure('[tool.protoflow]\nselect = ["PF2"]\n[tool.protoflow.assumptions]\nloss = 1\n')
    assert "PF202" in shown(capsys, "a.yaml")[1]
    assert shown(capsys, "a.yaml", "--loss", "0") == (0, "")
    assert "PF105" in shown(capsys, "b", "--select", "PF1")[1]


def test_assumptions_take_the_place_of_the_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A role that a protocol does not have is no mistake there: the table is for all protocols of a project."""
    configure("[tool.protoflow.assumptions]\ncrashes = {client = 1, edge = 2}\n")
    assert main(["validate", "a.yaml"]) == 1
    said = capsys.readouterr().out
    assert "error[PF202]" in said
    assert "protoflow diagram a.yaml --crashes client=1 --kind sequence --finding 1" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.protoflow]\nselct = []", "`selct` is not a key of [tool.protoflow]; `select` is"),
        ("[tool]\nprotoflow = 3", "[tool.protoflow] is a table, not 3"),
        ("[tool.protoflow]\npaths = 'b'", "`paths` of [tool.protoflow] is a list of texts, not 'b'"),
        ("[tool.protoflow]\nstrict = 1", "`strict` of [tool.protoflow] is true or false, not 1"),
        ("[tool.protoflow]\nhandlers = 'yes'", "`handlers` of [tool.protoflow] is true or false, not 'yes'"),
        ("[tool.protoflow]\nassumptions = 1", "[tool.protoflow.assumptions] is a table, not 1"),
        (
            "[tool.protoflow.assumptions]\nchannels = 'lifo'",
            '`channels` of [tool.protoflow.assumptions] is "fifo" or "any", not \'lifo\'',
        ),
        (
            "[tool.protoflow.assumptions]\nloss = -1",
            "`loss` of [tool.protoflow.assumptions] is a whole number, not -1",
        ),
        (
            "[tool.protoflow.assumptions]\ncrashes = {client = 'x'}",
            "`client` of [tool.protoflow.assumptions], `crashes` is a whole number, not 'x'",
        ),
        ("[tool.protoflow.assumptions]\ncrashes = 1", "`crashes` of [tool.protoflow.assumptions] is a table, not 1"),
        (
            "[tool.protoflow.assumptions]\nlos = 1",
            "`los` is not a key of [tool.protoflow.assumptions]; `loss` is",
        ),
    ],
)
def test_mistakes_in_it(text: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(text)
    assert failure(capsys, "validate", "a.yaml") == (2, f"error: pyproject.toml: {said}\n")


def test_codes_that_there_are_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure('[tool.protoflow]\nignore = ["E501"]\n')
    said = "`E501` is not a code of findings, nor the beginning of one; `protoflow explain` lists them\n"
    where = "error: pyproject.toml: `ignore` of [tool.protoflow]: "
    assert failure(capsys, "validate", "a.yaml") == (2, where + said)
    Path("pyproject.toml").unlink()
    assert failure(capsys, "validate", "a.yaml", "--ignore", "E501") == (2, f"error: {said}")


def test_a_file_that_is_not_toml(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure("[tool.protoflow\n")
    code, said = failure(capsys, "validate", "a.yaml")
    assert code == 2
    assert said.startswith("error: pyproject.toml is not TOML: ")
    assert said.endswith("(at line 1, column 16)\n")
