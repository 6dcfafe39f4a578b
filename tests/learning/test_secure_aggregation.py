"""Secure aggregation as a course: real runs, in which clients crash in every phase and every message is looked at."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protoflow.engines.conditions import Conditions, Crash, Span
from protoflow.errors import HandlerError
from protoflow.learning.secure_aggregation import Client, Server, threshold
from protoflow.runtime import Course, Result

STEP = 1.0
"""How long every message takes, in seconds."""
PATIENCE = 10.0
LATENCY = Conditions(latency={("*", "*"): Span(STEP, STEP)})
STAYS = 4
"""A phase that there is not: the client does not crash. In 0 it crashes instead of advertising keys, in 1 of sharing
them, in 2 of sending its vector, in 3 of revealing shares: then its vector is in the sum."""


def summed(vectors: list[list[int]], conditions: Conditions = LATENCY) -> tuple[Result, Server, list[Client]]:
    server, clients = Server(), [Client(vector) for vector in vectors]
    played = Course("secure_aggregation", {"patience": PATIENCE}, server=server, client=clients)
    return played.run(conditions=conditions, validate=False), server, clients


def crashes(phases: list[int]) -> tuple[tuple[Crash, ...], bool]:
    """Crashes in these phases, by client, where a phase lasts until all have answered or patience ends; and whether
    enough are left in each. Who would crash after the sum was given up does not."""
    planned, began = [], 0.0
    for phase in range(STAYS):
        lost = [f"client{place}" for place, each in enumerate(phases, 1) if each == phase]
        planned += [Crash(who, time=began + STEP / 2 if phase else 0.0) for who in lost]
        if sum(each > phase for each in phases) < threshold_of(len(phases)):
            return tuple(planned), False
        began += PATIENCE if lost else 2 * STEP if phase else STEP
    return tuple(planned), True


def threshold_of(number: int) -> int:
    return max(2, ceil(0.6 * number))


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[list[int]], list[int]]:
    number, length = draw(st.integers(2, 6)), draw(st.integers(1, 5))
    entries = st.integers(-(2**60), 2**60)  # six of them are just below 2 ** 63
    vectors = [draw(st.lists(entries, min_size=length, max_size=length)) for _ in range(number)]
    phases = st.integers(0, 3) | st.just(STAYS) | st.just(STAYS)
    return vectors, draw(st.lists(phases, min_size=number, max_size=number))


@settings(max_examples=60, deadline=None)
@given(courses())
@example(([[1], [2], [4], [8], [16], [32]], [0, STAYS, 1, STAYS, STAYS, STAYS]))
@example(([[1], [2], [4], [8], [16], [32]], [2, STAYS, 3, STAYS, STAYS, STAYS]))
@example(([[1], [2], [4], [8], [16], [32]], [2, 2, STAYS, STAYS, STAYS, STAYS]))
@example(([[1], [2], [4], [8], [16]], [STAYS, 3, 3, STAYS, STAYS]))
@example(([[1], [2], [4], [8], [16]], [STAYS, 3, 3, 3, STAYS]))
def test_the_sum_is_exact_whoever_drops_out_and_below_the_threshold_there_is_none(given_course):
    vectors, phases = given_course
    faults, enough = crashes(phases)
    result, server, clients = summed(vectors, LATENCY | Conditions(crashes=faults))
    assert result.outcome == "complete"
    assert set(result.crashed) == {crash.who for crash in faults}
    assert result.states["server"] == ("finished" if enough else "aborted")
    if not enough:
        assert server.total is None
        assert all(client.total is None for client in clients)
        return
    expected = [
        sum(column) for column in zip(*(v for v, p in zip(vectors, phases, strict=True) if p >= 3), strict=True)
    ]
    assert server.total is not None
    assert server.total.tolist() == expected
    for client, phase in zip(clients, phases, strict=True):
        assert client.total is None if phase < STAYS else client.total.tolist() == expected


@pytest.mark.parametrize("phase", range(STAYS))
def test_one_drops_out_in_each_phase(phase):
    faults, _ = crashes([STAYS, phase, STAYS, STAYS])
    _, server, _ = summed([[1, -1], [10, -10], [100, -100], [1000, -1000]], LATENCY | Conditions(crashes=faults))
    assert server.total.tolist() == ([1111, -1111] if phase == 3 else [1101, -1101])


def test_who_is_too_slow_is_left_out_and_hears_the_sum():
    slow = Conditions(compute={"client2": Span(8.5, 8.5)})  # its keys come in time, its shares do not
    result, server, clients = summed([[1], [10], [100], [1000]], LATENCY | slow)
    assert server.total.tolist() == [1101]
    assert clients[1].total.tolist() == [1101]
    assert [step.message for step in result.trace if step.outcome == "ignored"] == ["share_keys"]


@pytest.mark.parametrize(
    ("share", "clients", "expected"),
    [("60%", 2, 2), ("60%", 5, 3), ("60%", 6, 4), ("51%", 100, 51), ("50.1%", 100, 51), ("100%", 7, 7)],
)
def test_the_threshold_is_that_share_rounded_up(share, clients, expected):
    assert threshold(Fraction(share[:-1]) / 100, clients) == expected


def test_half_of_the_clients_is_too_low_a_threshold():
    server, clients = Server(), [Client([1]) for _ in range(4)]
    played = Course("secure_aggregation", {"threshold": "50%"}, server=server, client=clients)
    with pytest.raises(HandlerError, match="the threshold must be more than half of the clients, not 50% of them"):
        played.run(validate=False)
