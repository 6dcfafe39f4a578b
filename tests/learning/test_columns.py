"""Every column goes to exactly one party; the rows are the same for all; the first has the labels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from protoflow.errors import UsageError
from protoflow.learning.columns import divide
from protoflow.learning.data import Dataset, Examples
from protoflow.learning.materials import Materials
from protoflow.runtime import Setting


def dataset(shape: tuple[int, ...]) -> Dataset:
    train, test = torch.rand(6, *shape), torch.rand(3, *shape)
    return Dataset("mine", Examples(train, torch.arange(6)), Examples(test, torch.arange(3)))


@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), st.data())
def test_every_column_goes_to_exactly_one_party(shape, data):
    whole = dataset(tuple(shape))
    parties = data.draw(st.integers(1, whole.features))
    blocks = divide(whole, parties)
    assert [place for block in blocks for place in block.places] == list(range(whole.features))
    assert torch.equal(torch.cat([block.train for block in blocks], dim=1), whole.train.inputs.flatten(1))
    assert torch.equal(torch.cat([block.test for block in blocks], dim=1), whole.test.inputs.flatten(1))
    sizes = [len(block.places) for block in blocks]
    assert max(sizes) - min(sizes) <= 1
    assert torch.equal(blocks[0].train_labels, whole.train.labels)
    assert torch.equal(blocks[0].test_labels, whole.test.labels)
    assert all(block.train_labels is None and block.test_labels is None for block in blocks[1:])


def test_more_parties_than_columns_is_an_error():
    with pytest.raises(UsageError, match="4 features of mine cannot be divided among 5 parties"):
        divide(dataset((4,)), 5)


def test_parties_are_the_participants_of_the_roles_in_their_order():
    given = Materials("wine", "iid", seed=0)
    counts = {"server": 1, "party": 3, "owner": 1}
    owner = given.equip(Setting("owner", 1, 1, 0, counts=counts))
    parties = [given.equip(Setting("party", index, 3, 0, counts=counts)) for index in (1, 2, 3)]
    shares = [each.columns("owner", "party") for each in (owner, *parties)]
    assert [share.places for share in shares] == [range(4), range(4, 7), range(7, 10), range(10, 13)]
    assert [share.train_labels is not None for share in shares] == [True, False, False, False]
    with pytest.raises(UsageError, match="`server` cannot share columns with `owner`, `party`"):
        given.equip(Setting("server", 1, 1, 0, counts=counts)).columns("owner", "party")
    with pytest.raises(UsageError, match="`owners` cannot share columns with `owner`, `owners`"):
        owner.columns("owner", "owners")
