"""Each learning course learns what it should, on real data, the same way for the same seed."""

import pytest
import torch

from protoflow.engines.conditions import Conditions, Crash, Span, Stragglers
from protoflow.learning import fedavg, training
from protoflow.learning.partition import partition
from protoflow.runtime import Message, Result
from tests.learning.courses import accuracies, course, materials, rounds, run

LEARNING = (
    "fedavg", "fedprox", "fedopt", "scaffold", "ditto", "fedrep", "gradient_exchange",
    "fedavg_deadline", "fedbuff", "fedasync",
)  # fmt: skip
JITTER = Conditions(latency={("*", "*"): Span(0.01, 0.2)}, compute={"client": Span(0.5, 2.0)})
STRAGGLER = Conditions(
    latency={("*", "*"): Span(0.01, 0.2)},
    compute={"client": Span(0.5, 2.0)},
    stragglers={"client": Stragglers(0.1, 20)},
)


def test_fedavg_as_make_run_runs_it():
    """Above 0.95 on images that nobody trained on, from one in ten; each round at its own number."""
    result = run("fedavg")
    assert result.outcome == "complete"
    assert [values["round"] for values in rounds(result)] == list(range(21))
    found = accuracies(result)
    assert found[0] < 0.2
    assert found[10] > 0.92
    assert found[-1] > 0.95
    # join, evaluate and metrics of round 0, then four messages a round and client, and finish
    assert result.messages == 10 * (1 + 2 + 20 * 4 + 1)


@pytest.mark.parametrize(
    ("protocol", "steps", "least"),
    [("fedavg", 8, 0.91), ("fedprox", 8, 0.91), ("fedopt", 10, 0.91), ("scaffold", 8, 0.91), ("ditto", 8, 0.91),
     ("fedrep", 8, 0.91), ("gradient_exchange", 4, 0.91), ("fedavg_deadline", 10, 0.91), ("fedbuff", 30, 0.91),
     ("fedasync", 150, 0.91)],
)  # fmt: skip
def test_a_few_rounds_are_enough(protocol, steps, least):
    result = run(protocol, seed=1, rounds=steps)
    assert result.outcome == "complete"
    assert max(accuracies(result)[-3:]) > least


@pytest.mark.parametrize("protocol", LEARNING)
def test_the_same_seed_gives_the_same_course(protocol):
    first, again, other = (
        run(protocol, clients=4, seed=seed, rounds=2, local_epochs=1, conditions=JITTER) for seed in (3, 3, 4)
    )
    assert first.trace == again.trace
    assert accuracies(first) != accuracies(other)


@pytest.mark.parametrize("protocol", LEARNING)
@pytest.mark.parametrize("conditions", [JITTER, STRAGGLER], ids=["jitter", "straggler"])
def test_it_completes_however_long_things_take(protocol, conditions):
    result = run(protocol, clients=5, rounds=6, local_epochs=1, conditions=conditions)
    assert result.outcome == "complete"
    assert set(result.states.values()) == {"finished"}
    assert result.warnings == ()


@pytest.mark.parametrize(
    ("protocol", "crash"),
    [
        ("fedavg_deadline", Crash("client1", time=0.0)),
        ("fedavg_deadline", Crash("client1", time=4.0)),
        ("fedavg_deadline", Crash("client1", round=2)),
        ("fedbuff", Crash("client1", time=0.0)),
        ("fedbuff", Crash("client1", time=4.0)),
    ],
)
@pytest.mark.parametrize("clients", [1, 3])
def test_a_crash_does_not_stop_it(protocol, crash, clients):
    faults = Conditions(latency=JITTER.latency, compute=JITTER.compute, crashes=(crash,))
    result = run(protocol, clients=clients, rounds=3, local_epochs=1, conditions=faults)
    assert result.outcome == "complete"
    assert result.crashed == ("client1",)
    assert result.states["server"] == "finished"


def weights(result_of: object) -> dict[str, torch.Tensor]:
    return training.weights_of(result_of.model)


def test_one_round_of_fedavg_is_what_the_paper_says():
    """Algorithm 1, written out: every client trains from the same weights; the mean weighs by samples."""
    given = materials("digits", "dirichlet:0.5", 0)
    played = course("fedavg", clients=3, rounds=1)
    server, clients = played._participants["server"][0], played._participants["client"]
    start = weights(server)
    assert played.run().outcome == "complete"

    places = partition(given.dataset.train.labels.numpy(), "dirichlet:0.5", 3, 0)
    expected = {name: torch.zeros_like(tensor, dtype=torch.float64) for name, tensor in start.items()}
    total = 0
    for index, client in enumerate(clients, 1):
        shard, _ = given.dataset.train.take(places[index - 1]).held_out()
        model = given.model()
        seed = training.derive(client.seed, f"client{index}", 1)
        training.train(model, shard, epochs=5, batch_size=16, learning_rate=0.3, seed=seed)
        for name, tensor in model.state_dict().items():
            expected[name] += len(shard) * tensor.double()
        total += len(shard)
    for name, tensor in weights(server).items():
        torch.testing.assert_close(tensor, (expected[name] / total).float())
        assert all(torch.equal(weights(client)[name], tensor) for client in clients)


def test_a_fraction_of_the_clients_trains():
    result = run("fedavg", clients=7, rounds=4, local_epochs=1, fraction="30%", partition="iid")
    cohorts = [sent.to for step in result.trace for sent in step.sends if sent.message == "model"]
    assert [len(cohort) for cohort in cohorts] == [3, 3, 3, 3]
    assert len(set(cohorts)) > 1


def test_it_stops_early_when_the_clients_are_content():
    result = run("fedavg", target_score=0.9)
    assert 3 < len(rounds(result)) < 15


def test_it_stops_early_when_nothing_gets_better():
    result = run("fedavg", clients=3, learning_rate=0.0, stop_after=2)
    assert [values["round"] for values in rounds(result)] == [0, 1, 2]


def converged(accuracies: list[float], target: float = 1.0, stop_after: int = 2) -> bool:
    """What the server of a course that is over says of such evaluations."""
    played = course("fedavg", clients=1, rounds=1, local_epochs=1, target_score=target, stop_after=stop_after)
    played.run()
    server = played._participants["server"][0]
    server.evaluations = [[fedavg.Score(each, 0.0, n, "accuracy") for n in (10, 30)] for each in accuracies]
    return server.converged()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [([0.1], False), ([0.5, 0.4], False), ([0.5, 0.4, 0.5], True), ([0.5, 0.4, 0.6], False), ([0.2, 1.0], True)],
)
def test_when_it_has_converged(seen, expected):
    assert converged(seen) is expected


def test_the_proximal_term_holds_clients_near():
    """With mu = 0 FedProx is FedAvg; with a large one a client hardly moves."""

    def moved(protocol: str, **parameters: object) -> float:
        played = course(protocol, clients=2, rounds=1, **parameters)
        server = played._participants["server"][0]
        before = weights(server)
        played.run()
        return training.norm({name: tensor - before[name] for name, tensor in weights(server).items()})

    assert moved("fedprox", mu=0.0) == pytest.approx(moved("fedavg"), rel=1e-4)
    assert moved("fedprox", mu=1.0, learning_rate=0.1) < moved("fedprox", mu=0.1, learning_rate=0.1)


def trainings(result: Result, played: object) -> list[int]:
    return [client.trainings for client in played._participants["client"]]


def test_gradients_make_clients_train_only_where_they_are_long():
    eager, lazy = (
        course("gradient_exchange", clients=3, rounds=2, local_epochs=1, threshold=each) for each in (0.0, 1e9)
    )
    assert trainings(eager.run(), eager) == [4, 4, 4]
    assert trainings(lazy.run(), lazy) == [2, 2, 2]


def test_lazy_clients_return_the_model_that_the_cohort_made():
    """Applying the cohort's gradients to the global model is what averaging their updates is."""
    averaged, exchanged = (
        run("fedavg", clients=3, rounds=2),
        run("gradient_exchange", clients=3, rounds=2, threshold=1e9),
    )
    assert accuracies(exchanged) == pytest.approx(accuracies(averaged), abs=0.003)


def served(result: Result) -> float:
    """When the server was done."""
    return min(step.time for step in result.trace if step.receiver == "server" and step.state_after == "finished")


def test_the_deadline_leaves_the_straggler_behind():
    settings = {"clients": 5, "rounds": 3, "local_epochs": 1, "patience": "1000s", "conditions": STRAGGLER}
    patient, hasty = (run("fedavg_deadline", quorum=quorum, **settings) for quorum in ("100%", "80%"))
    assert served(hasty) < served(patient) / 2
    assert {step.message for step in hasty.trace if step.outcome in ("stale", "ignored")} == {"update"}
    assert not any(step.outcome in ("stale", "ignored") for step in patient.trace)


def test_a_late_client_is_in_the_next_cohort():
    late = Conditions(compute={"client1": Span(35.0, 35.0), "client": Span(10.0, 10.0)})
    result = run("fedavg_deadline", clients=3, rounds=3, patience="30s", conditions=late)
    cohorts = [sent.to for step in result.trace for sent in step.sends if sent.message == "model"]
    assert cohorts[:2] == [("client2", "client3"), ("client1", "client2", "client3")]


def test_nobody_joins():
    faults = Conditions(crashes=(Crash("client1", time=0.0),))
    result = run("fedavg_deadline", clients=1, conditions=faults)
    assert (result.outcome, result.time, rounds(result)) == ("complete", 30.0, [])


def test_a_stale_update_weighs_less():
    """(1 + s) ** -0.5 of one that is s steps old; the sum is divided by the number in the buffer: Algorithm 1."""
    played = course("fedbuff", clients=1, rounds=1, buffer=1)
    played.run()
    server = played._participants["server"][0]
    assert (server.round, server.buffered.total()) == (2, 0)
    for version, value in ((2, 1.0), (2, 2.0), (-1, 10.0)):
        payload = {"delta": {"layer": torch.tensor([value])}, "version": version}
        server.exchange(Message("update", "client1", "server", payload))
    assert server.buffered == {"client1": 3}
    assert server.updates.mean(divisor=3)["layer"].item() == pytest.approx((1 + 2 + 0.5 * 10) / 3)


def test_the_server_steps_on_every_full_buffer():
    result = run("fedbuff", clients=4, rounds=5, buffer=3, conditions=JITTER)
    steps = [step for step in result.trace if step.trigger == "goal_achieved"]
    taken = [step for step in result.trace if step.trigger == "update" and step.outcome == "handled"]
    assert len(steps) == 6
    assert len(taken) == 18


def test_an_empty_buffer_for_long_enough_ends_it():
    gone = Conditions(crashes=(Crash("client1", time=0.0), Crash("client2", time=0.0)))
    result = run("fedbuff", clients=2, buffer=3, conditions=gone)
    assert (result.outcome, result.time, rounds(result)) == ("complete", 60.0, [])
