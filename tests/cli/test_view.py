"""`protoflow view`; what the page does is tested in tests/page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.cli import main
from tests.cli.support import failure

if TYPE_CHECKING:
    import pytest


def test_view_writes_a_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", "a.yaml"]) == 0
    assert capsys.readouterr().out == "wrote a.html\n"
    assert Path("a.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main(["view", "fedavg", "-o", "out/it.html", "--crashes", "client=1"]) == 0
    assert '"title":"1 PF202"' in Path("out/it.html").read_text(encoding="utf-8")


def test_view_of_a_recorded_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "hello", "--clients", "2", "--trace", "run.jsonl"]) == 0
    capsys.readouterr()
    assert main(["view", "hello", "--trace", "run.jsonl"]) == 0
    assert '"title":"run.jsonl"' in Path("hello.html").read_text(encoding="utf-8")
    said = "error: run.jsonl is a run of another version of `hello`; run it again to see it here\n"
    capsys.readouterr()
    assert failure(capsys, "view", "b/warned.yaml", "--trace", "run.jsonl") == (2, said)


def test_view_of_what_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure(capsys, "view", "c.yml") == (1, "error: c.yml:25:80: PF003 `anwser` is not a message; `answer` is\n")
    assert not Path("c.html").exists()
