"""Predictions that show nobody a path, for `vertical_trees_encrypted` (Yao et al., arXiv:2201.10761).

The owner sends, for each person of the test set, the weights of all leaves, encrypted: zero for those that its own
splits rule out. One party after the other puts zeros where its splits rule a leaf out, and blinds all anew; the last
adds them up, one leaf being left for each person. So no party learns which, and the owner learns the sum alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import vertical_trees
from protoflow.learning.backend import numpy as np
from protoflow.learning.boosting import ROOT, children
from protoflow.learning.vertical_trees import Fork, Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.learning.paillier import Ciphertext
    from protoflow.learning.vertical_trees import Payload
    from protoflow.runtime import Message


def every_node(max_depth: int) -> range:
    """Of the largest tree."""
    return range(ROOT, 2 ** (max_depth + 1) - 1)


class Party(vertical_trees.Party):
    def prune(self, message: Message) -> None:
        """What is not off, and has nothing under it, is a leaf."""
        self.off = message["nodes"]
        nodes = set(every_node(self.parameters["max_depth"])).difference(self.off)
        self.leaves = [node for node in sorted(nodes) if nodes.isdisjoint(children(node))]

    def rule_out(self, message: Message) -> Payload:
        leaves = [self._key.dump(row) for row in self._left_over(message)]
        return {"off_node_list": {"nodes": self.off}, "enc_pred_result": {"leaves": leaves}}

    def rule_out_and_sum(self, message: Message) -> Payload:
        return {"sums": self._key.dump(self._key.total(row) for row in self._left_over(message))}

    def _left_over(self, message: Message) -> Iterable[list[Ciphertext]]:
        """For each person, what was sent of the leaves that are possible, and nothing of the others."""
        table = self.features.possible(self.leaves, self.splits)
        for sealed, possible in zip(message["leaves"], table.tolist(), strict=True):
            weights = self._key.load(sealed)
            yield [weight if here else self._key.constant(0) for weight, here in zip(weights, possible, strict=True)]


class Owner(vertical_trees.Owner):
    def predict(self, *messages: Message) -> Payload:
        """The tree is grown, with its last node split here, or as a party has said."""
        left = self._own_left() if not messages else np.array(messages[0]["left"], dtype=np.intp)
        self._close(left)
        tree = self.trees[-1]
        splits = {
            node: (here.feature, here.bin)
            for node, here in tree.items()
            if isinstance(here, Fork) and here.holder == self.id
        }
        weights = {node: here.weight for node, here in sorted(tree.items()) if isinstance(here, Leaf)}
        numbers = np.rint(np.array(list(weights.values())) / self._unit).astype(np.int64)
        table = np.where(self.features.possible(list(weights), splits), numbers, 0)
        off = [node for node in every_node(self.parameters["max_depth"]) if node not in tree]
        sealed = [self._key.public.encrypt(row) for row in table.tolist()]
        return {"off_node_list": {"nodes": off}, "enc_pred_result": {"leaves": sealed}}

    def first_party(self, *_: object) -> list[str]:
        return [self.peers("party")[0]]

    def decrypt_and_sample(self, message: Message) -> Payload:
        self._add(message)
        return self.sample()

    def decrypt_and_report(self, message: Message) -> Payload:
        self._add(message)
        return self.report()

    def _add(self, message: Message) -> None:
        self.test_scores += np.array(self._key.decrypt(message["sums"])) * self._unit
