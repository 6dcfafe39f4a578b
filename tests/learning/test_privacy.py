"""Clipping and noise as written, the figure of opacus's accountant, and that courses learn under both."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from opacus.accountants import RDPAccountant

from protoflow.engines.conditions import Conditions, Span
from protoflow.errors import UsageError
from protoflow.learning import training
from protoflow.learning.privacy import Ledger, Privacy
from protoflow.runtime import Course, Message, Result
from tests.learning.courses import accuracies, course, materials, rounds, run

NUMBERS = st.lists(st.floats(-1e3, 1e3, width=32), min_size=5, max_size=5)
PLAIN = {"clip_norm": 0.5, "noise_multiplier": 0.0}


def change(numbers: list[float]) -> dict[str, torch.Tensor]:
    values = torch.tensor(numbers)
    return {"layer": values[:4].reshape(2, 2), "bias": values[4:]}


def epsilon(noise_multiplier: float, sample_rate: float, steps: int, delta: float = 1e-5) -> float:
    accountant = RDPAccountant()
    for _ in range(steps):
        accountant.step(noise_multiplier=noise_multiplier, sample_rate=sample_rate)
    return accountant.get_epsilon(delta=delta)


@settings(deadline=None)
@given(NUMBERS, st.floats(1e-3, 1e4))
def test_clipping_shortens_and_does_not_turn(numbers, bound):
    before = change(numbers)
    after = Privacy(clip_norm=bound).clipped(before)
    norm = training.norm(before)
    assert training.norm(after) <= bound * (1 + 1e-5)
    factor = min(1.0, bound / norm) if norm else 1.0
    for name, tensor in before.items():
        torch.testing.assert_close(after[name], tensor * factor, rtol=1e-4, atol=1e-6)
    if norm <= bound:
        assert all(after[name].equal(tensor) for name, tensor in before.items())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_an_update_that_is_not_finite_does_no_harm(bad):
    cut = Privacy(clip_norm=2.0).clipped(change([1.0, 2.0, bad, 0.0, 1.0]))
    assert training.norm(cut) <= 2.0


def test_the_noise_is_as_large_as_asked():
    """Of 200,000 numbers the mean and the deviation are within five standard errors."""
    zeros = {"layer": torch.zeros(400, 500, dtype=torch.float64)}
    noised = Privacy(clip_norm=3.0, noise_multiplier=0.7).noised(zeros, count=6, seed=1)["layer"]
    deviation = 0.7 * 3.0 / 6
    assert noised.mean().abs() < 5 * deviation / 200_000**0.5
    assert noised.std().item() == pytest.approx(deviation, rel=5 / (2 * 200_000) ** 0.5)


@settings(deadline=None, max_examples=10)
@given(
    st.lists(st.tuples(st.sampled_from([0.5, 0.8, 1.3]), st.sampled_from([0.05, 0.3, 1.0])), min_size=1, max_size=8),
    st.sampled_from([1e-5, 1e-3]),
)
def test_the_figure_is_that_of_opacus(steps, delta):
    ledger, accountant = Ledger(), RDPAccountant()
    for noise_multiplier, sample_rate in steps:
        ledger.add(noise_multiplier, sample_rate)
        accountant.step(noise_multiplier=noise_multiplier, sample_rate=sample_rate)
    assert ledger.epsilon(delta) == accountant.get_epsilon(delta=delta)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"noise_multiplier": 1.0}, "`noise_multiplier` needs a `clip_norm` above 0"),
        ({"noise_multiplier": 1.0, "clip_norm": 1.0, "delta": 0.0}, "`delta` is between 0 and 1, not 0"),
    ],
)
def test_what_makes_no_sense(parameters, message):
    with pytest.raises(UsageError, match=message):
        course("fedavg", clients=2, **parameters)


@pytest.mark.parametrize("protocol", ["scaffold", "gradient_exchange", "power_of_choice", "fedasync"])
def test_courses_that_cannot_be_private_do_not_say_so(protocol):
    with pytest.raises(UsageError, match="`noise_multiplier` is not a parameter of this protocol"):
        course(protocol, clients=2, noise_multiplier=1.0)


# One mean


def server(protocol: str = "fedavg", **parameters: object) -> object:
    """The server of a course that is over, with its model at zero."""
    played = course(protocol, clients=4, rounds=1, local_epochs=1, **parameters)
    played.run(seed=0)
    found = played._participants["server"][0]
    found.model.load_state_dict(training.each(torch.zeros_like, found.model.state_dict()))
    found.updates = training.WeightedMean()
    return found


def update(server: object, value: float, samples: int, sender: str = "client1") -> Message:
    weights = training.each(lambda tensor: torch.full_like(tensor, value), server.model.state_dict())
    return Message("update", sender, "server", {"weights": weights, "samples": samples})


LENGTH = (64 * 64 + 64 + 64 * 10 + 10) ** 0.5
"""The norm of a model whose weights are all 1."""


def test_updates_are_cut_before_they_are_added_up():
    """One is short enough and one is not: 0.1 and 1 become 0.1 and 0.5, and weigh their samples."""
    found = server(clip_norm=0.5 * LENGTH)
    for value, samples in ((0.1, 30), (1.0, 10)):
        found.collect(update(found, value, samples))
    mean = found.mean(found.weights(), 4)
    expected = (30 * 0.1 + 10 * 0.5) / 40
    assert all(torch.allclose(tensor, torch.tensor(expected)) for tensor in mean.values())


def test_with_noise_all_weigh_the_same_and_whoever_is_missing_counts():
    """Two of four have answered: their sum, cut, divided by four, plus noise of that deviation."""
    found = server(clip_norm=0.5 * LENGTH, noise_multiplier=0.01)
    for value, samples in ((0.1, 30), (1.0, 10)):
        found.collect(update(found, value, samples))
    vector = training.flat(found.mean(found.weights(), 4))
    deviation = 0.01 * 0.5 * LENGTH / 4
    assert vector.mean().item() == pytest.approx((0.1 + 0.5) / 4, abs=5 * deviation / LENGTH)
    assert vector.std().item() == pytest.approx(deviation, rel=5 / (2 * LENGTH**2) ** 0.5)


def test_no_client_moves_the_mean_by_more_than_its_share():
    """What the noise is measured against: with and without one update, whatever it is."""
    sums = []
    for values in ((0.3, -0.2), (0.3, -0.2, 1e6)):
        found = server(clip_norm=1.0, noise_multiplier=1e-9)
        for value in values:
            found.collect(update(found, value, 10))
        sums.append(training.flat(found.mean(found.weights(), 4)))
    assert (sums[1] - sums[0]).norm().item() == pytest.approx(1 / 4, rel=1e-4)


# Courses


def hierarchy(**parameters: object) -> Result:
    given = materials("digits", "iid", 0)
    counts = {"edge": 2, "client": 20}
    return Course.build("hierarchical", counts, parameters, setting=given.equip, seed=0).run(seed=0)


def test_averaging_learns_in_private_and_tells_what_it_spent():
    """A fifth of the clients a round; the table has no figure before something is spent."""
    settings = {"clients": 60, "partition": "iid", "rounds": 15, "fraction": "20%", "local_epochs": 2}
    found = run("fedavg", clip_norm=1.0, noise_multiplier=0.5, delta=1e-3, **settings)
    told = rounds(found)
    assert "epsilon" not in told[0]
    for number in (1, 15):
        assert told[number]["epsilon"] == epsilon(0.5, 0.2, number, 1e-3)
        assert told[number]["delta"] == 1e-3
    assert accuracies(found)[-1] > 0.8


@pytest.mark.parametrize(("protocol", "means"), [("fedprox", 2), ("fedopt", 2), ("fedavg_deadline", 3)])
def test_what_is_built_on_it_tells_it_too(protocol, means):
    told = rounds(run(protocol, clients=4, rounds=2, local_epochs=1, clip_norm=1.0, noise_multiplier=2.0))
    figures = [values["epsilon"] for values in told if "epsilon" in values]
    assert figures == [epsilon(2.0, 1.0, n) for n in range(1, means + 1)]


@pytest.mark.parametrize("protocol", ["ditto", "fedrep", "pfedme"])
def test_so_do_courses_with_models_of_ones_own(protocol):
    told = rounds(run(protocol, clients=4, rounds=2, local_epochs=1, clip_norm=1.0, noise_multiplier=2.0))
    assert [values["epsilon"] for values in told[1:]] == [epsilon(2.0, 1.0, n) for n in (1, 2)]


def test_a_hierarchy_learns_in_private():
    """Every client is in two means in a round of the cloud, one for each round of its edge."""
    result = hierarchy(rounds=14, learning_rate=0.3, clip_norm=0.5, noise_multiplier=0.3, compress="quantize:8")
    told = [logged.values for logged in result.metrics if logged.participant == "cloud"]
    assert [values.get("epsilon") for values in told] == [None, *(epsilon(0.3, 1.0, 2 * n) for n in range(1, 16))]
    assert told[-1]["accuracy"] > 0.85


def test_fedprox_learns_in_private():
    result = run("fedprox", clients=40, partition="iid", rounds=15, clip_norm=1.0, noise_multiplier=0.5)
    assert accuracies(result)[-1] > 0.85


def test_a_buffer_counts_who_is_in_it_more_than_once():
    """Two changes of one client in a mean are as one that is twice as long: half the noise, as far as it goes."""
    fast = Conditions(compute={"client1": Span(1.0, 1.0), "client": Span(10.0, 10.0)})
    settings = {"clients": 3, "rounds": 2, "local_epochs": 1, "buffer": 4, "clip_norm": 1.0, "noise_multiplier": 4.0}
    result = run("fedbuff", conditions=fast, **settings)
    accountant, most = RDPAccountant(), []
    sent: list[str] = []
    for step in result.trace:
        if step.trigger == "update" and step.outcome == "handled":
            sent.append(step.sender)
        if "round" in step.metrics:
            most.append(max(map(sent.count, sent)))
            sent = []
            accountant.step(noise_multiplier=4.0 / most[-1], sample_rate=1.0)
            assert step.metrics["epsilon"] == accountant.get_epsilon(delta=1e-5)
    assert max(most) > 1


def test_a_buffer_learns_in_private():
    settings = {"clients": 20, "buffer": 20, "partition": "iid", "rounds": 20}
    result = run("fedbuff", clip_norm=1.0, noise_multiplier=0.4, compress="top-k:20%,quantize:8", **settings)
    assert accuracies(result)[-1] > 0.8


def test_the_noise_is_the_same_for_the_same_seed():
    first, again, other = (
        accuracies(run("fedavg", clients=3, rounds=2, seed=seed, clip_norm=1.0, noise_multiplier=1.0))
        for seed in (0, 0, 1)
    )
    assert first == again != other
