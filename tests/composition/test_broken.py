"""Seven mistakes in one protocol, each with the message that its author reads, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.checks.composition import Options, check
from protoflow.language import read_text
from protoflow.program import compile_protocol
from protoflow.reports.text import render_diagnostic
from tests.composition.broken_deadline import BROKEN, CORRECT

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).with_name("broken")


def report(name: str, text: str) -> str:
    reading = read_text(text, f"{name}.yaml")
    assert reading.protocol is not None
    found, verdict = check(compile_protocol(reading.protocol, reading.parameters), Options(cache=False))
    blocks = [render_diagnostic(each, reading.sources, number=n) for n, each in enumerate(found, 1)]
    return "\n\n".join([*blocks, f"{name}: {verdict.line}"]) + "\n"


def test_the_correct_one_is_proved() -> None:
    assert report("correct", CORRECT) == "correct: proved for every N ≥ 1 (249 configurations), terminates always\n"


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_message(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(FOLDER / f"{name}.txt", report(name, BROKEN[name]))


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("no_timer", ["PF202"]),
        ("no_fresh", ["PF209"]),
        ("no_ignore", ["PF205"]),
        ("five_of_three", ["PF202"]),
        ("no_finish_row", ["PF201"]),
        ("no_unless", ["PF202"]),
        ("join_not_handled_while_training", ["PF201"]),
    ],
)
def test_one_cause_gives_one_finding(name: str, codes: list[str]) -> None:
    reading = read_text(BROKEN[name], f"{name}.yaml")
    assert reading.protocol is not None
    found, _ = check(compile_protocol(reading.protocol, reading.parameters), Options(cache=False))
    assert [each.code for each in found] == codes
