"""`validate` into several formats at once, and several protocols at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protoflow.cli import main
from tests.cli.support import failure


def test_several_formats_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files have what standard output would have; what goes there is text if nothing is said."""
    each = ("concise", "json", "github", "sarif", "junit", "text")
    said = {}
    for form in each:
        assert main(["validate", ".", "--format", form]) == 1
        said[form] = capsys.readouterr().out
    assert main(["validate", ".", *(word for form in each for word in ("--format", f"{form}=out/{form}.txt"))]) == 1
    assert capsys.readouterr().out == said["text"]
    for form in each[:-1]:
        assert Path("out", f"{form}.txt").read_text(encoding="utf-8") == said[form]
    assert "error[PF003]" in Path("out", "text.txt").read_text(encoding="utf-8")
    assert main(["validate", ".", "--format", "json=out/again.json", "--format", "concise"]) == 1
    assert capsys.readouterr().out == said["concise"]
    assert json.loads(Path("out/again.json").read_text(encoding="utf-8")) == json.loads(said["json"])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "--format json --format sarif",
            "one format goes to standard output, not json and sarif; write sarif=FILE",
        ),
        ("--format json=a --format sarif=a", "two reports would go to a"),
        ("--format json=", "argument --format: `json=` names no file; `protoflow validate --help` says more"),
        ("-j 0", "argument -j/--jobs: `0` is not a number from 1 on; `protoflow validate --help` says more"),
    ],
)
def test_formats_that_cannot_be(typed: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure(capsys, "validate", "a.yaml", *typed.split()) == (2, f"error: {said}\n")


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_several_at_a_time_say_the_same(form: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for jobs in ("1", "3"):
        assert main(["validate", ".", "hello", "--no-cache", "--format", form, "-j", jobs]) == 1
        said.append(capsys.readouterr())
    assert said[0] == said[1]


def test_ctrl_c_ends_several_at_a_time(tmp_path: Path) -> None:
    """The first report is there, so the others are being checked."""
    (tmp_path / "a.yaml").write_text("protoflow: 1\n", encoding="utf-8")
    slow = ["fedavg_deadline", "--channels", "any", "--budget", "600s", "--no-cache"]
    command = [sys.executable, "-m", "protoflow", "validate", str(tmp_path / "a.yaml"), *slow, "-j", "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("error[PF002]")
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "\ninterrupted\n")
