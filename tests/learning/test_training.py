"""The laws of the weighted mean; training and testing against torch's own results."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.learning import training
from protoflow.learning.data import Examples
from protoflow.learning.model import make
from protoflow.learning.training import WeightedMean

NUMBERS = st.floats(-1e3, 1e3, width=32)
PAIRS = st.lists(st.tuples(st.lists(NUMBERS, min_size=4, max_size=4), st.integers(1, 1000)), min_size=1, max_size=6)


def weights(numbers: list[float]) -> dict[str, torch.Tensor]:
    values = torch.tensor(numbers, dtype=torch.float32)
    return {"layer": values[:3], "bias": values[3:]}


def mean_of(pairs: list[tuple[list[float], float]]) -> torch.Tensor:
    mean = WeightedMean()
    for numbers, weight in pairs:
        mean.add(weights(numbers), weight)
    return torch.cat(list(mean.mean().values()))


@settings(deadline=None)
@given(PAIRS)
def test_the_mean_is_that_of_torch(pairs):
    stacked = torch.tensor([numbers for numbers, _ in pairs], dtype=torch.float64)
    share = torch.tensor([weight for _, weight in pairs], dtype=torch.float64)
    torch.testing.assert_close(mean_of(pairs), (share / share.sum() @ stacked).float(), rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_makes_no_difference(pairs, random):
    shuffled = pairs.copy()
    random.shuffle(shuffled)
    torch.testing.assert_close(mean_of(pairs), mean_of(shuffled), rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(PAIRS, st.integers(2, 50))
def test_only_the_proportions_of_the_weights_matter(pairs, factor):
    scaled = [(numbers, weight * factor) for numbers, weight in pairs]
    torch.testing.assert_close(mean_of(pairs), mean_of(scaled), rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=4, max_size=4), st.lists(st.integers(1, 1000), min_size=1, max_size=6))
def test_the_mean_of_equals_is_what_they_are(numbers, shares):
    mean = mean_of([(numbers, share) for share in shares])
    torch.testing.assert_close(mean, torch.tensor(numbers, dtype=torch.float32), rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(PAIRS)
def test_the_mean_lies_between_the_least_and_the_greatest(pairs):
    stacked = torch.tensor([numbers for numbers, _ in pairs], dtype=torch.float32)
    mean = mean_of(pairs)
    assert (stacked.amin(0) - 1e-3 <= mean).all()
    assert (mean <= stacked.amax(0) + 1e-3).all()


def test_adding_copies_and_keeps_the_types():
    first = {"float": torch.ones(2), "count": torch.tensor(3), "half": torch.ones(2, dtype=torch.float16)}
    mean = WeightedMean()
    mean.add(first, 1)
    mean.add({name: tensor * 3 for name, tensor in first.items()}, 1)
    assert {name: tensor.dtype for name, tensor in mean.mean().items()} == {
        "float": torch.float32, "count": torch.int64, "half": torch.float16,
    }  # fmt: skip
    assert mean.mean()["count"] == 6
    assert first["float"].tolist() == [1, 1]
    assert mean.mean(divisor=4)["float"].tolist() == [1, 1]


def some_examples(n: int) -> Examples:
    generator = torch.Generator().manual_seed(0)
    return Examples(torch.rand(n, 5, generator=generator), torch.randint(3, (n,), generator=generator))


def trained(**changed: object) -> dict[str, torch.Tensor]:
    model = make("mlp", 5, 3, seed=0)
    settings = {"epochs": 2, "batch_size": 4, "learning_rate": 0.1, "seed": 1} | changed
    training.train(model, some_examples(10), **settings)
    return training.weights_of(model)


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_one_full_batch_is_one_step_of_gradient_descent():
    model = make("mlp", 5, 3, seed=0)
    examples = some_examples(10)
    torch.nn.functional.cross_entropy(model(examples.inputs), examples.labels).backward()
    expected = {name: tensor - 0.1 * tensor.grad for name, tensor in model.named_parameters()}
    found = trained(epochs=1, batch_size=10)
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor.detach())


def test_training_follows_from_its_seed_alone():
    torch.manual_seed(5)
    first = trained()
    torch.manual_seed(6)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    assert same(first, trained())
    assert not same(first, trained(seed=2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_num_threads() == threads


def test_the_model_follows_from_its_seed_alone():
    before = torch.get_rng_state()
    models = [training.weights_of(make("mlp", 5, 3, seed)) for seed in (0, 0, 1)]
    assert same(models[0], models[1])
    assert not same(models[0], models[2])
    assert torch.equal(before, torch.get_rng_state())


def test_weights_are_copies():
    model = make("mlp", 5, 3, seed=0)
    before = training.weights_of(model)
    kept = {name: tensor.clone() for name, tensor in before.items()}
    training.train(model, some_examples(4), epochs=1, batch_size=2, learning_rate=0.1, seed=0)
    assert same(before, kept)
    training.set_weights(model, before)
    training.train(model, some_examples(4), epochs=1, batch_size=2, learning_rate=0.1, seed=0)
    assert same(before, kept)


def test_the_score_is_what_the_model_gets_right():
    model = torch.nn.Linear(2, 2, bias=False)
    training.set_weights(model, {"weight": torch.eye(2)})
    examples = Examples(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1, 0, 1]))
    score = training.test(model, examples)
    assert (score.value, score.samples, score.name) == (0.75, 4, "accuracy")
    assert score.loss == pytest.approx((3 * 0.3132617 + 1.3132617) / 4)


def test_derived_seeds_are_stable_and_differ():
    assert training.derive(0, "client1", 1) == 3983740635454084170
    purposes = itertools.product((0, 1), ("client1", "client11", "client2"), (1, 2, 11))
    assert len({training.derive(*purpose) for purpose in purposes}) == 18
