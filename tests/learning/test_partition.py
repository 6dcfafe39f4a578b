"""Every scheme gives every example to exactly one client, evenly, and the same way for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from protoflow.errors import UsageError
from protoflow.learning.partition import partition

LABELS = arrays.arrays(np.int64, st.integers(1, 200), elements=st.integers(0, 6))
SCHEMES = st.one_of(
    st.just("iid"),
    st.floats(1e-3, 1e4, allow_nan=False).map("dirichlet:{:g}".format),
    st.sampled_from(["dirichlet:1e-300", "dirichlet:1e300"]),
)
LABELS_OF_ALL = st.one_of(LABELS, arrays.arrays(np.float32, st.integers(1, 200), elements=st.floats(-10, 10, width=32)))
OTHER_SCHEMES = st.one_of(
    st.floats(1e-3, 1e4, allow_nan=False).map("quantity:{:g}".format),
    st.sampled_from(["quantity:1e-300", "quantity:1e300", "natural", "shards:1", "shards:2", "shards:7"]),
)


@settings(deadline=None)
@given(LABELS_OF_ALL, OTHER_SCHEMES | SCHEMES, st.data(), st.integers(0, 2**63 - 1))
def test_no_example_is_lost_and_no_client_has_none(labels, scheme, data, seed):
    owners = data.draw(arrays.arrays(np.int64, len(labels), elements=st.integers(0, 9)))
    most = {"shards": len(labels) // int(scheme[-1] if scheme.startswith("shards") else 1), "natural": len(set(owners))}
    most = max(1, most.get(scheme.partition(":")[0], len(labels)))
    if scheme.startswith("shards") and int(scheme[-1]) > len(labels):
        return
    parts = data.draw(st.integers(1, most))
    divided = partition(labels, scheme, parts, seed, owners)
    assert sorted(place for part in divided for place in part.tolist()) == list(range(len(labels)))
    assert len(divided) == parts
    assert all(len(part) > 0 for part in divided)
    assert all(
        np.array_equal(*pair) for pair in zip(divided, partition(labels, scheme, parts, seed, owners), strict=True)
    )
    if scheme == "natural":
        assert sum(len(set(owners[part])) for part in divided) == len(set(owners))


@settings(deadline=None)
@given(LABELS, SCHEMES, st.data(), st.integers(0, 2**63 - 1))
def test_every_example_goes_to_exactly_one_client(labels, scheme, data, seed):
    parts = data.draw(st.integers(1, len(labels)))
    divided = partition(labels, scheme, parts, seed)
    assert len(divided) == parts
    assert sorted(place for part in divided for place in part.tolist()) == list(range(len(labels)))
    sizes = [len(part) for part in divided]
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1


@settings(deadline=None)
@given(LABELS, SCHEMES, st.integers(0, 2**32))
def test_the_same_seed_divides_the_same_way(labels, scheme, seed):
    parts = (len(labels) + 1) // 2
    again = zip(partition(labels, scheme, parts, seed), partition(labels, scheme, parts, seed), strict=True)
    assert all(np.array_equal(first, second) for first, second in again)


def test_another_seed_divides_another_way():
    labels = np.repeat(np.arange(10), 20)
    for scheme in ("iid", "dirichlet:0.5", "shards:2", "quantity:1"):
        first, second = (partition(labels, scheme, 5, seed) for seed in (0, 1))
        assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def distance_from_the_whole(scheme: str) -> float:
    """How far the clients' mixtures of classes are from that of the whole: mean total variation, over five seeds."""
    labels = np.repeat(np.arange(10), 100)
    mixtures = [
        np.bincount(labels[part], minlength=10) / len(part)
        for seed in range(5)
        for part in partition(labels, scheme, 10, seed)
    ]
    return float(np.mean([np.abs(mixture - 0.1).sum() / 2 for mixture in mixtures]))


def test_a_smaller_alpha_is_a_more_uneven_mixture():
    distances = [distance_from_the_whole(f"dirichlet:{alpha}") for alpha in (0.05, 0.5, 5, 500)]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 0.7
    assert 0.3 < distances[1] < 0.6
    assert distances[-1] == pytest.approx(distance_from_the_whole("iid"), abs=0.03)


@pytest.mark.parametrize(
    "scheme", ["", "IID", "iid:1", "dirichlet", "dirichlet:", "dirichlet:0", "dirichlet:-1", "dirichlet:nan",
               "dirichlet:inf", "dirichlet:half", "shards", "shards:0", "shards:1.5", "quantity:0", "natural:1",
               "features"],
)  # fmt: skip
def test_an_unknown_scheme_is_said_to_be_one(scheme):
    with pytest.raises(UsageError, match=rf"^`{scheme}` is not a partition; there is `iid`, `dirichlet:ALPHA` and "):
        partition(np.zeros(4, dtype=np.int64), scheme, 2, 0)


def test_more_clients_than_examples_is_an_error():
    with pytest.raises(UsageError, match="3 examples cannot be divided among 4 clients"):
        partition(np.zeros(3, dtype=np.int64), "iid", 4, 0)


def test_shards_give_a_client_few_classes():
    """McMahan et al.: 2 shards each, so that most clients have examples of two digits only."""
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 60))
    divided = partition(labels, "shards:2", 100, 0)
    assert {len(part) for part in divided} == {6}
    assert max(len(set(labels[part])) for part in divided) == 2
    assert np.mean([len(set(labels[part])) for part in divided]) > 1.8


def test_shards_of_values_lie_together():
    labels = np.random.default_rng(0).permutation(100).astype(np.float32)
    assert all(np.ptp(labels[part]) == 9 for part in partition(labels, "shards:1", 10, 0))


def test_a_smaller_alpha_is_a_more_uneven_quantity():
    labels = np.zeros(1000, dtype=np.int64)
    spreads = [
        np.mean([np.std([len(part) for part in partition(labels, f"quantity:{alpha}", 10, seed)]) for seed in range(5)])
        for alpha in (0.1, 1, 10, 1000)
    ]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[0] > 150
    assert spreads[-1] < 15


def test_a_mixture_of_values_is_one_of_tenths():
    labels = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    spread = [np.mean([labels[part].std() for part in partition(labels, scheme, 10, 0)])
              for scheme in ("iid", "dirichlet:0.1")]  # fmt: skip
    assert spread[1] < 0.7 * spread[0]


def test_natural_is_by_owner():
    owners = np.array([5, 3, 5, 9, 3])
    divided = partition(np.zeros(5, dtype=np.int64), "natural", 3, 0, owners)
    assert [part.tolist() for part in divided] == [[1, 4], [0, 2], [3]]


@pytest.mark.parametrize(
    ("scheme", "owners", "said"),
    [
        ("natural", None, "`natural` divides data by their owners, which these do not say"),
        ("natural", np.array([0, 0, 1, 1]), "the data are of 2 owners, too few for 3 clients"),
        ("shards:2", None, "4 examples cannot be cut into 6 shards, 2 for each of 3 clients"),
    ],
)
def test_what_cannot_be_divided(scheme, owners, said):
    with pytest.raises(UsageError, match=said):
        partition(np.zeros(4, dtype=np.int64), scheme, 3, 0, owners)


DRAWN = st.builds("drawn:{}{}".format, st.integers(1, 60), st.sampled_from(["", ",0.1", ",1", ",1e-300", ",1e300"]))


@settings(deadline=None)
@given(LABELS_OF_ALL, DRAWN, st.integers(1, 10**9), st.integers(0, 2**63 - 1), st.data())
def test_each_client_draws_different_examples_by_itself(labels, scheme, parts, seed, data):
    size = int(scheme.removeprefix("drawn:").partition(",")[0])
    if size > len(labels):
        with pytest.raises(UsageError, match="there are only"):
            partition(labels, scheme, parts, seed)
        return
    drawn = partition(labels, scheme, parts, seed)
    assert len(drawn) == parts
    client = data.draw(st.integers(0, parts - 1))
    mine = drawn[client]
    assert len(mine) == len(set(mine.tolist())) == size
    assert mine.tolist() == sorted(mine.tolist())
    assert mine[0] >= 0
    assert mine[-1] < len(labels)
    drawn[0]
    assert np.array_equal(mine, drawn[client - parts]), "whoever draws before it"
    assert np.array_equal(mine, partition(labels, scheme, parts, seed)[client])


def test_drawn_parts_overlap_and_differ():
    labels = np.repeat(np.arange(10), 20)
    parts = [*partition(labels, "drawn:20", 500, 0)]
    assert len(parts) == 500
    assert len({tuple(part) for part in parts}) == 500
    drawn = np.bincount(np.concatenate(parts), minlength=200)
    assert 25 < drawn.min() <= drawn.max() < 80, "each of 200 examples by about 50 clients"
    assert not np.array_equal(parts[0], partition(labels, "drawn:20", 500, 1)[0])


def test_alpha_says_how_alike_those_who_draw_are():
    distances = []
    labels = np.repeat(np.arange(10), 100)
    for scheme in ("drawn:50", "drawn:50,100", "drawn:50,1", "drawn:50,0.1"):
        mixtures = [np.bincount(labels[part], minlength=10) / 50 for part in partition(labels, scheme, 60, 0)]
        distances.append(float(np.mean([np.abs(mixture - 0.1).sum() / 2 for mixture in mixtures])))
    assert distances[0] < 0.2
    assert distances[1] < distances[2] < distances[3]
    assert distances[3] > 0.6


@pytest.mark.parametrize(
    "scheme",
    ["drawn", "drawn:", "drawn:0", "drawn:-1", "drawn:x", "drawn:20,", "drawn:20,0", "drawn:20,x", "drawn:2.5"],
)
def test_what_cannot_be_drawn(scheme):
    with pytest.raises(UsageError, match="is not a partition; there is"):
        partition(np.arange(40), scheme, 3, 0)
