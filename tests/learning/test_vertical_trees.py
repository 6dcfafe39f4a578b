"""Trees grown by several parties under encryption are those that one party grows on all columns; predictions too."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from protoflow.engines.conditions import Conditions, Span
from protoflow.errors import HandlerError, UsageError
from protoflow.learning.boosting import Binned
from protoflow.learning.paillier import PublicKey, unpack
from protoflow.learning.vertical_trees import Leaf
from protoflow.runtime import Course, Message, Result
from tests.learning.courses import materials

DEPTH, RATE, BINS, REGULARISATION = 3, 0.2, 16, 1.0
SETS = ("breast_cancer", "diabetes")


def played(data: str, parties: int, protocol: str = "vertical_trees", **parameters: object) -> tuple[Course, Result]:
    given = {"key_bits": 1024, **parameters}
    course = Course.build(protocol, {"party": parties}, given, setting=materials(data, "iid", 0).equip)
    result = course.run()
    assert (result.outcome, result.warnings) == ("complete", ())
    return course, result


@cache
def boosted(data: str) -> tuple[Course, Result]:
    """Four trees of the defaults, but for the key, by three hands."""
    return played(data, 2, trees=3)


@cache
def arrays(data: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training features and labels, test features and labels."""
    both = materials(data, "iid", 0).dataset
    train, test = ((part.inputs.double().numpy(), part.labels.double().numpy()) for part in (both.train, both.test))
    return (*train, *test)


def derivatives(data: str, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels = arrays(data)[1]
    if data == "diabetes":
        return scores - labels, np.ones(len(labels))
    chance = 1 / (1 + np.exp(-scores))
    return chance - labels, chance * (1 - chance)


Tree = dict[int, tuple[int, float] | float]
"""By node: column and bound of a split, or weight of a leaf."""


def grow(x: np.ndarray, bounds: list[np.ndarray], g: np.ndarray, h: np.ndarray, depth: int = 0, node: int = 0) -> Tree:
    """One party's tree on all columns, in floating point: the best of all bounds of all of them, again and again."""

    def quality(rows: np.ndarray) -> float:
        return g[rows].sum() ** 2 / (h[rows].sum() + REGULARISATION) / 2

    everybody = np.full(len(x), True)
    best, found = 1e-6, None
    for column in range(x.shape[1]) if depth < DEPTH else ():
        for bound in bounds[column]:
            left = x[:, column] <= bound
            gain = quality(left) + quality(~left) - quality(everybody)
            if gain > best + 1e-9:  # equal ones differ by rounding here; the first of them is meant
                best, found = gain, (column, bound)
    if found is None:
        return {node: RATE * -g.sum() / (h.sum() + REGULARISATION)}
    left = x[:, found[0]] <= found[1]
    return {
        node: found,
        **grow(x[left], bounds, g[left], h[left], depth + 1, 2 * node + 1),
        **grow(x[~left], bounds, g[~left], h[~left], depth + 1, 2 * node + 2),
    }


def predict(tree: Tree, x: np.ndarray) -> np.ndarray:
    def one(row: np.ndarray) -> float:
        node = 0
        while isinstance(split := tree[node], tuple):
            node = 2 * node + (1 if row[split[0]] <= split[1] else 2)
        return split

    return np.array([one(row) for row in x])


def bounds_of(x: np.ndarray) -> list[np.ndarray]:
    cuts = np.arange(1, BINS) / BINS
    return [np.unique(np.quantile(column, cuts, method="midpoint")) for column in x.T]


@pytest.mark.parametrize("data", SETS)
def test_the_trees_are_those_of_one_party_with_all_columns(data: str) -> None:
    course, result = boosted(data)
    (owner,), parties = course.participants["owner"], course.participants["party"]
    first_column = {each.id: each.places.start for each in (owner, *parties)}
    x, y, test, test_labels = arrays(data)
    bounds = bounds_of(x)
    base = y.mean() if data == "diabetes" else np.log(y.mean() / (1 - y.mean()))
    scores, test_scores = np.full(len(x), base), np.full(len(test), base)

    assert len(owner.trees) == 4
    holders, used = set(), np.zeros(x.shape[1])
    for tree in owner.trees:
        expected = grow(x, bounds, *derivatives(data, scores))
        assert tree.keys() == expected.keys()
        for node, here in tree.items():
            if isinstance(here, Leaf):
                assert here.weight == pytest.approx(expected[node], abs=1e-7)
            else:
                column = first_column[here.holder] + here.feature
                assert (column, bounds[column][here.bin]) == expected[node]
                holders.add(here.holder)
                used[column] += 1
        scores, test_scores = scores + predict(expected, x), test_scores + predict(expected, test)
    assert holders == {"owner", "party1", "party2"}
    np.testing.assert_allclose(owner.scores, scores, atol=1e-6)
    np.testing.assert_allclose(owner.test_scores, test_scores, atol=1e-6)

    (server,) = course.participants["server"]
    assert {int(place): count for place, count in server.importance.items()} == dict(enumerate(used))
    if data == "diabetes":
        expected_score = 1 - np.mean((test_scores - test_labels) ** 2) / np.var(test_labels)
    else:
        expected_score = np.mean((test_scores > 0) == test_labels)
    name = "r2" if data == "diabetes" else "accuracy"
    rounds = [logged.values for logged in result.metrics if "round" in logged.values]
    assert [values["round"] for values in rounds] == list(range(len(owner.trees) + 1))
    assert rounds[-1][name] == server.metrics[name] == pytest.approx(expected_score, abs=1e-5)


@pytest.mark.parametrize("data", SETS)
def test_it_is_as_good_as_boosting_of_scikit_learn(data: str) -> None:
    """With as many trees of that depth, bins and regularisation. It is within 0.02 of it, and above no tree at all."""
    course, result = boosted(data)
    rounds = [logged.values for logged in result.metrics if "round" in logged.values]
    x, y, test, test_labels = arrays(data)
    kind, name = (
        (HistGradientBoostingRegressor, "r2") if data == "diabetes" else (HistGradientBoostingClassifier, "accuracy")
    )
    peer = kind(
        max_iter=len(course.participants["owner"][0].trees), max_depth=DEPTH, learning_rate=RATE, max_bins=BINS,
        l2_regularization=REGULARISATION, min_samples_leaf=1, early_stopping=False,
    )  # fmt: skip
    assert rounds[-1][name] == pytest.approx(peer.fit(x, y).score(test, test_labels), abs=0.02)
    assert rounds[-1][name] > rounds[0][name] + 0.2


def test_the_number_of_parties_changes_nothing() -> None:
    """To the last bit: all sums are of integers."""
    owners = [
        played("diabetes", parties, trees=1, max_depth=2, bins=6)[0].participants["owner"][0] for parties in (1, 4)
    ]
    assert np.array_equal(owners[0].test_scores, owners[1].test_scores)
    assert np.array_equal(owners[0].scores, owners[1].scores)
    assert len(np.unique(owners[0].scores)) > 4


def test_a_node_that_no_split_improves_is_a_leaf() -> None:
    course, _ = played("diabetes", 1, trees=1, max_depth=2, bins=4, min_gain=1e9)
    (owner,) = course.participants["owner"]
    assert [list(tree) for tree in owner.trees] == [[0], [0]]
    assert all(isinstance(tree[0], Leaf) for tree in owner.trees)


def test_what_the_parties_are_told(sent: list[Message]) -> None:
    """Gradients and sums are ciphertexts that the owner alone can read, no two of them the same; who is at a node, in
    the open; and a party learns of none but its own splits."""
    course, _ = played("breast_cancer", 2, trees=1, max_depth=2, bins=4)
    assert {message.type for message in sent} == set(course.protocol.messages)
    (owner,), parties = course.participants["owner"], course.participants["party"]
    of = {name: [message for message in sent if message.type == name] for name in course.protocol.messages}

    gradients = [message["gh"] for message in of["grad_and_hess"] if message["gh"] is not None]
    sums = [each for message in of["local_best_gain"] for each in message["sums"]]
    trees = [gradients[0], gradients[2]]  # the same for both parties
    assert [len(each) for each in gradients] == [455] * 4
    assert {len(each) for each in (*trees[0], *trees[1], *sums)} == {256}
    assert len({*trees[0], *trees[1], *sums}) == 2 * 455 + len(sums)
    assert len(sums) == len(of["grad_and_hess"]) * -(-10 * 4 // 7)  # seven pairs go into one of 1024 bits

    g, h = derivatives("breast_cancer", np.full(455, owner.objective.base))
    read = np.array([unpack(number, 2) for number in owner._key.decrypt(trees[0])]) * 2.0**-32
    np.testing.assert_allclose(read, np.column_stack([g, h]), atol=1e-9)

    (keys,) = {tuple(sorted({message["key"] for message in of["data_sample"]}))}
    assert [int.from_bytes(key) for key in keys] == [owner._key.public.modulus]
    for party in parties:
        assert isinstance(party._key, PublicKey)
        assert party._key._scheme.secret_key is None

    open_to_all = {"people", "left", "node", "feature", "bin", "bins", "importance", "metrics", "key"}
    fields = {name for message in sent for name in message.payload}
    assert fields == open_to_all | {"gh", "sums"}
    forks = [here for tree in owner.trees for here in tree.values() if not isinstance(here, Leaf)]
    for message in of["split"]:
        assert any((here.holder, here.feature, here.bin) == (message.receiver, message["feature"], message["bin"])
                   for here in forks)  # fmt: skip
    assert len(of["split"]) == sum(here.holder != "owner" for here in forks)


SMALL = {"trees": 1, "max_depth": 2, "bins": 4}


@pytest.mark.parametrize("parties", [1, 3])
def test_predictions_under_encryption_are_the_same(parties: int) -> None:
    """To the rounding of 32 bits, in every round; one of the trees is not full."""
    given = {**SMALL, "min_gain": 30.0}
    (shown, plain), (hidden, encrypted) = (
        played("diabetes", parties, protocol, **given) for protocol in ("vertical_trees", "vertical_trees_encrypted")
    )
    owners = [course.participants["owner"][0] for course in (shown, hidden)]
    assert owners[0].trees == owners[1].trees
    assert min(len(tree) for tree in owners[0].trees) < 7
    np.testing.assert_allclose(owners[0].test_scores, owners[1].test_scores, atol=1e-8)
    logged = [[each.values["r2"] for each in result.metrics] for result in (plain, encrypted)]
    assert logged[0] == pytest.approx(logged[1], abs=1e-8)
    assert len(logged[0]) == 4


def test_no_path_is_shown(sent: list[Message]) -> None:
    """As many ciphertexts for each person as the tree has leaves, possible or not, none of which is ever seen twice;
    the owner gets one sum for each person."""
    course, _ = played("diabetes", 2, "vertical_trees_encrypted", **SMALL)
    assert {message.type for message in sent} == set(course.protocol.messages)
    (owner,) = course.participants["owner"]
    leaves = [sum(isinstance(here, Leaf) for here in tree.values()) for tree in owner.trees]
    assert leaves == [4, 4]
    tables = [message["leaves"] for message in sent if message.type == "enc_pred_result"]
    assert [(len(table), {len(row) for row in table}) for table in tables] == [(89, {4})] * 4
    sums = [each for message in sent if message.type == "pred_result" for each in message["sums"]]
    sealed = [each for table in tables for row in table for each in row] + sums
    assert len(sealed) == len(set(sealed)) == 4 * 89 * 4 + 2 * 89
    assert {len(each) for each in sealed} == {256}
    assert [message.receiver for message in sent if message.type == "pred_result"] == ["owner", "owner"]
    assert [message.receiver for message in sent if message.type == "enc_pred_result"] == ["party1", "party2"] * 2


def test_it_is_the_same_in_whatever_order_messages_come() -> None:
    scores = []
    for seed in (1, 2):
        jitter = Conditions(latency={("*", "*"): Span(0.01, 1.0)})
        setting = materials("diabetes", "iid", 0).equip
        course = Course.build("vertical_trees_encrypted", {"party": 3}, {"key_bits": 1024, **SMALL}, setting=setting)
        assert course.run(conditions=jitter, seed=seed).outcome == "complete"
        scores.append(course.participants["owner"][0].test_scores)
    assert np.array_equal(*scores)


def test_a_bin_is_what_is_above_its_bound() -> None:
    train = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [4.0, 5.0]])
    binned = Binned(train, np.array([[0.0, 4.0], [2.5, 6.0], [9.0, 5.0]]), bins=2)
    assert binned.sizes == [2, 2]
    assert binned.train.tolist() == [[0, 0], [0, 0], [1, 0], [1, 0]]
    assert binned.test.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert binned.left(np.array([1, 2]), 0, 0).tolist() == [1]
    assert binned.left(np.array([1, 2]), 1, 0).tolist() == [1, 2]
    assert binned.left(np.array([1, 2]), 1, 0, of_test=True).tolist() == [2]


def test_it_is_for_two_classes_or_values() -> None:
    with pytest.raises(UsageError, match="two classes, or for values"):
        Course.build("vertical_trees", {"party": 1}, {}, setting=materials("wine", "iid", 0).equip)


def test_gradients_that_are_too_large() -> None:
    given = {"key_bits": 1024, "bits": 52, "trees": 1}
    course = Course.build("vertical_trees", {"party": 1}, given, setting=materials("diabetes", "iid", 0).equip)
    course.participants["owner"][0].objective.labels *= 1e6
    with pytest.raises(HandlerError, match="UsageError: gradients with 52 bits after the point do not fit into 64"):
        course.run()
