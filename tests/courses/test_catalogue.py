"""The courses of the field that come with protoflow, each right as it is, and how far that is decided.

A course that is proved is so for every number of participants. The others are explored for small numbers, and
`tools/protocol_table.py` has the reason.
"""

from __future__ import annotations

import pytest

from protoflow.checks import validate
from protoflow.checks.composition import Options
from protoflow.language import shipped
from tools.protocol_table import ENDLESS, EXPLORED, FAMILIES, PAGE, checked, entry, page, stored

PROVED = {
    "atc": (25, "every N ≥ 1"),
    "correlation_filter": (24, "every N ≥ 1"),
    "distillation": (189, "every N ≥ 1"),
    "ditto": (24, "every N ≥ 1"),
    "fedasync": (58, "every N ≥ 1"),
    "fedavg": (24, "every N ≥ 1"),
    "fedavg_admission": (59, "every N ≥ 1"),
    "fedavg_cross_device": (727, "every N ≥ 1"),
    "fedavg_deadline": (331, "every N ≥ 1"),
    "fedavg_elastic": (4_608, "every N ≥ 1"),
    "fedbuff": (164, "every N ≥ 1"),
    "federated_analytics": (180, "every N ≥ 1"),
    "federated_evaluation": (1_497, "every N ≥ 1"),
    "fedex": (24, "every N ≥ 1"),
    "fedgc": (30, "every N ≥ 1"),
    "fedopt": (24, "every N ≥ 1"),
    "fedprox": (24, "every N ≥ 1"),
    "fedrep": (24, "every N ≥ 1"),
    "fedsage_plus": (35, "every N ≥ 1"),
    "fts": (307, "every N ≥ 1"),
    "gcfl_plus": (24, "every N ≥ 1"),
    "gradient_exchange": (29, "every N ≥ 1"),
    "hello": (7, "every N ≥ 1"),
    "iv_filter": (136, "every N ≥ 1"),
    "one_shot": (68, "every N ≥ 1"),
    "pfedhpo": (24, "every N ≥ 1"),
    "pfedme": (24, "every N ≥ 1"),
    "power_of_choice": (1_593, "every N ≥ 1"),
    "scaffold": (24, "every N ≥ 1"),
    "secure_aggregation": (7_599, "every N ≥ 2"),
    "secure_averaging": (55_438, "every N ≥ 2"),
    "vertical_lr": (52, "every N ≥ 1"),
}
"""Name -> configurations of the proof, and for which numbers it holds; every run of them ends."""

CHECKED = {
    "cyclic": (228, "N = 1..4", "always"),
    "gossip": (3_884, "N = 2..4", "always"),
    "hierarchical": (9_855, "edge = 1..3, client = 1..3", "under fairness"),
    "instance_norm": (1_160, "N = 2..4", "always"),
    "ring": (378, "N = 2..4", "always"),
    "secret_sharing": (7_686, "N = 2..4", "always"),
    "split_learning": (1_944, "N = 1..8", "under fairness"),
    "swarm": (2_637, "N = 2..4", "always"),
    "vertical_trees": (5_788, "N = 1..4", "under fairness"),
    "vertical_trees_encrypted": (3_008, "N = 1..2", "under fairness"),
}
"""Name -> configurations explored, for which numbers, and whether every run ends; `EXPLORED` has the reasons."""


def test_every_protocol_is_pinned() -> None:
    assert {*PROVED, *CHECKED} == set(shipped())
    assert set(CHECKED) == set(EXPLORED)


@pytest.mark.parametrize("name", [*PROVED, *CHECKED])
def test_how_far_it_is_decided_and_what_is_said_of_it(name: str) -> None:
    report = checked(name)
    assert report.diagnostics == ()
    verdict = report.verdict
    assert verdict is not None
    expected = ("proved", *PROVED[name], "always") if name in PROVED else ("checked", *CHECKED[name])
    assert (verdict.status, verdict.configurations, verdict.holds_for, verdict.terminates) == expected
    assert entry(name, report) == next(each for each in stored() if each["name"] == name), "write it anew: make tables"


@pytest.mark.parametrize("name", [name for name, (_, why) in EXPLORED.items() if why == ENDLESS])
def test_all_but_that_it_can_still_end_is_proved(name: str) -> None:
    report = validate(name, composition=Options(seconds=600, configurations=20_000, cache=False))
    assert report.verdict is not None
    reach = {code: reach.split()[0] for code, reach in report.verdict.by_code.items()}
    assert reach == {**dict.fromkeys(reach, "proved"), "PF203": "checked"}


def test_the_page_is_fresh() -> None:
    assert [each["name"] for each in stored()] == [name for names in FAMILIES.values() for name in names]
    assert PAGE.read_text(encoding="utf-8") == page(stored()), "write it anew: make tables"
