"""Courses that are built on federated averaging: admission, clusters of clients, and rates from a network."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from protoflow.learning import training
from protoflow.learning.gcfl import Cluster, divided, warped
from protoflow.learning.pfedhpo import Hypernetwork
from tests.learning.courses import accuracies, course, rounds, run

SERIES = st.lists(st.floats(0, 100), min_size=1, max_size=8)


# Admission


def test_clients_get_numbers_and_addresses_and_answer_questions():
    played = course("fedavg_admission", clients=3, rounds=2)
    assert played.run(seed=0).outcome == "complete"
    server, clients = played._participants["server"][0], played._participants["client"]
    assert sorted(client.number for client in clients) == [1, 2, 3]
    assert all(set(client.addresses) == {"client1", "client2", "client3"} for client in clients)
    for client in clients:
        known = {"samples": len(client.training_set), "kept": len(client.validation_set)}
        assert server.answers[client.id] == known


def test_who_hears_that_it_has_converged_keeps_the_best_model():
    """Of models that are all the same the first; without convergence, the last."""
    played = course("fedavg_admission", rounds=9, target_score=0.9, clients=4)
    found = accuracies(played.run(seed=0))
    assert found[-1] > 0.88
    assert len(found) < 10
    for client in played._participants["client"]:
        assert client.keeps
        assert training.norm(training.minus(training.weights_of(client.model), client.best[1])) == 0
    played = course("fedavg_admission", rounds=1, clients=2)
    played.run(seed=0)
    server = played._participants["server"][0]
    for client in played._participants["client"]:
        assert not client.keeps
        assert training.norm(training.minus(training.weights_of(client.model), server.weights())) == 0


# Clusters


@given(SERIES, SERIES)
def test_warping_is_a_distance_but_for_the_triangle(left, right):
    assert warped(left, left) == 0
    assert warped(left, right) == warped(right, left) >= 0
    stretched = [number for number in left for _ in range(2)]
    assert warped(left, stretched) == 0


def test_warping_by_hand():
    assert warped([1, 2, 3], [1, 3, 3, 3]) == 1
    assert warped([0, 0], [5]) == 10


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 100))
def test_clients_with_like_series_stay_together(few, many, seed):
    """A small disturbance, and the two kinds are far apart; a cut of a part of one kind is never the cheaper one."""
    drawn = torch.rand(few + many, 4, generator=torch.Generator().manual_seed(seed)) / 1000
    series = {f"a{n}": [1 + x for x in drawn[n].tolist()] for n in range(few)}
    series |= {f"b{n}": [9 - x for x in drawn[few + n].tolist()] for n in range(many)}
    parts = divided(series)
    assert sorted(map(sorted, parts)) == sorted(
        sorted(name for name in series if name.startswith(kind)) for kind in ("a", "b")
    )


def test_a_cluster_moves_by_the_mean_of_its_changes():
    cluster = Cluster({"a", "b"}, {"layer": torch.tensor([1.0, 1.0])})
    cluster.changes = {"a": ({"layer": torch.tensor([4.0, 0.0])}, 1), "b": ({"layer": torch.tensor([0.0, 2.0])}, 3)}
    assert cluster.move() == pytest.approx(((1 + 1.5**2) ** 0.5, 4.0))
    assert cluster.weights["layer"].tolist() == [2.0, 2.5]
    assert cluster.move() == (0.0, 0.0)


def test_clusters_are_divided_and_learn():
    """There are never fewer clusters than before; with the bounds of the file there is one, as changes are long."""
    settings = {"clients": 6, "rounds": 8, "partition": "dirichlet:0.3", "stop_after": 99}
    found = rounds(run("gcfl_plus", cluster_mean=3.0, window=3, **settings))
    counts = [values["clusters"] for values in found]
    assert counts[:3] == [1, 1, 1]
    assert counts == sorted(counts)
    assert 1 < counts[-1] <= 6
    assert found[-1]["accuracy"] > 0.85
    whole = rounds(run("gcfl_plus", **settings))
    assert {values["clusters"] for values in whole} == {1}


def test_every_client_is_in_one_cluster_and_has_its_model():
    played = course("gcfl_plus", clients=6, rounds=5, cluster_mean=9.0, window=2, local_epochs=1)
    played.run(seed=0)
    server, clients = played._participants["server"][0], played._participants["client"]
    assert sorted(name for cluster in server.clusters for name in cluster.members) == [each.id for each in clients]
    assert len(server.clusters) > 1
    for client in clients:
        (mine,) = (cluster for cluster in server.clusters if client.id in cluster.members)
        assert training.norm(training.minus(training.weights_of(client.model), mine.weights)) == 0


# Rates from a network


def test_rates_are_between_the_lowest_and_the_highest_and_it_learns():
    result = run("pfedhpo", clients=6, rounds=10, lowest_rate=0.05, highest_rate=0.5, partition="iid")
    assert accuracies(result)[-1] > 0.92


def test_the_network_goes_where_the_rewards_are():
    """Two clients for whom high rates are good, and two for whom low ones are, part."""
    played = course("pfedhpo", clients=2, rounds=1, local_epochs=1, network_rate=0.02)
    played.run(seed=0)
    server = played._participants["server"][0]
    with training.seeded(0):
        server.network = Hypernetwork(4)
    server.optimizer = torch.optim.Adam(server.network.parameters(), lr=0.02)
    clients, generator = ["a", "b", "c", "d"], torch.Generator().manual_seed(0)
    for _ in range(300):
        places = server.network(torch.arange(4)).detach()
        draws = (places + 0.15 * torch.randn(4, generator=generator)).tolist()
        server.drawn = dict(zip(clients, draws, strict=True))
        a, b, c, d = (min(1.0, max(0.0, draw)) for draw in draws)
        server.learn(clients, {"a": a, "b": b, "c": 1 - c, "d": 1 - d})
    a, b, c, d = server.network(torch.arange(4)).tolist()
    assert min(a, b) > 0.7
    assert max(c, d) < 0.3
