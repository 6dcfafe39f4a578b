"""Batches change nothing in a run: not its steps, nor their times, nor what handlers see and log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from protoflow.engines.conditions import Conditions, Crash, Span
from protoflow.errors import HandlerError
from protoflow.runtime import Course, batched
from tests.engines.courses import ROUNDS, Client, Server
from tests.naive.random_courses import run
from tests.runtime.driving import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from protoflow.runtime import Message

Form = "Callable[[Sequence[Counting], Sequence[Message]], Sequence[object]]"


class Counting(Client):
    """Of its batches it knows how large they were."""

    sizes: list[int]

    def train(self, message: Message) -> dict[str, int]:
        self.log(now=self.now)
        return super().train(message)

    @batched(train)
    @staticmethod
    def train_together(clients: Sequence[Counting], messages: Sequence[Message]) -> list[dict[str, int]]:
        clients[0].sizes.append(len(clients))
        return [client.train(message) for client, message in zip(clients, messages, strict=True)]


def batches(
    clients: int = 5, cls: type[Counting] = Counting, text: str = ROUNDS, conditions: Conditions | None = None
) -> list[int]:
    """How large the batches of a run were. It must be the run that there is without them."""
    sizes: list[int] = []

    def course(kind: type[Client]) -> Course:
        return Course(protocol(text), server=Server(), client=[kind() for _ in range(clients)])

    class Kept(cls):  # type: ignore[valid-type, misc]
        pass

    class Alone(Kept):
        def train(self, message: Message) -> dict[str, int]:
            return super().train(message)  # type: ignore[no-any-return]

    Kept.sizes = sizes
    alone = course(Alone).run(conditions=conditions, seed=7)
    assert not sizes
    assert course(Kept).run(conditions=conditions, seed=7) == alone
    return sizes


@pytest.mark.parametrize("clients", [1, 2, 5])
def test_all_that_is_pending_is_one_batch(clients: int) -> None:
    assert batches(clients) == [clients] * 3 * (clients > 1)


def test_what_arrives_later_is_in_the_batch() -> None:
    conditions = Conditions(latency={("server", "*"): Span(0.1, 2.0), ("*", "*"): Span(0, 5.0)})
    assert batches(conditions=conditions) == [5, 5, 5]


def test_not_where_channels_keep_no_order() -> None:
    conditions = Conditions(latency={("server", "*"): Span(0.1, 2.0)})
    assert batches(conditions=conditions, text=ROUNDS + "assumptions: {channels: any}\n") == []


def test_not_who_is_to_crash() -> None:
    assert batches(conditions=Conditions(crashes=(Crash("client2", time=100.0),))) == [4, 4, 4]
    assert batches(conditions=Conditions(crashes=(Crash("client2", round=2),))) == [4, 4, 4]


def test_not_who_is_occupied() -> None:
    """A client that takes 12 seconds has the model of the next round come while it is at the one before."""
    assert batches(conditions=Conditions(compute={"client2": Span(12.0, 12.0)})) == [5, 4, 4]


def test_not_who_has_a_timer_that_may_come_first() -> None:
    timed = ROUNDS.replace("      - {trigger: finish, source: idle", "      - {trigger: tired, source: idle}\n"
                           "      - {trigger: finish, source: idle")  # fmt: skip
    timed = timed.replace("    states: {idle: , over", "    events: {tired: {after: 1s}}\n    states: {idle: , over")
    assert batches(text=timed, conditions=Conditions(latency={("server", "client3"): Span(0.5, 0.5)})) == [4, 4, 4]


def test_not_after_the_end(tmp_path: Path) -> None:
    del tmp_path
    sizes: list[int] = []

    class Kept(Counting):
        pass

    Kept.sizes = sizes
    course = Course(protocol(ROUNDS), server=Server(), client=[Kept() for _ in range(5)])
    late = Conditions(latency={("server", "client2"): Span(3.0, 3.0)})
    assert course.run(conditions=late, until=2.0).outcome == "limit"
    assert sizes == [4]


def test_a_registered_function_has_no_form() -> None:
    course = Course(protocol(ROUNDS), server=Server(), client=[Counting() for _ in range(5)])
    course.register("client", "train", lambda _, message: {"samples": message["version"]})
    course.run()  # `sizes` is not set: a batch would fail


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (lambda: [{"samples": 1}], "the batched form of handler `train` gave 1 answers for 5 participants"),
        (lambda: 1 / 0, "the batched form of handler `train`, for 5 at once, raised ZeroDivisionError: division by"),
        (lambda: [{"sample": 1}] * 5, "handler `train`"),
    ],
)
def test_a_form_that_fails(answers: Callable[[], Any], said: str) -> None:
    class Failing(Client):
        def train(self, message: Message) -> dict[str, int]:
            return super().train(message)

        @batched(train)
        @staticmethod
        def train_together(clients: Sequence[Client], messages: Sequence[Message]) -> Any:
            del clients, messages
            return answers()

    course = Course(protocol(ROUNDS), server=Server(), client=[Failing() for _ in range(5)])
    with pytest.raises(HandlerError, match=f"`client1` in state `idle`, on `model`: {said}"):
        course.run()


def test_random_courses_are_the_same_with_batches(tmp_path: Path) -> None:
    """The traces of random courses, whatever happens in them, with batches of each handler and without."""
    sizes: Counter[int] = Counter()
    for seed in range(300):
        alone, together = (run(seed, tmp_path / name, forms) for name, forms in (("alone", None), ("together", sizes)))
        assert alone == together, seed
    assert sizes == {2: 99, 3: 15}
