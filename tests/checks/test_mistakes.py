"""Mistakes that people make, each alone in a copy of fedavg: one clear finding each, and no follow-up noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.checks import Report, validate
from protoflow.checks.composition import Options
from protoflow.language import read_text, shipped
from protoflow.reports import text

if TYPE_CHECKING:
    from collections.abc import Callable

FEDAVG = shipped()["fedavg"].read_text(encoding="utf-8")
LINES = FEDAVG.splitlines(keepends=True)
GOLDEN = Path(__file__).parent / "mistakes"


def row(trigger: str, source: str, *parts: str) -> str:
    """The one line of fedavg that is that row."""
    (line,) = [
        each
        for each in LINES
        if f"trigger: {trigger}," in each and f"source: {source}," in each and all(part in each for part in parts)
    ]
    return line


def line(beginning: str) -> str:
    """The one line that begins so, blanks apart."""
    (found,) = [each for each in LINES if each.strip().startswith(beginning)]
    return found


def replaced(old: str, new: str) -> str:
    assert FEDAVG.count(old) == 1
    return FEDAVG.replace(old, new)


def in_line(where: str, old: str, new: str) -> str:
    assert where.count(old) == 1
    return replaced(where, where.replace(old, new))


MESSAGES = line("messages:")
GRADIENTS = MESSAGES + "  gradients: {from: client, to: server, payload: {gradients: tensors}}\n"
FINISHED = line("finished:   {final: true")

MISTAKES = {
    "reply-misspelt": in_line(row("model", "idle"), "send: update", "send: updat"),
    "row-deleted-server": replaced(row("update", "training"), ""),
    "row-deleted-client": replaced(row("model", "idle"), ""),
    "sent-not-handled": in_line(row("model", "idle"), "send: update", "send: [update, gradients]").replace(
        MESSAGES, GRADIENTS
    ),
    "state-nobody-enters": replaced(FINISHED, "      paused:\n" + FINISHED),
    "final-state-unreachable": in_line(row("finish", "idle"), "dest: finished, ", ""),
    "wrong-parent": replaced(line("count: 1.."), "").replace(
        "      starting:\n", "      count: 1..\n      starting:\n"
    ),
    "key-twice": replaced(FINISHED, 2 * FINISHED),
    "on-for-true": in_line(FINISHED, "true", "on"),
    "percentage-of-120": in_line(line("all_updated:"), "from: all", "from: 120%"),
    "event-counts-the-other-way": in_line(line("all_updated:"), "received: update, for: model", "received: model"),
}


def check(changed: str) -> Report:
    return validate(read_text(changed, "fedavg.yaml"), composition=Options(cache=False))


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_one_clear_finding(name: str, golden: Callable[[Path, str], None]) -> None:
    report = check(MISTAKES[name])
    assert len([found for found in report.diagnostics if found.implied_by is None]) == 1
    golden(GOLDEN / f"{name}.txt", text.render(replace(report, verdict=None)))


ROWS = [number for number, each in enumerate(LINES) if each.strip().startswith("- {trigger:")]


@pytest.mark.parametrize("number", ROWS, ids=lambda number: LINES[number].split(",")[0].split()[-1])
def test_any_row_deleted_gives_one_finding(number: int) -> None:
    report = check("".join(LINES[:number] + LINES[number + 1 :]))
    shown = [found for found in report.diagnostics if found.implied_by is None]
    assert len(shown) == 1
    assert shown[0].code in ("PF101", "PF102", "PF103")


@pytest.mark.parametrize("number", ROWS, ids=lambda number: LINES[number].split(",")[0].split()[-1])
def test_the_row_that_is_suggested_mends_it(number: int) -> None:
    """The row to type, typed where it says, leaves nothing to find (of a row that an event triggers: in its role)."""
    report = check("".join(LINES[:number] + LINES[number + 1 :]))
    (found,) = [each for each in report.diagnostics if each.implied_by is None]
    help_ = found.help
    assert help_ is not None
    if help_.span is None or help_.replacement is None:
        assert found.code in ("PF101", "PF102")  # what it would have to send is not known
        return
    lines = report.sources["fedavg.yaml"].splitlines(keepends=True)
    lines.insert(help_.span.line - 1, help_.replacement)
    again = validate(
        read_text("".join(lines), "fedavg.yaml"), composition=Options(cache=False) if found.code == "PF103" else False
    )
    assert [each.message for each in again.diagnostics] == []
