"""Many trainings done as one come to what each comes to alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.learning import cohort, fedavg, fedprox, together, training
from protoflow.learning.data import Examples
from protoflow.runtime import Course
from protoflow.runtime.behaviour import import_class
from tests.learning.courses import run as run_shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from protoflow.learning.learner import Learner

nn = torch.nn
SIDE = 4
"""Inputs are squares of so many numbers a side."""


@pytest.fixture(scope="module", autouse=True)
def small_chunks() -> Iterator[None]:
    """So that a few learners are more than one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "CHUNK", 5)
        yield


class Gated(nn.Module):
    """Of no kind that is known: two layers, one of which says how much of the other counts."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.value, self.gate = nn.Linear(SIDE * SIDE, outputs), nn.Linear(SIDE * SIDE, outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        flat = inputs.flatten(1)
        value: torch.Tensor = self.value(flat)
        return value * torch.sigmoid(self.gate(flat))


def partly_frozen(outputs: int) -> nn.Module:
    model = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 5), nn.Tanh(), nn.Linear(5, outputs))
    model[1].weight.requires_grad_(False)
    return model


MODELS: dict[str, Callable[[int], nn.Module]] = {
    "linear": lambda outputs: nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, outputs)),
    "layers": lambda outputs: nn.Sequential(
        nn.Flatten(),
        nn.Sequential(nn.Linear(SIDE * SIDE, 7, bias=False), nn.LeakyReLU(0.2)),
        nn.Linear(7, outputs),
    ),
    "rows": lambda outputs: nn.Sequential(nn.Linear(SIDE, 3), nn.Tanh(), nn.Flatten(), nn.Linear(3 * SIDE, outputs)),
    "convolution": lambda outputs: nn.Sequential(
        nn.Unflatten(1, (1, SIDE)), nn.Conv2d(1, 3, 3, padding=1), nn.GELU(), nn.Flatten(), nn.Linear(48, outputs)
    ),
    "gated": Gated,
    "partly frozen": partly_frozen,
}
PARAMETERS: dict[str, dict[str, object]] = {
    "fedavg": {}, "fedprox": {"mu": 0.5}, "scaffold": {}, "ditto": {"attraction": 0.3}, "fedrep": {},
}  # fmt: skip


def examples(count: int, values: bool, seed: int) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, SIDE, SIDE, generator=generator)
    labels = torch.randn(count, generator=generator) if values else torch.randint(3, (count,), generator=generator)
    return Examples(inputs, labels)


def learners(
    protocol: str, model: str, sizes: Sequence[int], values: bool, cls: Any = None, **parameters: object
) -> list[Any]:
    """The clients of a course, bound to their places; the models differ, as they do where each has one of its own."""
    torch.manual_seed(0)
    cls = cls or import_class(f"protoflow.learning.{protocol}:Client")
    clients = [
        cls(MODELS[model](1 if values else 3), examples(size, values, seed=index), seed=index)
        for index, size in enumerate(sizes)
    ]
    server = fedavg.Server(MODELS[model](1), examples(5, values, seed=99))
    course = Course(protocol, parameters, server=server, client=clients)
    _, interpreters = course.assembled()
    for index, client in enumerate(clients, 1):
        assert interpreters[f"client{index}"]  # now it has its place
        client.receive(training.weights_of(client.model))
        if protocol == "scaffold":
            client.correction = {name: 0.1 * torch.randn_like(each) for name, each in client.model.named_parameters()}
    return clients


def fitted(made: Callable[[], list[Any]]) -> tuple[list[Any], list[Any]]:
    """The same clients twice: each has fitted alone, and all together."""
    alone, at_once = made(), made()
    for client in alone:
        client.fit()
    together.fit(at_once)
    return alone, at_once


def assert_same(some: list[Any], others: list[Any]) -> None:
    """To the last bit."""
    for one, other in zip(some, others, strict=True):
        assert all(map(torch.equal, one.model.state_dict().values(), other.model.state_dict().values()))


def assert_close(one: training.Weights, other: training.Weights) -> None:
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=1e-4, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    protocol=st.sampled_from(sorted(PARAMETERS)),
    model=st.sampled_from(sorted(MODELS)),
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=13),
    values=st.booleans(),
    epochs=st.integers(1, 3),
    batch_size=st.integers(1, 20),
)
def test_together_is_as_alone(
    protocol: str, model: str, sizes: list[int], values: bool, epochs: int, batch_size: int
) -> None:
    if protocol == "fedrep" and model in ("linear", "partly frozen"):
        model = "layers"  # it freezes the body of a model, and then its head
    given: dict[str, Any] = {"local_epochs": epochs, "batch_size": batch_size, "learning_rate": 0.05}
    given |= PARAMETERS[protocol]
    alone, at_once = (learners(protocol, model, sizes, values, **given) for _ in range(2))
    before = [training.weights_of(client.model) for client in alone]
    assert [client.fit() for client in alone] == together.fit(at_once)
    for one, other, start in zip(alone, at_once, before, strict=True):
        assert_close(one.model.state_dict(), other.model.state_dict())
        assert any(not torch.equal(start[name], tensor) for name, tensor in other.model.state_dict().items())
        assert one.trainings == other.trainings == 1
        if protocol == "ditto":
            assert_close(one.own.state_dict(), other.own.state_dict())
    for one, score in zip(alone, together.validate(at_once), strict=True):
        assert score.value == pytest.approx(one.validate().value, rel=1e-4, abs=1e-3)
        assert (score.samples, score.name) == (len(one.validation_set), one.validate().name)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_these_models_can_be_stacked(model: str) -> None:
    """So that the test above compares two ways."""
    assert cohort.obstacle(MODELS[model](3), examples(2, False, 0).inputs) is None


class Rated(fedavg.Client):
    rate: float

    @property
    def learning_rate(self) -> float:
        return self.rate


def test_learning_rates_may_differ() -> None:
    def rated() -> list[Any]:
        clients = learners("fedavg", "layers", [9, 30, 17, 4], False, Rated, batch_size=5)
        for place, client in enumerate(clients, 1):
            client.rate = 0.01 * place
        return clients

    for one, other in zip(*fitted(rated), strict=True):
        assert_close(one.model.state_dict(), other.model.state_dict())


def test_one_that_diverges_spoils_no_other() -> None:
    def diverging() -> list[Any]:
        clients = learners("fedavg", "layers", [20, 20, 20], False)
        clients[1].training_set.inputs.mul_(1e30)
        return clients

    alone, at_once = fitted(diverging)
    for place in (0, 2):
        assert_close(alone[place].model.state_dict(), at_once[place].model.state_dict())
    assert not all(tensor.isfinite().all() for tensor in at_once[1].model.state_dict().values())


class Own(fedprox.Client):
    """Its loss does not say that it adds up, and it does not."""

    def loss(self, model: nn.Module, batch: Examples) -> torch.Tensor:
        return super().loss(model, batch).sqrt()


class Hooked(nn.Linear):
    def __init__(self, outputs: int) -> None:
        super().__init__(SIDE, outputs)
        self.register_forward_hook(lambda *_: None)


def twice() -> nn.Module:
    layer = nn.Linear(7, 7)
    return nn.Sequential(layer, nn.Tanh(), layer)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (twice, "two of the model's layers share weights"),
        (lambda: nn.Dropout(0.5), "the model's Dropout leaves something to chance"),
        (lambda: nn.BatchNorm1d(7), "the model has a buffer, `2.running_mean`"),
        (lambda: nn.BatchNorm1d(7, track_running_stats=False), "the model's BatchNorm1d mixes the examples of a batch"),
        (lambda: Hooked(7), "the model's Hooked has hooks"),
    ],
)
def test_what_cannot_be_stacked_is_trained_alone(
    layer: Callable[[], nn.Module], reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    width = SIDE if "Hooked" in reason else 7

    def model(outputs: int) -> nn.Module:
        torch.manual_seed(5)
        return nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, width), layer(), nn.Linear(7, outputs))

    monkeypatch.setitem(MODELS, "other", model)
    monkeypatch.setattr(together, "_obstacles", {})
    monkeypatch.setattr(together, "_said", set())
    with caplog.at_level(logging.WARNING, "protoflow"):
        alone, at_once = fitted(lambda: learners("fedavg", "other", [20, 30, 9], False, batch_size=8))
        together.fit(at_once)
    for client in alone:
        client.fit()
    assert_same(alone, at_once)
    assert caplog.messages == [f"clients are trained one after the other, not many as one, because {reason}"]


def test_a_loss_that_does_not_say_that_it_adds_up() -> None:
    assert_same(*fitted(lambda: learners("fedprox", "layers", [20, 30, 9], False, Own, batch_size=8)))


def test_who_has_a_fit_of_its_own_fits_alone() -> None:
    class Still(fedavg.Client):
        def fit(self) -> int:
            return 17

    clients = learners("fedavg", "layers", [20, 30, 9], False)
    clients[1].__class__ = Still
    before = training.weights_of(clients[1].model)
    steps = together.fit(clients)
    assert steps[1] == 17
    assert all(map(torch.equal, before.values(), clients[1].model.state_dict().values()))


@pytest.mark.parametrize(
    ("protocol", "trained", "evaluated"),
    [
        ("fedavg", {10: 3}, {10: 4}),
        ("fedprox", {10: 3}, {10: 4}),
        ("scaffold", {10: 3}, {10: 4}),
        ("ditto", {10: 3}, {}),
        ("fedrep", {10: 3}, {10: 4}),
        ("secure_averaging", {10: 3}, {}),
        ("gcfl_plus", {10: 3}, {10: 4}),
        ("fedex", {10: 3}, {10: 4}),
    ],
)
def test_shipped_courses_train_together(
    protocol: str, trained: dict[int, int], evaluated: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many learners train, and evaluate, at once, and how often, in three rounds of ten clients."""
    sizes: dict[str, dict[int, int]] = {"fit": {}, "validate": {}}
    for name, counts in sizes.items():
        whole: Callable[[Sequence[Learner]], Any] = getattr(together, name)

        def counting(learners: Sequence[Learner], whole: Any = whole, counts: dict[int, int] = counts) -> Any:
            counts[len(learners)] = counts.get(len(learners), 0) + 1
            return whole(learners)

        monkeypatch.setattr(together, name, counting)
    run_shipped(protocol, rounds=3)
    assert sizes == {"fit": trained, "validate": evaluated}
