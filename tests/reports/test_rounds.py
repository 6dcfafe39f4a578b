"""The table of rounds: what counts towards which row, and its exact layout."""

from __future__ import annotations

from protoflow import Course
from protoflow.reports.rounds import Rounds
from protoflow.trace import SentMessage, Step, StepKind


def step(time: float, to: tuple[str, ...] = (), size: int | None = None, **metrics: object) -> Step:
    sends = (SentMessage("model", to),) if to else ()
    return Step(StepKind.DELIVER, "server", sends=sends, bytes=size, time=time, metrics=metrics)


STEPS = [
    step(0.0, ("client1", "client2"), 2_000_000),
    step(1.0, ("server",), 1_000_000),
    step(1.5, ("client1",), 500, round=1, accuracy=0.5, loss=2.25),
    step(2.0, size=None),
    step(2.5, ("client1",), 7, note="not a round"),
    step(3.25, round=2, accuracy=0.75, learners=2),
    step(4.0, ("client1", "client2"), 20),
]


def test_the_first_round_in_which_something_is_not_finite() -> None:
    assert Rounds(STEPS).gone_astray() is None
    nan, infinite = float("nan"), float("inf")
    steps = [*STEPS, step(5.0, round=3, r2=nan, loss=infinite, note=1.0), step(6.0, round=4, r2=nan)]
    assert Rounds(steps).gone_astray() == (["r2", "loss"], 3)


def test_a_row_has_what_was_sent_since_the_row_before() -> None:
    rounds = Rounds()
    ended = [row for each in STEPS if (row := rounds.add(each)) is not None]
    assert [row.line() for row in ended] == [
        "round 1: accuracy 0.500, loss 2.250, 4 messages, 3,000,500 bytes, at 1.50 s",
        "round 2: accuracy 0.750, learners 2, 1 message, 7 bytes, at 3.25 s",
    ]
    assert rounds.table() == (
        "round  accuracy   loss  learners  messages      bytes    time\n"
        "-------------------------------------------------------------\n"
        "    1     0.500  2.250                   4  3,000,500  1.50 s\n"
        "    2     0.750                2         1          7  3.25 s\n"
        "-------------------------------------------------------------\n"
        "  all                                    7  3,000,527  4.00 s\n"
    )


def test_without_rounds_the_course_has_one_line() -> None:
    rounds = Rounds()
    assert rounds.add(STEPS[0]) is None
    assert rounds.table() == "2 messages, 2,000,000 bytes, 0.00 s of virtual time\n"


def of(sender: str, receiver: str, message: str, sends: str = "", **metrics: object) -> Step:
    sent = (SentMessage(sends, ("client1",)),) if sends else ()
    return Step(StepKind.DELIVER, receiver, sender=sender, message=message, sends=sent, time=0.0, metrics=metrics)


def test_what_clients_log_is_of_the_round_that_their_message_ended_or_else_of_the_next() -> None:
    tested_after = [
        of("client1", "server", "update", "evaluate", round=1),
        of("server", "client1", "evaluate", "metrics", loss=0.1),
        of("client1", "server", "update", "evaluate", round=2),
        of("server", "client1", "evaluate", "metrics", loss=0.2),
    ]
    assert [(each.participant, each.round) for each in Rounds(tested_after).entries] == [
        *(("server", 1), ("client1", 1), ("server", 2), ("client1", 2))
    ]
    tested_before = [
        of("client1", "server", "update", "evaluate"),
        of("server", "client1", "evaluate", "metrics", loss=0.1),
        of("client1", "server", "metrics", "model", round=1),
        of("client1", "server", "update", "evaluate"),
        of("server", "client1", "evaluate", "metrics", loss=0.2),
        of("client1", "server", "metrics", round=2),
    ]
    assert [(each.participant, each.round) for each in Rounds(tested_before).entries] == [
        *(("client1", 1), ("server", 1), ("client1", 2), ("server", 2))
    ]


def test_the_totals_are_those_of_the_result() -> None:
    rounds = Rounds()
    result = Course.build("hello", {"client": 3}).run(progress=rounds.add)
    assert (rounds.total.messages, rounds.total.bytes) == (result.messages, result.bytes) == (6, 147)
