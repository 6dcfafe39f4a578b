"""`protoflow validate`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from protoflow.cli import main
from tests.cli.support import BROKEN, CLEAN, LEFT, failure


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
    said = mendable if "c.yml" in arguments or arguments == "." else ""
    assert capsys.readouterr().err == said + (LEFT if arguments != "c.yml" else "")


def test_that_classes_were_left_is_said_once_and_to_people_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And only where a file names some."""
    (folder / "none.yaml").write_text(re.sub(r" +class: .*\n", "", CLEAN), encoding="utf-8")
    for typed, said in (
        ("a.yaml b none.yaml", LEFT),
        ("a.yaml --format text", LEFT),
        ("a.yaml --format text=out.txt --format concise", ""),
        ("a.yaml --handlers", ""),
        ("none.yaml", ""),
    ):
        assert main(["validate", *typed.split()]) == 0
        assert capsys.readouterr().err == said


TALK = """\
protoflow: 1
name: talk
messages: {hello: {from: client, to: server}}
roles:
  server:
    states: {open: {final: true}}
    transitions: [{trigger: hello, source: open}]
  client:
    count: 1..
    states: {on: {final: true}}
    transitions: [{trigger: start, source: on, send: hello}]
"""


@pytest.mark.parametrize(
    ("assumptions", "typed", "said"),
    [
        ("", "", "no faults"),
        ("{early_timeouts: 0}", "", "no faults"),
        ("{channels: any, crashes: {client: 2}}", "", "unordered channels and at most 2 client crashes"),
        ("{loss: 1}", "--loss 0 --duplicates 2", "at most 2 duplicated messages"),
    ],
)
def test_the_verdict_says_what_it_assumed(
    assumptions: str, typed: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.yaml").write_text(TALK + (f"assumptions: {assumptions}\n" if assumptions else ""), encoding="utf-8")
    assert main(["validate", "a.yaml", *typed.split()]) == 0
    assert capsys.readouterr().out.endswith(f", assuming {said}\n")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "at most 1 client crash and 1 early timeout"),
        ("--early-timeouts 0", "at most 1 client crash and no early timeout"),
        ("--early-timeouts 0 --crashes client=0", "no faults and no early timeout"),
        ("--early-timeouts 2 --crashes client=0", "at most 2 early timeouts"),
    ],
)
def test_where_there_is_a_timer_it_says_so_of_early_timeouts(
    typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "fedavg_deadline", *typed.split()]) == 0
    assert capsys.readouterr().out.endswith(f", assuming {said}\n")


def test_a_verdict_that_fails_says_its_run_instead(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "hello", "--loss", "1", "--clients", "1"]) == 1
    assert "assuming" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("nothing.yaml", "`nothing.yaml` is not there"),
        ("a.yaml nothing.yaml", "`nothing.yaml` is not there"),
        ("a.yam", "`a.yam` is not there; `a.yaml` is"),
        (
            "warmed",
            "`warmed` is neither a file nor a shipped protocol (shipped are `atc`, `correlation_filter`, "
            "`cyclic`, `distillation`, `ditto`, `fedasync`, `fedavg`, `fedavg_admission`, `fedavg_cross_device`, "
            "`fedavg_deadline`, `fedavg_elastic` and 31 more)",
        ),
        ("b/warmed", "`b/warmed` is not there; `b/warned.yaml` is"),
        ("b/warmed.yaml", "`b/warmed.yaml` is not there; `b/warned.yaml` is"),
        ("no/folder/fedvag.yaml", "`no/folder/fedvag.yaml` is not there; `fedavg` is"),
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
