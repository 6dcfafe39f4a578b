"""Reports with findings of every kind, for the tests of formats."""

from __future__ import annotations

from functools import cache

from protoflow.checks import Report, validate
from protoflow.checks.composition import Options
from protoflow.language import read_text
from tests.checks.test_mistakes import MISTAKES
from tests.composition.broken_deadline import BROKEN


@cache
def report(name: str) -> Report:
    """What is found in the mistake of that name."""
    text = {**MISTAKES, **BROKEN}[name]
    return validate(read_text(text, f"{name}.yaml"), composition=Options(seconds=60))


@cache
def reports() -> tuple[Report, ...]:
    clean = validate("fedavg")
    return (
        clean,
        *map(report, ("no_ignore", "no_fresh", "no_timer", "wrong-parent", "key-twice", "row-deleted-client")),
    )
