"""GCFL+ (Xie et al., NeurIPS 2021): clients in clusters, each with a model of its own.

A cluster is divided when its model hardly moves any more while some of its clients still pull: the norm of the mean
change is at most `cluster_mean`, that of one change at least `cluster_max`. Clients stay together whose changes have
had norms alike over the last rounds, the `window`: the two parts are the minimum cut (Stoer and Wagner) of the graph
whose edges weigh the more, the less the series differ (dynamic time warping). The paper's models are for graphs; here
they are whatever the course is given. A round is told by the clients, each testing the model of its cluster.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from protoflow.learning import fedavg, personal, training
from protoflow.learning.training import WeightedMean
from protoflow.runtime import Send

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.learning.training import Weights
    from protoflow.runtime import Message


def warped(left: Sequence[float], right: Sequence[float]) -> float:
    """The distance of two series under dynamic time warping: the least sum of differences of numbers put together."""
    row = [0.0, *[float("inf")] * len(right)]
    for one in left:
        before, row = row, [float("inf")]
        for place, other in enumerate(right):
            row.append(abs(one - other) + min(before[place], before[place + 1], row[place]))
    return row[-1]


def divided(series: Mapping[str, Sequence[float]]) -> tuple[set[str], set[str]]:
    """Two parts of the clients, by the minimum cut; at least two clients."""
    import networkx

    distances = {pair: warped(series[pair[0]], series[pair[1]]) for pair in combinations(sorted(series), 2)}
    graph: networkx.Graph[str] = networkx.Graph()
    for (one, other), distance in distances.items():
        graph.add_edge(one, other, weight=max(distances.values()) - distance)
    _, (left, right) = networkx.stoer_wagner(graph)
    return set(left), set(right)


@dataclass
class Cluster:
    members: set[str]
    weights: Weights
    changes: dict[str, tuple[Weights, int]] = field(default_factory=dict)
    """What members sent in this round, and their samples."""

    def move(self) -> tuple[float, float]:
        """Go on by the mean change; its norm, and the norm of the longest."""
        if not self.changes:
            return 0.0, 0.0
        changes = WeightedMean()
        for change, samples in self.changes.values():
            changes.add(change, samples)
        mean, longest = changes.mean(), max(training.norm(change) for change, _ in self.changes.values())
        self.weights, self.changes = training.plus(self.weights, mean), {}
        return training.norm(mean), longest


class Server(personal.Server):
    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.clusters: list[Cluster] = []
        self.norms: dict[str, deque[float]] = defaultdict(deque)

    def evaluate(self) -> Payload:
        """All are here, in one cluster."""
        self.clusters = [Cluster(set(self._joined()), self.weights())]
        return super().evaluate()

    def start_clusters(self) -> list[Send]:
        self.log(**self.measured())
        return self._models(self.cohort())

    def collect_change(self, message: Message) -> None:
        cluster = next(each for each in self.clusters if message.sender in each.members)
        cluster.changes[message.sender] = message["delta"], message["samples"]
        norms = self.norms[message.sender]
        norms.append(message["gradient_norm"])
        if len(norms) > self.parameters["window"]:
            norms.popleft()

    def aggregate_and_divide(self) -> list[Send]:
        parts: list[Cluster] = []
        for cluster in self.clusters:
            mean, longest = cluster.move()
            still = mean <= self.parameters["cluster_mean"] and longest >= self.parameters["cluster_max"]
            parts += self._parts(cluster) if still else [cluster]
        self.clusters = parts
        self.round += 1
        self.evaluations.append([])
        return self._models(self.samples)

    def finish_clusters(self) -> list[Send]:
        self.log(**self.measured())
        return self._models(self.samples)

    def measured(self) -> dict[str, float]:
        return {**super().measured(), "clusters": len(self.clusters)}

    def _parts(self, cluster: Cluster) -> list[Cluster]:
        """Two clusters, once there are three members, and a window of norms of each; then windows begin anew."""
        series = {client: self.norms[client] for client in cluster.members}
        if len(series) < 3 or any(len(norms) < self.parameters["window"] for norms in series.values()):
            return [cluster]
        for client in cluster.members:
            self.norms[client] = deque()
        return [Cluster(members, cluster.weights) for members in divided(series)]

    def _models(self, receivers: Iterable[str]) -> list[Send]:
        """For these clients the models of their clusters."""
        asked = set(receivers)
        return [
            Send({"weights": cluster.weights}, sorted(cluster.members & asked))
            for cluster in self.clusters
            if cluster.members & asked
        ]


class Client(fedavg.Client):
    train_and_tell = fedavg.Client.train

    def answer(self, message: Message, steps: int) -> Payload:
        """The norm is that of the change, which is what the rates of all steps have made of their gradients."""
        answer = super().answer(message, steps)
        delta = training.minus(self.weights(), message["weights"])
        return {**answer, "delta": delta, "gradient_norm": training.norm(delta)}
