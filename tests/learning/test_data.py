"""The digits as they are divided into training and test; shards; a name that is not there."""

import pytest
import torch

from protoflow.errors import UsageError
from protoflow.learning import data
from protoflow.learning.data import Examples


def test_digits():
    digits = data.load("digits")
    assert (len(digits.train), len(digits.test), digits.features, digits.classes) == (1437, 360, 64, 10)
    assert digits.train.inputs.dtype == torch.float32
    assert digits.train.labels.dtype == torch.int64
    assert (digits.train.inputs.min(), digits.train.inputs.max()) == (0, 1)
    assert digits.train.inputs.shape == (1437, 64)
    assert torch.bincount(digits.test.labels).tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]


def test_no_test_image_is_trained_on():
    digits = data.load("digits")
    images = {tuple(image) for image in digits.train.inputs.tolist()}
    assert not any(tuple(image) in images for image in digits.test.inputs.tolist())


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(UsageError, match="`mnist` is not a data set; there is `digits`"):
        data.load("mnist")


def test_one_of_your_own(monkeypatch):
    monkeypatch.setattr(data, "_LOADERS", dict(data._LOADERS))
    digits = data.load("digits")
    data.register("mine", lambda: digits)
    assert data.load("mine") is digits
    with pytest.raises(UsageError, match="there is `digits`, `mine`"):
        data.load("yours")


@pytest.mark.parametrize(("n", "kept"), [(1, 1), (2, 1), (4, 1), (5, 1), (9, 1), (10, 2), (144, 28)])
def test_a_shard_keeps_a_fifth_for_validation(n, kept):
    shard = Examples(torch.arange(n).float().reshape(n, 1), torch.arange(n))
    training, validation = shard.held_out()
    assert len(validation) == kept
    if n > 1:
        assert sorted(training.labels.tolist() + validation.labels.tolist()) == list(range(n))
    assert torch.equal(validation.inputs[:, 0], validation.labels.float())


def test_taking_copies():
    shard = Examples(torch.zeros(3, 1), torch.zeros(3, dtype=torch.int64))
    shard.take([0, 1]).inputs.fill_(1)
    assert shard.inputs.sum() == 0
