"""`protoflow format`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.cli import main
from tests.cli.support import CLEAN, failure

if TYPE_CHECKING:
    from collections.abc import Callable

UNTIDY = CLEAN.replace("name: hello\n", "").replace("summary:", "name:   hello\nsummary:")


@pytest.fixture
def untidy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "untidy.yaml"
    path.write_text(UNTIDY, encoding="utf-8")
    path.chmod(0o640)
    (tmp_path / "tidy.yaml").write_text(CLEAN, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("protoflow: 1\nroles: {\n", encoding="utf-8")
    return path


def test_files_are_written_anew(untidy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["format", "untidy.yaml", "tidy.yaml"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "formatted untidy.yaml\n"
    assert captured.err == "2 files: 1 formatted, 1 unchanged\n"
    assert untidy.read_text(encoding="utf-8") == CLEAN
    assert untidy.stat().st_mode & 0o777 == 0o640
    assert main(["format", "untidy.yaml"]) == 0
    assert capsys.readouterr().err == "1 file: 1 unchanged\n"
    assert sorted(path.name for path in untidy.parent.iterdir()) == ["broken.yaml", "tidy.yaml", "untidy.yaml"]


def test_a_link_keeps_leading_to_its_file(untidy: Path) -> None:
    link = Path("link.yaml")
    link.symlink_to(untidy)
    assert main(["format", "link.yaml"]) == 0
    assert link.is_symlink()
    assert untidy.read_text(encoding="utf-8") == CLEAN


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_looking_changes_nothing_and_ends_with_1(option: str, untidy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["format", "untidy.yaml", option]) == 1
    captured = capsys.readouterr()
    assert "would format untidy.yaml\n" in captured.out + captured.err
    assert captured.err.endswith("1 file: 1 would be formatted\n")
    assert untidy.read_text(encoding="utf-8") == UNTIDY
    assert main(["format", "tidy.yaml", option]) == 0


def test_the_difference(untidy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["format", "untidy.yaml", "--diff"])
    assert capsys.readouterr().out == (
        "--- untidy.yaml\n+++ untidy.yaml\n@@ -1,6 +1,6 @@\n"
        " # yaml-language-server: $schema=../docs/protoflow.schema.json\n protoflow: 1\n"
        "-name:   hello\n+name: hello\n"
        " summary: The server greets every client, and every client answers.\n \n messages:\n"
    )


def test_a_broken_file_is_reported_and_left_and_the_others_are_formatted(
    untidy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["format", "."]) == 1
    captured = capsys.readouterr()
    assert captured.out == "formatted untidy.yaml\n"
    assert captured.err == (
        "error: broken.yaml:3:1: PF001 not YAML: a value is missing here\n"
        "3 files: 1 formatted, 1 unchanged, 1 not formatted\n"
    )
    assert Path("broken.yaml").read_text(encoding="utf-8") == "protoflow: 1\nroles: {\n"


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return give


def test_standard_input_goes_to_standard_output(
    standard_input: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for text in (UNTIDY, CLEAN):
        standard_input(text)
        assert main(["format", "-"]) == 0
        assert capsys.readouterr() == (CLEAN, "")
    standard_input(UNTIDY)
    assert main(["format", "-", "--check", "--stdin-filename", "mine.yaml"]) == 1
    assert capsys.readouterr() == ("would format mine.yaml\n", "")
    standard_input("protoflow: 1\nroles: {\n")
    assert main(["format", "-", "--stdin-filename", "mine.yaml"]) == 1
    assert capsys.readouterr() == ("", "error: mine.yaml:3:1: PF001 not YAML: a value is missing here\n")


@pytest.mark.parametrize(
    ("argument", "code", "said"),
    [
        ("nothing.yaml", 2, "`nothing.yaml` is not there"),
        ("hello", 2, "`hello` is not there (a shipped protocol is formatted already)"),
    ],
)
def test_what_is_not_there(
    argument: str, code: int, said: str, untidy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure(capsys, "format", argument) == (code, f"error: {said}\n")


def test_what_is_no_protocol_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services:\n  name: web\n", encoding="utf-8")
    code, said = failure(capsys, "format", str(path))
    assert code == 1
    assert said.startswith(f"error: {path} is no protocol: it has no top-level `protoflow:` key\n")
    assert path.read_text(encoding="utf-8") == "services:\n  name: web\n"
