"""What the tests of the command line share: the whole process, a failing command, and a folder of protocols."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.cli import main

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
CLEAN = (ROOT / "protocols" / "hello.yaml").read_text(encoding="utf-8")
WARNED = CLEAN.replace("messages:\n", "messages:\n  shout: {from: server, to: client}\n")
BROKEN = CLEAN.replace("send: answer", "send: anwser")
LEFT = "the Python classes were not looked at; --handlers does that\n"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The whole process, as from a shell."""
    return subprocess.run(
        [sys.executable, "-m", "protoflow", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1", **environment},
        check=False,
    )


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of a command that prints nothing on standard output."""
    code = main(arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err
