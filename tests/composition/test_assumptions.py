"""Shipped protocols under stronger assumptions than their own: what the command line can ask.

The searches are bounded by configurations, not by time, so that the verdicts are the same on any machine.
"""

from __future__ import annotations

from typing import Any

import pytest

from protoflow.checks.composition import Options, check
from protoflow.checks.composition.explore import Budget
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.proof import prove
from protoflow.checks.composition.tables import Times
from protoflow.language import read_text
from protoflow.program import compile_protocol
from tests.composition.compare import SHIPPED
from tests.composition.test_shipped import program

ASSUMPTIONS: dict[str, dict[str, Any]] = {
    "unordered": {"fifo": False},
    "duplicates": {"duplicates": 1},
    "loss": {"loss": 1},
    "crash": {"crashes": {"client": 1}},
    "early": {"early_timeouts": 1},
}

FAILS = {"PF207": "not looked for, as the course fails"}
STUCK = {"PF202": "fails at N = 1", "PF203": "checked for N = 1..2", **FAILS}
"""The server waits for a message that never comes."""

LATE = {"PF205": "fails at N = 1"}
TWICE = {"PF201": "fails at N = 1", **LATE, **FAILS}

NOT_PROVED: dict[tuple[str, str], dict[str, str]] = {
    ("fedbuff", "unordered"): LATE,
    ("fedavg_deadline", "unordered"): LATE,
    ("hello", "duplicates"): LATE,
    ("fedavg", "duplicates"): {**TWICE, "PF209": "fails at N = 2"},
    ("fedprox", "duplicates"): {**TWICE, "PF209": "fails at N = 2"},
    ("gradient_exchange", "duplicates"): TWICE,
    ("fedbuff", "duplicates"): LATE,
    ("fedavg_deadline", "duplicates"): LATE,
    ("hello", "loss"): STUCK,
    ("fedavg", "loss"): STUCK,
    ("fedprox", "loss"): STUCK,
    ("gradient_exchange", "loss"): STUCK,
    ("fedbuff", "loss"): STUCK,
    ("fedavg_deadline", "loss"): STUCK,
    ("hello", "crash"): STUCK,
    ("fedavg", "crash"): STUCK,
    ("fedprox", "crash"): STUCK,
    ("gradient_exchange", "crash"): STUCK,
}
"""Codes that are not proved for every N; all others are."""


@pytest.mark.parametrize("assumption", ASSUMPTIONS)
@pytest.mark.parametrize("name", SHIPPED)
def test_every_verdict_is_a_proof_or_a_failure(name: str, assumption: str) -> None:
    _, verdict = check(program(name), Options(cache=False, seconds=3600, **ASSUMPTIONS[assumption]))
    expected = NOT_PROVED.get((name, assumption), {})
    assert {code: reach for code, reach in verdict.by_code.items() if reach != "proved for every N ≥ 1"} == expected
    failed = "PF207" in expected
    assert (verdict.status, verdict.holds_for) == (("failed", "N = 1") if failed else ("proved", "every N ≥ 1"))


@pytest.mark.parametrize(
    ("name", "assumption", "configurations"),
    [
        ("fedavg_deadline", "unordered", 622),
        ("fedavg_deadline", "duplicates", 2759),
        ("fedbuff", "unordered", 329),
    ],
)
def test_exact_numbers_of_configurations_of_the_proof(name: str, assumption: str, configurations: int) -> None:
    """What is forgotten at once, and what is chosen from as one: without that the first of these has no end."""
    options = Options(**ASSUMPTIONS[assumption])
    course = program(name)
    proof = prove(Model(course, options.assumptions(course), Times.UNKNOWN), 0, Budget(3600, 20_000))
    assert proof is not None
    assert proof.configurations == configurations


OVERTAKEN = """
protoflow: 1
name: overtaken
messages:
  ask: {from: server, to: client}
  answer: {from: client, to: server}
  stop: {from: server, to: client}
roles:
  server:
    states: {beginning: , first: , last: , finished: {final: true, ignore: answer}}
    events:
      all_answered: {received: answer, for: ask, from: all}
      time_up: {after: 10s}
    transitions:
      - {trigger: start, source: beginning, dest: first, send: {ask: all}}
      - {trigger: answer, source: [first, last], conditions: fresh}
      - {trigger: time_up, source: first, dest: last, send: {ask: all}}
      - {trigger: all_answered, source: last, dest: finished, send: {stop: all}}
  client:
    count: 1..
    states: {idle: , finished: {final: true}}
    transitions:
      - {trigger: ask, source: idle, send: answer}
      - {trigger: stop, source: idle, dest: finished}
assumptions: {channels: any, early_timeouts: 1}
"""


def test_a_request_that_is_forgotten_can_still_be_late() -> None:
    """The last request is always handled before the end; the one before it need not be."""
    reading = read_text(OVERTAKEN, "overtaken.yaml")
    assert reading.protocol is not None
    course = compile_protocol(reading.protocol)
    model = Model(course, course.protocol.assumptions, Times.UNKNOWN)
    proof = prove(model, 0, Budget(3600, 20_000))
    assert proof is not None
    assert {alarm[:4] for alarm in proof.alarms} == {("PF205", 1, 1, "ask")}
    _, verdict = check(course, Options(cache=False, seconds=3600))
    assert verdict.by_code["PF205"] == "fails at N = 1"
    assert verdict.line.startswith("proved for every N ≥ 1 (")
