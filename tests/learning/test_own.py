"""Data sets and models that are functions of one's own, in a module of one's own."""

import random
import textwrap

import numpy as np
import pytest
import torch

from protoflow.errors import UsageError
from protoflow.learning import training
from protoflow.learning.materials import Materials
from protoflow.learning.model import make
from protoflow.learning.sources import load

MODULE = '''
import random
import numpy
import torch
from torch.utils.data import Dataset, TensorDataset
from protoflow.learning import data

classes = TensorDataset(torch.arange(20.0).reshape(10, 2), torch.tensor([0, 1] * 5))
values = TensorDataset(torch.arange(20.0).reshape(10, 2), torch.arange(10.0))
number = 3


def ours():
    examples = data.Examples(torch.rand(4, 2), torch.tensor([0, 1, 1, 0]))
    return data.Dataset("ours", examples, examples)


def pair():
    return classes, TensorDataset(torch.ones(3, 2), torch.tensor([2, 2, 2]))


class Pictures(Dataset):
    """As torchvision's: bytes and a Python number."""

    def __len__(self):
        return 10

    def __getitem__(self, place):
        return torch.full((1, 2, 2), 51 * (place % 2), dtype=torch.uint8), place % 2


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter(classes)


def texts():
    return [("a", 0)] * 10


def triples():
    return [(1, 2, 3)] * 10


def ragged():
    return [(torch.zeros(n), 0) for n in range(1, 11)]


def empty():
    return []


def failing():
    return 1 / 0


def net(features, outputs):
    return torch.nn.Sequential(torch.nn.Linear(features, 3), torch.nn.Dropout(), torch.nn.Linear(3, outputs))


def by_chance(features, outputs):
    model = torch.nn.Linear(features, outputs)
    with torch.no_grad():
        model.bias.fill_(random.random() + numpy.random.rand())
    return model


def no_arguments():
    return torch.nn.Linear(1, 1)


def small(features, outputs):
    return torch.nn.Linear(features, 3)


def wrong(features, outputs):
    return torch.nn.Linear(8, outputs)


class Several(torch.nn.Module):
    def __init__(self, features, outputs):
        super().__init__()

    def forward(self, inputs):
        return inputs, inputs


def flat(features, outputs):
    return torch.nn.Sequential(torch.nn.Linear(features, 1), torch.nn.Flatten(0))


def no_model(features, outputs):
    return features
'''


@pytest.fixture(scope="module", autouse=True)
def module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_learning.py").write_text(textwrap.dedent(MODULE), encoding="utf-8")
    (folder / "broken_learning.py").write_text("this is not Python\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


def test_our_own_dataset():
    data = load("own_learning:ours")
    assert (data.name, len(data.train), data.outputs) == ("ours", 4, 2)


def test_a_torch_dataset_is_divided():
    data = load("own_learning:Pictures")
    assert (len(data.train), len(data.test), data.train.inputs.shape) == (8, 2, (8, 1, 2, 2))
    assert data.train.labels.dtype == torch.int64
    torch.testing.assert_close(data.train.inputs[:, 0, 0, 0], 0.2 * data.train.labels)


def test_a_pair_is_to_train_and_to_test_on():
    data = load("own_learning:pair")
    assert (len(data.train), len(data.test), data.outputs) == (10, 3, 3)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere:make", "--data nowhere:make cannot be imported: No module named 'nowhere'"),
        ("broken_learning:make", "--data broken_learning:make cannot be imported: name 'this' is not defined"),
        (
            "own_learning:nothing",
            "--data own_learning:nothing cannot be imported: module 'own_learning' has no attribute",
        ),
        (
            "own_learning:number",
            "--data own_learning:number is a int; it should be a function, called as make_dataset()",
        ),
        ("own_learning:failing", "--data own_learning:failing, called as make_dataset(), failed: ZeroDivisionError: "),
        ("own_learning:net", "--data own_learning:net, called as make_dataset(), failed: TypeError: net() missing 2"),
        ("own_learning:Stream", "`own_learning:Stream` returned a Stream; it should be a protoflow Dataset, a torch"),
        ("own_learning:texts", "`own_learning:texts`: example 0 is a str and int; both are to be numbers, arrays or"),
        ("own_learning:triples", "`own_learning:triples`: example 0 is a tuple, not a pair of input and label"),
        ("own_learning:ragged", "`own_learning:ragged`: the examples are not all of one shape, or a label is not one"),
        ("own_learning:empty", "`own_learning:empty`: a Dataset without an example"),
    ],
)
def test_what_is_wrong_with_a_function_of_ones_own(name, said):
    with pytest.raises(UsageError) as raised:
        load(name)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("name", ["mlp", "linear", "cnn", "own_learning:net", "own_learning:by_chance"])
def test_a_model_follows_from_its_seed_and_leaves_chance_alone(name):
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    first, again, other = (training.weights_of(make(name, 64, 10, seed)) for seed in (1, 1, 2))
    assert all(torch.equal(first[each], again[each]) for each in first)
    assert any(not torch.equal(first[each], other[each]) for each in first)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (random.getstate(), np.random.get_state()[1].tolist())


@pytest.mark.parametrize(("name", "least"), [("mlp", 0.95), ("linear", 0.93), ("cnn", 0.96)])
def test_the_models_learn_the_digits(name, least):
    given = Materials("digits", "iid", 0, name)
    model = given.model()
    training.train(model, given.shard(1, 1), epochs=8, batch_size=16, learning_rate=0.2, seed=0)
    assert training.test(model, given.test_set()).value > least


def test_models_take_inputs_of_any_shape():
    for name in ("mlp", "linear", "cnn"):
        assert make(name, 64, 3, 0)(torch.rand(5, 1, 8, 8)).shape == (5, 3)
        assert make(name, 64, 3, 0)(torch.rand(5, 64)).shape == (5, 3)


def test_what_a_model_leaves_to_chance_follows_from_the_seed_of_training():
    def trained(seed):
        model = make("own_learning:net", 64, 10, 0)
        training.train(
            model, Materials("digits", "iid", 0).test_set(), epochs=1, batch_size=32, learning_rate=0.1, seed=seed
        )
        return training.weights_of(model)

    torch.manual_seed(1)
    first = trained(0)
    torch.manual_seed(2)
    again, other = trained(0), trained(1)
    assert all(torch.equal(first[each], again[each]) for each in first)
    assert any(not torch.equal(first[each], other[each]) for each in first)


@pytest.mark.parametrize(
    ("name", "features", "said"),
    [
        (
            "mlq",
            64,
            "`mlq` is not a model; there is `mlp`, `linear`, `cnn`, and functions of your own (my_package:make_",
        ),
        ("cnn", 30, "`cnn` is for square grey images from 4x4 on; an input of 30 features is none"),
        (
            "own_learning:no_arguments",
            3,
            "--model own_learning:no_arguments, called as make_model(3, 2), failed: TypeError",
        ),
        (
            "own_learning:no_model",
            3,
            "--model own_learning:no_model, called as make_model(3, 2), gave a int, not a torch.",
        ),
    ],
)
def test_what_is_no_model(name, features, said):
    with pytest.raises(UsageError) as raised:
        make(name, features, 2, 0)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "small",
            "gives an output of shape (2, 3) for inputs of shape (2, 64); it needs shape (2, 10): a number for each",
        ),
        ("wrong", "fails on inputs of shape (2, 64): RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
        ("Several", "gives an output of type tuple for inputs of shape (2, 64); it needs shape (2, 10): "),
        ("flat", "gives an output of shape (2,) for inputs of shape (2, 64); it needs shape (2, 10): "),
    ],
)
def test_a_model_that_does_not_fit_the_data(name, said):
    with pytest.raises(UsageError) as raised:
        Materials("digits", "iid", 0, f"own_learning:{name}").model()
    assert str(raised.value).startswith(f"--model own_learning:{name} {said}")


def test_a_value_may_stand_in_a_column_or_not():
    for name in ("own_learning:flat", "linear"):
        assert Materials("diabetes", "iid", 0, name).model().training
