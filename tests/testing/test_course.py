"""A whole course whose steps the test chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from protoflow import Course, CourseError, UsageError
from protoflow.testing import course, driven_course
from tests.engines.courses import ROUNDS, Client, Server, rounds
from tests.runtime.driving import protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.testing import DrivenCourse
    from protoflow.trace import Step


def started(clients: int = 3, text: str = ROUNDS, **parameters: Any) -> DrivenCourse:
    running = course(rounds(clients, text, **parameters))
    running.start()
    return running


def ways(running: DrivenCourse) -> list[str]:
    return [f"{each.type}: {each.sender} -> {each.receiver}" for each in running.pending]


def triggers(steps: Iterable[Step]) -> list[tuple[str, str | None]]:
    return [(step.receiver, step.trigger) for step in steps]


STARTING = ROUNDS.replace("- {trigger: model,", "- {trigger: start, source: idle}\n      - {trigger: model,")
"""Clients have a row for `start`, which does nothing."""


def test_the_test_chooses_what_comes_next() -> None:
    with course(protocol(STARTING), {"rounds": 1}, server=Server(), client=[Client(), Client()]) as running:
        assert running.states == {"server": "training", "client1": "idle", "client2": "idle"}
        assert running.pending == ()
        assert triggers(running.start("client1")) == [("client1", "start")]
        assert triggers(running.start()) == [("server", "start"), ("client2", "start")]
        assert ways(running) == ["model: server -> client1", "model: server -> client2"]
        running.deliver("model", receiver="client2")
        running.deliver(running.pending[0])
        assert ways(running) == ["update: client2 -> server", "update: client1 -> server"]
        assert triggers(running.deliver("update", sender="client1")) == [("server", "update")]
        assert triggers(running.deliver("update")) == [("server", "update"), ("server", "all_in")]
        server = running.behaviour("server")
        assert isinstance(server, Server)
        assert [who for _, who in server.collected] == ["client1", "client2"]
        assert not running.complete
        running.run()
        assert running.complete
        assert running.states == {"server": "finished", "client1": "over", "client2": "over"}
        assert running.state("client2") == "over"
        assert len(running.metrics) == 4
        with pytest.raises(UsageError, match="the course is complete, and nothing is under way"):
            running.step()


def test_who_has_no_row_for_start_has_started() -> None:
    running = course(rounds(2))
    with pytest.raises(UsageError, match="`client1` has no row for `start`: it has started from the beginning"):
        running.start("client1")
    assert triggers(running.start()) == [("server", "start")]
    [step] = running.deliver("model", receiver="client2")
    assert step.outcome == "handled"


def test_a_timer_lapses_while_messages_are_under_way() -> None:
    running = started()
    assert running.timers == (("server", "time_up"),)
    steps = running.lapse("server", "time_up")
    assert triggers(steps) == [("server", "time_up"), ("server", "time_up")]
    assert [step.early for step in steps] == [True, False]
    assert running.now == 10.0
    running.deliver("model", receiver="client1")
    [late] = running.deliver("update", sender="client1")
    assert late.outcome == "stale", "it answers the first round"
    running.deliver("model", receiver="client1")
    [fresh] = running.deliver("update", sender="client1")
    assert fresh.outcome == "handled"


def test_a_crash_a_loss_and_a_copy() -> None:
    running = started(2)
    running.crash("client2")
    assert running.crashed == ("client2",)
    assert ways(running) == ["model: server -> client1"]
    [copied] = running.duplicate("model")
    assert copied.kind == "duplicate"
    running.deliver("model")
    assert ways(running) == ["update: client1 -> server"], "the second is behind the first"
    [lost] = running.lose("update")
    assert lost.kind == "lose"
    running.deliver("update")
    assert running.pending == ()
    running.run(until=lambda: running.now > 0)
    assert triggers(running.steps[-2:]) == [("server", "time_up"), ("server", "time_up")]
    for call in (running.crash, running.lapse, running.start):
        with pytest.raises(UsageError, match="`client2` has crashed"):
            call("client2")


def test_lost_comes_after_all_that_was_sent() -> None:
    text = ROUNDS.replace(
        "      - {trigger: update, source: training",
        "      - {trigger: lost, source: training}\n      - {trigger: update, source: training",
    )
    assert text != ROUNDS
    for channels in ("fifo", "any"):
        running = started(2, f"{text}\nassumptions: {{channels: {channels}}}\n")
        running.deliver("model", receiver="client1")
        running.crash("client1")
        running.deliver("model", receiver="client2")
        assert ways(running) == ["update: client1 -> server", "update: client2 -> server"]
        with pytest.raises(UsageError, match="no `lost` from `client1` can be delivered: `update` comes before it in"):
            running.deliver("lost", sender="client1")
        running.deliver("update", sender="client1")
        assert triggers(running.deliver("lost")) == [("server", "lost")]


def test_unordered_channels_give_the_choice() -> None:
    running = started(1, f"{ROUNDS}\nassumptions: {{channels: any}}\n")
    running.lapse("server")
    running.lapse("server")
    models = running.pending
    assert [each.round for each in models] == [1, 2, 3]
    running.deliver(models[2])
    [step] = running.deliver(models[0])
    assert step.round == 1


def test_what_could_have_come_instead() -> None:
    running = course(rounds(3, STARTING))
    running.start("server", "client1", "client2")
    with pytest.raises(UsageError) as caught:
        running.deliver("update", sender="client2")
    assert str(caught.value) == (
        "no `update` from `client2` can be delivered: there is none under way\n"
        "what can come next:\n"
        "  deliver `model`: server -> client1\n"
        "  deliver `model`: server -> client2\n"
        "  lapse `time_up` of server\n"
        "  start client3"
    )
    with pytest.raises(UsageError, match="no `model` to `client3` can be delivered: `client3` has not started\n"):
        running.deliver("model", receiver="client3")
    running.start("client3")
    taken = running.pending[0]
    running.deliver(taken)
    with pytest.raises(UsageError, match="no `model` can be delivered: there is none under way"):
        running.deliver(taken)
    for call, complaint in (
        (lambda: running.deliver("updat"), "`updat` is not a message of `small`; `update` is"),
        (lambda: running.deliver("update", sender="client4"), "`client4` is not a participant of this course"),
        (lambda: running.state("sever"), "`sever` is not a participant of this course; `server` is"),
        (lambda: running.start("client1"), "`client1` has started before"),
        (lambda: running.raise_event("server", "stop"), "`stop` cannot be raised from outside while `server` is in"),
    ):
        with pytest.raises(UsageError, match=complaint):
            call()


def test_a_deferred_message_says_so() -> None:
    text = ROUNDS.replace(
        "client:\n    count: 1..\n    states: {idle: ,", "client:\n    count: 1..\n    states: {idle: {defer: finish},"
    )
    assert text != ROUNDS
    running = started(1, text, rounds=1)
    with pytest.raises(CourseError, match=r"what lies in the channels:\n    server -> client1: `finish` \(deferred\)"):
        running.run()
    with pytest.raises(
        UsageError, match="no `finish` can be delivered: `client1` defers it in state `idle`\nnothing can"
    ):
        running.deliver("finish")


def test_the_operator_raises_an_event() -> None:
    text = ROUNDS.replace(
        "      time_up: {after: patience}\n", "      time_up: {after: patience}\n      stop: {raised: true}\n"
    )
    text = text.replace(
        "[all_in, time_up], source: training, dest: finished",
        "[all_in, time_up, stop], source: training, dest: finished",
    )
    running = started(1, text)
    assert triggers(running.raise_event("server", "stop")) == [("server", "stop")]
    running.run()
    assert running.complete


def test_a_message_that_nobody_handles_ends_it_as_it_ends_a_run() -> None:
    text = ROUNDS.replace("      - {trigger: finish, source: idle, dest: over}\n", "")
    with pytest.raises(CourseError) as driven:
        started(2, text).run()
    with pytest.raises(CourseError) as ran:
        rounds(2, text).run(validate=False)
    assert str(driven.value) == str(ran.value)
    assert driven.value.outcome == "unhandled"


def test_a_course_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driven_course, "_MOST_STEPS", 1000)
    running = started(1, ROUNDS.replace("        times: rounds\n", ""))
    with pytest.raises(CourseError, match="no end is in sight after 1,000 steps") as caught:
        running.run()
    assert caught.value.outcome == "limit"
    with pytest.raises(CourseError, match="what it was to run until has not come about"):
        course(Course.build("hello", {"client": 2})).run(until=lambda: False)


def test_a_course_that_is_made_has_its_participants() -> None:
    with pytest.raises(UsageError, match="this Course has its parameters and participants"):
        course(rounds(2), {"rounds": 3})


def test_the_chart_says_what_happened() -> None:
    running = course(rounds(1, rounds=1))
    running.start()
    running.deliver("model")
    assert [line.strip(" |") for line in str(running).splitlines()] == [
        "server                                       client1",
        "0.00s     | start",
        "------------------ model ------------------>",
        "<----------------- update ------------------",
        "training                                      idle",
    ]
    error = ValueError("of the test")
    with pytest.raises(ValueError, match="of the test"), running:
        raise error
    assert error.__notes__ == [f"what had happened in `small`, up to 0 s:\n{running}"]
