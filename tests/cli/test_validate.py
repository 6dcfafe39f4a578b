"""`protoflow validate`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from protoflow.cli import main
from tests.cli.support import BROKEN, CLEAN, failure

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("a.yaml", 0),
        ("hello", 0),
        ("b", 0),
        ("b --strict", 1),
        ("c.yml", 1),
        (".", 1),
        ("a.yaml c.yml", 1),
        ("fedavg --set rounds=3", 0),
    ],
)
def test_validate_ends_with(arguments: str, code: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", *arguments.split()]) == code
    mendable = "1 of these can be mended for certain: --fix does it, --diff shows it\n"
    assert capsys.readouterr().err == (mendable if "c.yml" in arguments or arguments == "." else "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("nothing.yaml", "`nothing.yaml` is not there"),
        ("a.yaml nothing.yaml", "`nothing.yaml` is not there"),
        ("fedvag", "`fedvag` is neither a file nor a shipped protocol; `fedavg` is"),
        ("fedavg --set rouns=3", "`rouns` is not a parameter of this protocol; `rounds` is"),
        ("fedavg --set rounds=three", "parameter `rounds` takes a whole number, not `three`"),
    ],
)
def test_validate_of_what_is_not_there(
    arguments: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure(capsys, "validate", *arguments.split()) == (2, f"error: {said}\n")


def test_a_folder_without_protocols(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.yaml").write_text("name: x\n", encoding="utf-8")
    said = f"error: no protocol in {tmp_path}: none of its .yaml files has a top-level `protoflow:` key\n"
    assert failure(capsys, "validate", str(tmp_path)) == (2, said)


def test_a_folder_with_a_byte_order_mark_and_with_a_file_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "marked.yaml").write_text("protoflow: 2\nname: marked\n", encoding="utf-8-sig")
    (tmp_path / "broken.yaml").symlink_to("/proc/self/mem")  # a regular file that even root cannot read from the start
    assert main(["validate", str(tmp_path), "--format", "concise"]) == 1
    assert capsys.readouterr().out == (
        f"{tmp_path}/broken.yaml:1:1: PF001 this file cannot be read: Input/output error\n"
        f"{tmp_path}/marked.yaml:1:12: PF002 format version 2 is not known here; this protoflow reads version 1\n"
    )


def test_validate_a_folder_takes_its_protocols_in_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", ".", "--format", "concise"])
    assert capsys.readouterr().out == (
        "b/warned.yaml:7:3: PF105 message `shout` is declared, but nobody sends or handles it\n"
        "c.yml:25:80: PF003 `anwser` is not a message; `answer` is\n"
    )
    main(["validate", "."])
    shown = capsys.readouterr().out
    first, _, rest = shown.partition("\n\n")
    assert first.startswith("a.yaml: clean; proved for every N ≥ 1 (")
    assert rest.startswith("warning[PF105]: ")
    assert shown.endswith("\n\nc.yml: 1 error\n\n3 protocols: 1 error, 1 warning\n")


def test_validate_json_is_byte_stable_and_complete(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for _ in range(2):
        assert main(["validate", ".", "--format", "json"]) == 1
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    document = json.loads(shown[0])
    assert [each["verdict"] and each["verdict"]["status"] for each in document["protocols"]] == [
        "proved",
        "proved",
        None,
    ]
    assert [(each["file"], each["name"], each["ok"]) for each in document["protocols"]] == [
        ("a.yaml", "hello", True),
        ("b/warned.yaml", "hello", True),
        ("c.yml", None, False),
    ]


def test_validate_standard_input() -> None:
    def piped(data: bytes) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "protoflow", "validate", "-"]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    code, shown, _ = piped(CLEAN.encode())
    assert code == 0
    assert shown.startswith("<stdin>: clean; proved for every N ≥ 1 (")
    code, shown, _ = piped(BROKEN.encode())
    assert code == 1
    assert "--> <stdin>:25:80\n" in shown
    assert piped(b"\xff\xfe") == (2, "", "error: standard input is not UTF-8 text\n")
