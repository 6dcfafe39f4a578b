"""Examples, data sets, and how one is divided into training and test."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.errors import UsageError
from protoflow.learning.data import Dataset, Examples, as_inputs, divided, standardised


def numbered(n: int, labels: list[float] | None = None) -> Examples:
    """`n` examples whose one feature is their number."""
    return Examples(torch.arange(n).float().reshape(n, 1), torch.arange(n) if labels is None else torch.tensor(labels))


@pytest.mark.parametrize(("n", "kept"), [(1, 1), (2, 1), (4, 1), (5, 1), (9, 1), (10, 2), (144, 28)])
def test_a_fifth_of_a_share_is_held_out(n, kept):
    training, validation = numbered(n).held_out()
    assert len(validation) == kept
    if n > 1:
        assert sorted(training.labels.tolist() + validation.labels.tolist()) == list(range(n))
    assert torch.equal(validation.inputs[:, 0], validation.labels.float())


def test_taking_copies():
    shard = Examples(torch.zeros(3, 1), torch.zeros(3, dtype=torch.int64))
    shard.take([0, 1]).inputs.fill_(1)
    assert shard.inputs.sum() == 0


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=60))
def test_every_example_is_to_train_or_to_test_on(classes):
    data = divided("mine", numbered(len(classes), classes), owners=torch.arange(len(classes)))
    assert sorted([*data.train.inputs[:, 0].tolist(), *data.test.inputs[:, 0].tolist()]) == list(range(len(classes)))
    assert len(data.test) == -(-len(classes) // 5)
    assert torch.equal(data.owners.float(), data.train.inputs[:, 0])
    assert torch.equal(data.train.labels, torch.tensor(classes)[data.owners])


def test_the_test_set_has_a_fifth_of_each_class():
    data = divided("mine", numbered(100, [0] * 50 + [1] * 30 + [2] * 20))
    assert torch.bincount(data.test.labels).tolist() == [10, 6, 4]
    assert (data.task.name, data.features, data.outputs) == ("classification", 1, 3)
    assert str(data) == "mine: 80 examples to train on, 20 to test on, 1 feature, 3 classes"


def test_values_are_for_regression():
    data = divided("mine", numbered(10, [0.5 * n for n in range(10)]))
    assert (data.task.name, data.outputs) == ("regression", 1)
    assert str(data) == "mine: 8 examples to train on, 2 to test on, 1 feature, a value to predict"


def test_standardising_looks_at_the_training_part_alone():
    inputs = torch.tensor([[1.0, 7.0], [3.0, 7.0], [5.0, 8.0]])
    data = Dataset("mine", Examples(inputs[:2], torch.tensor([10.0, 30.0])), Examples(inputs[2:], torch.tensor([60.0])))
    scaled = standardised(data)
    assert scaled.train.inputs.tolist() == [[-1, 0], [1, 0]]
    assert scaled.train.labels.tolist() == [-1, 1]
    assert scaled.test.inputs.tolist() == [[3, 1]]
    assert scaled.test.labels.tolist() == [4]


def test_classes_are_not_standardised():
    data = standardised(divided("mine", numbered(10, [0, 1] * 5)))
    assert set(data.train.labels.tolist()) == {0, 1}


def test_bytes_are_taken_for_images():
    assert as_inputs(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == [0, pytest.approx(0.2), 1]
    assert as_inputs(torch.tensor([0, 51, 255])).tolist() == [0, 51, 255]


GOOD = numbered(4, [0, 1, 0, 1])
ONE, CLASS, VALUE = torch.ones(1, 1), torch.zeros(1).long(), torch.zeros(1)


@pytest.mark.parametrize(
    ("train", "test", "owners", "said"),
    [
        (Examples(torch.zeros(0, 1), CLASS[:0]), GOOD, None, "mine: there is no example in `train`"),
        (GOOD, Examples(torch.zeros(3, 1), CLASS.repeat(2)), None, "mine: `test` has 3 inputs and 2 labels: "),
        (Examples(ONE / 0, CLASS), GOOD, None, "mine: a number in `train` is missing or infinite"),
        (GOOD, Examples(torch.zeros(1, 2), CLASS), None, "of `train` is of shape (1,), one of `test` (2,)"),
        (GOOD, Examples(ONE, VALUE), None, "mine: the labels of `train` are for classification, not those of `test`"),
        (Examples(ONE.double(), CLASS), GOOD, None, "mine: `train` has inputs of torch.float64 and labels of "),
        (Examples(ONE, CLASS.int()), GOOD, None, "and labels of torch.int32: inputs are "),
        (Examples(ONE, ONE), GOOD, None, "mine: a label in `train` is not one number, or a class below 0"),
        (Examples(ONE, CLASS - 1), GOOD, None, "mine: a label in `train` is not one number, or a class below 0"),
        (GOOD, GOOD, torch.arange(3), "mine: 3 owners for 4 training examples"),
    ],
)
def test_what_does_not_go_together(train, test, owners, said):
    with pytest.raises(UsageError) as raised:
        Dataset("mine", train, test, owners)
    assert said in str(raised.value)


def test_one_example_is_not_enough():
    with pytest.raises(UsageError, match="mine: 1 example cannot be divided"):
        divided("mine", numbered(1))
