"""`protoflow export`."""

from __future__ import annotations

from pathlib import Path

import pytest

from protoflow.cli import main
from protoflow.exports.promela import export
from protoflow.language import load
from protoflow.program import compile_protocol
from tests.cli.support import failure


def test_export_writes_the_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = export(compile_protocol(load("hello")), {"server": 1, "client": 3})
    assert main(["export", "hello", "--to", "promela", "--clients", "3"]) == 0
    assert capsys.readouterr().out == model
    assert main(["export", "hello", "--clients", "3", "-o", "hello.pml"]) == 0
    assert capsys.readouterr().out == "wrote hello.pml\n"
    assert Path("hello.pml").read_text(encoding="utf-8") == model
    assert main(["export", "hello"]) == 0
    assert capsys.readouterr().out == export(compile_protocol(load("hello")), {"server": 1, "client": 2})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("hello --to uppaal", 2, "argument --to: `uppaal` is not a notation; "),
        ("hello --clients 99", 2, "a Promela model can have at most 15 participants, not 100"),
        ("c.yml", 1, "c.yml:25:80: PF003 `anwser` is not a message; `answer` is"),
    ],
)
def test_export_that_cannot_be(
    arguments: str, code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, shown = failure(capsys, "export", *arguments.split())
    assert ended == code
    assert shown.startswith(f"error: {said}")
