"""Courses of the field, in `catalogue`: of every shape that has messages or phases of its own, each right as it is.

Pinned is how far each is decided. Those in which clients talk to each other are explored for small numbers, here for
the two smallest, that the test be quick.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from protoflow.checks import validate
from protoflow.checks.composition import Options

FOLDER = Path(__file__).with_name("catalogue")

PROVED = {
    "atc": (25, "every N ≥ 1"),
    "correlation_filter": (24, "every N ≥ 1"),
    "fedavg_cross_device": (253, "every N ≥ 1"),
    "federated_analytics": (79, "every N ≥ 1"),
    "fedgc": (30, "every N ≥ 1"),
    "fedsage_plus": (35, "every N ≥ 1"),
    "fts": (30, "every N ≥ 1"),
    "iv_filter": (136, "every N ≥ 1"),
    "one_shot": (35, "every N ≥ 1"),
    "secure_aggregation": (1_513, "every N ≥ 2"),
    "vertical_lr": (61, "every N ≥ 1"),
}
"""Name -> configurations of the proof, and for which numbers it holds; every run of them ends."""

GOES_ON = ("split_learning", "trees")
"""Where a handler may go on for ever, that completion stays possible (PF203) is explored, and all else is proved."""

AMONG_THEMSELVES = {"cyclic": (1, 2), "gossip": (2, 3), "instance_norm": (2, 3), "swarm": (2, 3)}


def test_every_file_is_there() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*PROVED, *GOES_ON, *AMONG_THEMSELVES}


@pytest.mark.parametrize("name", PROVED)
def test_proved_for_every_number(name: str) -> None:
    report = validate(FOLDER / f"{name}.yaml", composition=Options(seconds=600, cache=False))
    assert report.diagnostics == ()
    assert report.verdict is not None
    assert (report.verdict.configurations, report.verdict.holds_for) == PROVED[name]
    assert (report.verdict.status, report.verdict.terminates) == ("proved", "always")


@pytest.mark.parametrize("name", GOES_ON)
def test_proved_but_for_what_never_ends(name: str) -> None:
    report = validate(FOLDER / f"{name}.yaml", composition=Options(seconds=20, cache=False))
    assert report.diagnostics == ()
    assert report.verdict is not None
    assert report.verdict.terminates == "under fairness"
    assert {code: reach.split()[0] for code, reach in report.verdict.by_code.items()} == {
        **dict.fromkeys(report.verdict.by_code, "proved"),
        "PF203": "checked",
    }


@pytest.mark.parametrize("name", AMONG_THEMSELVES)
def test_explored_for_small_numbers(name: str) -> None:
    options = Options(everyone=AMONG_THEMSELVES[name], seconds=600, cache=False)
    report = validate(FOLDER / f"{name}.yaml", composition=options)
    assert report.diagnostics == ()
    assert report.verdict is not None
    low, high = AMONG_THEMSELVES[name]
    assert (report.verdict.status, report.verdict.holds_for) == ("checked", f"N = {low}..{high}")
    assert report.verdict.terminates == "always"
