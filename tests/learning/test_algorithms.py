"""Each algorithm does what its paper writes, held against the paper's lines; and what the papers claim holds here.

The claims are those of the papers, on the digits, with fixed seeds and a margin.
"""

import pytest
import torch

from protoflow.engines.conditions import Conditions, Span, Stragglers
from protoflow.errors import UsageError
from protoflow.learning import fedopt, fedrep, training
from protoflow.runtime import Message, Result
from tests.learning.courses import accuracies, course, rounds, run

SKEWED = "dirichlet:0.1"
STRAGGLERS = Conditions(
    latency={("*", "*"): Span(0.01, 0.2)},
    compute={"client": Span(0.5, 2.0)},
    stragglers={"client": Stragglers(0.2, 20)},
)


def server_of(played: object) -> object:
    return played._participants["server"][0]


def clients_of(played: object) -> list:
    return played._participants["client"]


# What the papers write


def test_server_optimizers_as_written():
    """Two steps of each optimizer on one number (Reddi et al., Algorithm 2, with beta_1 = 0.5 and beta_2 = 0.8)."""
    for name, second_of in (
        ("adagrad", lambda v, d: v + d**2),
        ("adam", lambda v, d: 0.8 * v + 0.2 * d**2),
        ("yogi", lambda v, d: v - 0.2 * d**2 * (1 if v > d**2 else -1)),
    ):
        server = fedopt.Server(torch.nn.Linear(1, 1, bias=False), None)
        given = {"server_optimizer": name, "server_rate": 0.1, "caution": 0.01, "momentum": 0.5, "second_momentum": 0.8}
        server._interpreter = type("Place", (), {"parameters": given})()
        x, m, v = server.model.weight.item(), 0.0, 0.01**2
        for mean in (0.7, -0.4):
            server.move({"weight": torch.tensor([[mean]])})
            delta = mean - x
            m, v = 0.5 * m + 0.5 * delta, second_of(v, delta)
            x += 0.1 * m / (v**0.5 + 0.01)
            assert server.model.weight.item() == pytest.approx(x, rel=1e-4), name


def test_an_optimizer_that_there_is_not():
    with pytest.raises(UsageError, match="`server_optimizer` is one of `adagrad`, `adam`, `yogi`, not `sgd`"):
        course("fedopt", clients=2, server_optimizer="sgd")


def test_scaffold_begins_as_averaging_does():
    """All control variates are zero in the first round, and shards of one size weigh the same."""
    averaged, corrected = (run(protocol, clients=4, rounds=1) for protocol in ("fedavg", "scaffold"))
    assert accuracies(corrected) == pytest.approx(accuracies(averaged), abs=0.003)


def test_the_server_keeps_the_mean_of_the_control_variates():
    """Algorithm 1, lines 16 and 17: with all clients in each round, c stays the mean of the c_i; each sums to what its
    client moved: c_i = c_i - c + (x - y_i) / (K eta)."""
    played = course("scaffold", clients=4, rounds=3, local_epochs=2)
    assert played.run().outcome == "complete"
    own = [client.control for client in clients_of(played)]
    for name, tensor in server_of(played).control.items():
        torch.testing.assert_close(tensor, torch.stack([each[name] for each in own]).mean(0), rtol=1e-3, atol=1e-5)
    assert max(training.norm(each) for each in own) > 0.1


def test_one_step_of_a_scaffold_client():
    """y = x - eta (g - c_i + c), and its new control variate is the gradient that it saw: g."""
    played = course("scaffold", clients=2, rounds=1, local_epochs=1, batch_size=10_000, learning_rate=0.2)
    played.run()
    client = clients_of(played)[0]
    x = training.weights_of(client.model)
    c = {name: torch.full_like(tensor, 0.01) for name, tensor in client.control.items()}
    before = client.control
    client.model.zero_grad()
    training.loss_of_task(client.model, client.training_set).backward()
    gradient = {name: parameter.grad.clone() for name, parameter in client.model.named_parameters()}
    y = client.train({"weights": x, "control": c})["weights"]
    for name, g in gradient.items():
        torch.testing.assert_close(y[name], x[name] - 0.2 * (g - before[name] + c[name]), rtol=1e-4, atol=1e-6)
        # c_i+ = c_i - c + (x - y) / (K eta) = c_i - c + g - c_i + c = g
        torch.testing.assert_close(client.control[name], g, rtol=1e-3, atol=1e-5)


def test_a_model_of_ones_own_is_held_near_the_global_one():
    def apart(attraction: float) -> float:
        played = course("ditto", clients=2, rounds=1, partition=SKEWED, attraction=attraction, learning_rate=0.1)
        client = clients_of(played)[0]
        start = training.weights_of(client.model)
        played.run()
        return training.norm(training.minus(client.own.state_dict(), start))

    assert apart(5.0) < apart(0.5) < apart(0.0)


def test_the_global_model_of_ditto_is_that_of_averaging():
    averaged, beside = course("fedavg", clients=3, rounds=2), course("ditto", clients=3, rounds=2)
    averaged.run()
    beside.run()
    for name, tensor in server_of(averaged).model.state_dict().items():
        assert torch.equal(tensor, server_of(beside).model.state_dict()[name])


def test_heads_are_never_sent():
    played = course("fedrep", clients=3, rounds=2)
    server = server_of(played)
    first = {name: server.model.state_dict()[name].clone() for name in fedrep.head_of(server.model)}
    assert set(first) == {"3.weight", "3.bias"}
    assert set(server.weights()) == {"1.weight", "1.bias"}
    played.run()
    heads = [client.model.state_dict()["3.weight"] for client in clients_of(played)]
    bodies = [client.model.state_dict()["1.weight"] for client in clients_of(played)]
    assert all(torch.equal(server.model.state_dict()[name], tensor) for name, tensor in first.items())
    assert all(torch.equal(server.model.state_dict()["1.weight"], body) for body in bodies)
    assert not torch.equal(heads[0], heads[1])


def test_an_update_is_mixed_in_by_its_staleness():
    played = course("fedasync", clients=1, rounds=1, mixing=0.6, staleness_exponent=0.5)
    played.run()
    server = server_of(played)
    server.log = lambda **_: None
    for stale, part in ((0, 0.6), (3, 0.3)):
        before, ones = server.weights(), training.each(torch.ones_like, server.weights())
        server.mix(Message("update", "client1", "server", {"weights": ones, "version": server.round - stale}))
        for name, tensor in server.weights().items():
            torch.testing.assert_close(tensor, (1 - part) * before[name] + part)


# What the papers claim


@pytest.mark.parametrize("seed", range(3))
def test_scaffold_beats_averaging_per_round_on_skewed_data(seed):
    """Karimireddy et al., section 7: fewer rounds where clients differ. At least 3 points over ten rounds."""
    plain, corrected = (
        accuracies(run(protocol, seed=seed, partition=SKEWED, rounds=10, stop_after=99))
        for protocol in ("fedavg", "scaffold")
    )
    assert sum(corrected[1:]) / 10 > sum(plain[1:]) / 10 + 0.03
    assert corrected[-1] > plain[-1] + 0.02


def reached(result: Result, accuracy: float) -> float:
    """When the global model was that good, in virtual seconds."""
    return next(logged.time for logged in result.metrics if logged.values["accuracy"] >= accuracy)


@pytest.mark.parametrize("seed", range(3))
def test_a_buffer_beats_waiting_for_everybody_in_time(seed):
    """Nguyen et al., section 5: with stragglers, the same accuracy in less time. At least three times less."""
    waiting = run("fedavg", seed=seed, rounds=12, stop_after=99, conditions=STRAGGLERS)
    buffered = run("fedbuff", seed=seed, rounds=60, conditions=STRAGGLERS)
    assert 3 * reached(buffered, 0.9) < reached(waiting, 0.9)


@pytest.mark.parametrize("seed", range(3))
def test_models_of_their_own_beat_the_global_one_on_skewed_data(seed):
    """Li et al., section 4: better for the clients than one model for all, in every round, by 5 points at least."""
    found = rounds(run("ditto", seed=seed, partition=SKEWED, rounds=8, stop_after=99))
    assert all(values["accuracy"] > values["shared_accuracy"] + 0.05 for values in found[1:])
