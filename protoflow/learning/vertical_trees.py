"""Gradient-boosted trees over divided features (SecureBoost: Cheng et al., arXiv:1901.08755), for `vertical_trees`.

The owner has the labels, and a private key. For each tree it sends everybody's g and h, encrypted, both in one number;
for each node, who is there. A party adds up what it cannot read by the bins of its features (Algorithm 1); the owner
reads the sums, and has the party of the best split tell who goes left (Algorithm 2). Several sums are packed into one
ciphertext (Chen et al., SecureBoost+, arXiv:2110.10927). The trees are those that one party would grow on all columns.

Who learns what: a party sees ciphertexts, who is at which node, and which of its splits were taken. The owner sees the
sums over bins, not what the bins are, nor who is in them but for the splits that it takes. What a split is, its party
alone knows; with new people it has to be asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protoflow.learning.backend import numpy as np
from protoflow.learning.boosting import ROOT, Binned, Objective, Split, best_split, children, depth, leaf_weight
from protoflow.learning.paillier import Ciphertext, PrivateKey, PublicKey, pack, unpack
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from protoflow.learning.boosting import Rows, Sums
    from protoflow.learning.columns import Columns
    from protoflow.runtime import Message, Setting

    Payload = dict[str, Any]


class Server(Participant):
    """`metrics` are those of the test set, `importance` how often each column splits a node, by its place."""

    def __init__(self) -> None:
        self.metrics: Mapping[str, float] = {}
        self.importance: dict[str, int] = {}

    def keep_metrics(self, message: Message) -> None:
        self.metrics = message["metrics"]

    def collect(self, message: Message) -> None:
        self.importance.update(message["importance"])

    def finish(self) -> None:
        self.log(**self.metrics)


class _Holder(Participant):
    """Whoever holds features, of training and test people. `used` counts the splits on each of them."""

    def __init__(self, columns: Columns, bins: int) -> None:
        self.places = columns.places
        self.features = Binned(columns.train.double().numpy(), columns.test.double().numpy(), bins)
        self.used = [0] * len(self.places)

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.columns("owner", "party"), int(setting.parameters["bins"]))

    @property
    def importance(self) -> Payload:
        return {"importance": {str(place): count for place, count in zip(self.places, self.used, strict=True)}}


class Party(_Holder):
    """`splits` are those of the tree that is grown, by node: feature and bin."""

    def bins(self, message: Message) -> Payload:
        self._key = PublicKey.from_bytes(message["key"])
        self.splits: dict[int, tuple[int, int]] = {}
        return {"bins": self.features.sizes}

    def gain(self, message: Message) -> Payload:
        """The sums over the bins of all features, one after the other, of the people at the node."""
        if message["gh"] is not None:
            self._derivatives = self._key.load(message["gh"])
        self.people = np.array(message["people"], dtype=np.intp)
        cells: list[Ciphertext] = []
        for feature, size in enumerate(self.features.sizes):
            members: list[list[Ciphertext]] = [[] for _ in range(size)]
            for person, place in zip(self.people, self.features.train[self.people, feature], strict=True):
                members[place].append(self._derivatives[person])
            cells += map(self._key.total, members)
        room = self._key.digits // 2
        together = [cells[start : start + room] for start in range(0, len(cells), room)]
        return {"sums": self._key.dump(pack(each, 2) for each in together)}

    def split(self, message: Message) -> Payload:
        feature, place = self.splits[message["node"]] = message["feature"], message["bin"]
        self.used[feature] += 1
        return {"left": self.features.left(self.people, feature, place).tolist()}

    def go_down(self, message: Message) -> Payload:
        feature, place = self.splits[message["node"]]
        people = np.array(message["people"], dtype=np.intp)
        return {"left": self.features.left(people, feature, place, of_test=True).tolist()}

    def report(self, message: Message) -> Payload:
        del message
        return self.importance


@dataclass(frozen=True)
class Fork:
    """A node that the holder splits: at which bin of which of its features."""

    holder: str
    feature: int
    bin: int


@dataclass(frozen=True)
class Leaf:
    weight: float


class Owner(_Holder):
    """Grows `trees`, each a node by its number (see `boosting.children`), one node after the other, level by level."""

    def __init__(self, columns: Columns, bins: int) -> None:
        super().__init__(columns, bins)
        assert columns.train_labels is not None, "the first of the roles has them"
        assert columns.test_labels is not None, "the first of the roles has them"
        self.objective = Objective(columns.train_labels)
        self.test_labels = columns.test_labels
        self.scores = np.full(len(columns.train), self.objective.base)
        self.test_scores = np.full(len(columns.test), self.objective.base)
        self.trees: list[dict[int, Fork | Leaf]] = []
        self.sizes: dict[str, Sequence[int]] = {}

    # Growing a tree

    def sample(self, *_: object) -> Payload:
        """Begin a tree, on everybody."""
        if not self.trees:
            self._key = PrivateKey(self.parameters["key_bits"])
        self._log()
        self.trees.append({})
        return {"people": list(range(len(self.scores))), "key": self._key.public.to_bytes()}

    def collect_info(self, message: Message) -> None:
        self.sizes[message.sender] = message["bins"]

    def gradients(self) -> Payload:
        self.derivatives = self.objective.derivatives(self.scores, self.parameters["bits"])
        self.at: dict[int, Rows] = {ROOT: np.arange(len(self.scores))}
        self.ahead = [ROOT]
        sealed = self._key.public.encrypt(map(pack, self.derivatives.tolist()))
        return {**self._next(), "gh": sealed}

    def collect_gain(self, message: Message) -> None:
        sizes = self.sizes[message.sender]
        places = 2 * (self._key.public.digits // 2)
        numbers = [unpack(each, places) for each in self._key.decrypt(message["sums"])]
        cells = np.array(numbers, dtype=np.int64).reshape(-1, 2)[: sum(sizes)]
        sums = np.split(cells, np.cumsum(sizes)[:-1])
        self.offers[message.sender] = self._best(sums)

    def best_is_elsewhere(self) -> bool:
        fork = self._fork
        return fork is not None and fork.holder != self.id

    def more_nodes(self, *_: object) -> bool:
        """Whether there is one to split after this one."""
        return bool(self.ahead) or (self._fork is not None and not self._last(self.node))

    def best_party(self, *_: object) -> list[str]:
        assert self._fork is not None
        return [self._fork.holder]

    def split_elsewhere(self) -> Payload:
        assert self._fork is not None
        return {"node": self.node, "feature": self._fork.feature, "bin": self._fork.bin}

    def split_here(self) -> Payload:
        self._close(self._own_left())
        return self._next()

    def next_node(self, message: Message) -> Payload:
        self._close(np.array(message["left"], dtype=np.intp))
        return self._next()

    def split_last(self) -> None:
        self._close(self._own_left())
        self._test()

    def end_of_tree(self, message: Message) -> None:
        self._close(np.array(message["left"], dtype=np.intp))
        self._test()

    @property
    def _fork(self) -> Fork | None:
        """The best of the offers for the node: the owner's, or the first party's, of equal ones."""
        best = max((self.id, *self.peers("party")), key=lambda each: gain_of(self.offers[each]))
        offer = self.offers[best]
        return None if offer is None else Fork(best, offer.feature, offer.bin)

    def _best(self, sums: Sequence[Sums]) -> Split | None:
        return best_split(sums, self._unit, self.parameters["regularisation"], self.parameters["min_gain"])

    def _next(self) -> Payload:
        """Go on with the next node, and ask the parties about it."""
        self.node = self.ahead.pop(0)
        people = self.at[self.node]
        self.offers: dict[str, Split | None] = {self.id: self._best(self.features.sums(people, self.derivatives))}
        return {"node": self.node, "people": people.tolist()}

    def _own_left(self) -> Rows:
        """Who goes left at the owner's own split, if that is the best."""
        people, fork = self.at[self.node], self._fork
        if fork is None:
            return people
        self.used[fork.feature] += 1
        return self.features.left(people, fork.feature, fork.bin)

    def _close(self, left: Rows) -> None:
        """The node is split as its fork says, or becomes a leaf."""
        fork = self._fork
        if fork is None:
            self._leaf(self.node)
            return
        self.trees[-1][self.node] = fork
        for child, people in zip(children(self.node), halves(self.at[self.node], left), strict=True):
            self.at[child] = people
            if self._last(self.node):
                self._leaf(child)
            else:
                self.ahead.append(child)

    def _last(self, node: int) -> bool:
        """Whether those under it are leaves, whatever they would gain."""
        return depth(node) + 1 >= int(self.parameters["max_depth"])

    def _leaf(self, node: int) -> None:
        people = self.at[node]
        weight = leaf_weight(self.derivatives[people], self._unit, self.parameters["regularisation"])
        self.trees[-1][node] = Leaf(self.parameters["learning_rate"] * weight)
        self.scores[people] += self.parameters["learning_rate"] * weight

    @property
    def _unit(self) -> float:
        return 2.0 ** -int(self.parameters["bits"])

    # The test set goes down the tree

    def node_is_elsewhere(self) -> bool:
        """Whether some of them wait at a node that a party has split."""
        return bool(self.ahead)

    def ask(self) -> Payload:
        return {"node": self.ahead[0], "people": self.at[self.ahead[0]].tolist()}

    def node_party(self) -> list[str]:
        fork = self.trees[-1][self.ahead[0]]
        assert isinstance(fork, Fork)
        return [fork.holder]

    def go_down(self, message: Message) -> None:
        self._divide(np.array(message["left"], dtype=np.intp))
        self._go_on()

    def report(self) -> Payload:
        self._log()
        metrics = self.objective.metrics(self.test_scores, self.test_labels)
        return {"eval_metric": {"metrics": metrics}, "feature_importance": self.importance}

    def _test(self) -> None:
        self.at = {ROOT: np.arange(len(self.test_scores))}
        self.ahead = [ROOT]
        self._go_on()

    def _go_on(self) -> None:
        """As far as the owner can tell where they go."""
        self.raise_event("test_next")
        while self.ahead:
            people, node = self.at[self.ahead[0]], self.trees[-1][self.ahead[0]]
            if isinstance(node, Leaf):
                self.test_scores[people] += node.weight
                self.ahead.pop(0)
            elif node.holder == self.id:
                self._divide(self.features.left(people, node.feature, node.bin, of_test=True))
            elif len(people):
                return
            else:
                self.ahead.pop(0)

    def _divide(self, left: Rows) -> None:
        node = self.ahead.pop(0)
        self.at |= zip(children(node), halves(self.at[node], left), strict=True)
        self.ahead += children(node)

    def _log(self) -> None:
        self.log(round=len(self.trees), **self.objective.metrics(self.test_scores, self.test_labels))


def gain_of(offer: Split | None) -> float:
    return 0.0 if offer is None else offer.gain


def halves(people: Rows, left: Rows) -> tuple[Rows, Rows]:
    return left, np.setdiff1d(people, left)
