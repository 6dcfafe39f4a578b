"""The data sets that come with protoflow."""

import pytest
import torch

from protoflow.errors import UsageError
from protoflow.learning import training
from protoflow.learning.model import make
from protoflow.learning.sources import load

SETS = ("digits", "breast_cancer", "wine", "diabetes", "synthetic:1,1")


@pytest.mark.parametrize(
    ("name", "train", "test", "features", "outputs", "tested"),
    [
        ("digits", 1437, 360, 64, 10, [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]),
        ("breast_cancer", 455, 114, 30, 2, [42, 72]),
        ("wine", 142, 36, 13, 3, [12, 14, 10]),
    ],
)
def test_classes(name, train, test, features, outputs, tested):
    data = load(name)
    assert (len(data.train), len(data.test), data.features, data.outputs) == (train, test, features, outputs)
    assert torch.bincount(data.test.labels).tolist() == tested


def test_diabetes_is_a_value():
    data = load("diabetes")
    assert (len(data.train), len(data.test), data.features, data.outputs) == (353, 89, 10, 1)
    assert data.task.name == "regression"
    assert data.train.labels.std(correction=0) == pytest.approx(1)


def test_digits_are_scaled_by_their_greatest():
    digits = load("digits")
    assert (digits.train.inputs.min(), digits.train.inputs.max()) == (0, 1)


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
def test_tables_are_standardised_by_the_training_part(name):
    data = load(name)
    zeros, ones = torch.zeros(data.features), torch.ones(data.features)
    torch.testing.assert_close(data.train.inputs.mean(dim=0), zeros, atol=1e-5, rtol=0)
    torch.testing.assert_close(data.train.inputs.std(dim=0, correction=0), ones)
    assert 0.01 < data.test.inputs.mean(dim=0).abs().max() < 0.5


@pytest.mark.parametrize("name", SETS)
def test_no_test_example_is_trained_on(name):
    data = load(name)
    trained = {tuple(each) for each in data.train.inputs.tolist()}
    assert not any(tuple(each) in trained for each in data.test.inputs.tolist())


def apart(name: str) -> float:
    """How far apart the clients' inputs are: the variance of their means, averaged over the features."""
    data = load(name)
    means = [data.train.inputs[data.owners == owner].mean(dim=0) for owner in data.owners.unique()]
    return torch.stack(means).var(dim=0).mean().item()


def test_synthetic_has_thirty_owners_whose_inputs_differ_with_beta():
    data = load("synthetic:1,1")
    assert (data.features, data.outputs, data.owners.unique().tolist()) == (60, 10, list(range(30)))
    assert torch.bincount(data.owners).min() > 30
    assert [apart(f"synthetic:1,{beta}") for beta in (0, 1, 3)] == pytest.approx([0, 1, 9], rel=0.1, abs=0.05)


def fits_all(name: str) -> float:
    """How well one linear model does for all clients: accuracy on the test set."""
    data = load(name)
    model = make("linear", data.features, data.outputs, seed=0)
    training.train(model, data.train, epochs=10, batch_size=64, learning_rate=0.5, seed=0)
    return training.test(model, data.test).value


def test_synthetic_has_one_truth_for_all_that_alpha_divides():
    assert fits_all("synthetic:0,0") > 0.7
    assert fits_all("synthetic:1,0") < 0.6


def test_synthetic_is_the_same_each_time():
    first, again = load("synthetic:1,1"), load("synthetic:1,1")
    assert torch.equal(first.train.inputs, again.train.inputs)
    assert torch.equal(first.train.labels, again.train.labels)


@pytest.mark.parametrize("name", ["synthetic", "synthetic:1", "synthetic:a,b", "synthetic:-1,0", "synthetic:nan,0"])
def test_synthetic_needs_two_numbers(name):
    with pytest.raises(UsageError, match=f"^`{name}` is not a data set; write synthetic:ALPHA,BETA"):
        load(name)


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(UsageError, match="`mnist` is not a data set; there is `breast_cancer`, `diabetes`, `digits`, "):
        load("mnist")
