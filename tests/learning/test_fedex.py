"""FedEx finds a learning rate that works among those that do not, while it trains; its steps are those of the paper."""

from math import log, nan, sqrt

import numpy as np
import pytest

from protoflow.errors import UsageError
from protoflow.learning.hyperparameters import rate_at
from tests.learning.courses import accuracies, course, rounds, run

SETTINGS = {"seed": 0, "partition": "iid", "rounds": 10, "stop_after": 99}
RANGE = {"lowest_rate": 0.0003, "highest_rate": 1.0}


def server(**parameters: object) -> object:
    """The server of a course that is over, with its policy as it was in the beginning."""
    played = course("fedex", clients=2, rounds=1, local_epochs=1, **parameters)
    played.run(seed=0)
    found = played._participants["server"][0]
    found.exponents, found.squares, found.gains = None, 0.0, []
    return found


def test_it_finds_the_rate_that_works_and_loses_little_on_the_way():
    """Trained alone, six rates give from 0.09 to 0.95, 0.60 in the mean; the policy is for the best, and gets 0.94."""
    alone = [accuracies(run("fedavg", learning_rate=rate_at(arm / 5, RANGE), **SETTINGS))[-1] for arm in range(6)]
    best = int(np.argmax(alone))
    played = course("fedex", arms=6, **RANGE, **SETTINGS)
    result = played.run(seed=0)
    policy = played._participants["server"][0].policy
    assert int(policy.argmax()) == best
    assert policy[best] > 0.6
    assert rounds(result)[-1]["best_rate"] == pytest.approx(rate_at(best / 5, RANGE))
    assert rounds(result)[-1]["chance"] > 0.6
    assert accuracies(result)[-1] > sum(alone) / 6 + 0.3
    assert accuracies(result)[-1] > max(alone) - 0.03


def test_a_step_as_written():
    """Two clients, by hand: the importance-weighted gradient, the adaptive step, the exponential, the sum to one."""
    found = server(arms=2, policy_rate=0.5)
    found.gains = [(0, -0.4, 30), (1, 0.2, 10)]
    found.learn()
    gradient = np.array([30 * -0.4 / (0.5 * 40), 10 * 0.2 / (0.5 * 40)])
    step = 0.5 * sqrt(2 * log(2) / 0.6**2)
    expected = 0.5 * np.exp(-step * gradient)
    assert found.policy == pytest.approx(expected / expected.sum())


def test_losses_without_bounds_count_for_the_worst():
    class Update(dict):
        sender = "client1"

    found = server(arms=2)
    weights = found.weights()
    for arm, after in ((0, nan), (1, 1e9)):
        found.collect_gain(Update(weights=weights, samples=10, arm=arm, before=1.0, after=after))
    assert found.gains == [(0, 1.0, 10), (1, 1.0, 10)]


def test_training_beyond_all_numbers_changes_nothing():
    result = run("fedex", clients=2, rounds=2, arms=1, lowest_rate=1e30, highest_rate=1e30)
    assert len(set(accuracies(result))) == 1
    assert rounds(result)[-1]["loss"] == rounds(result)[0]["loss"]


def test_rates_from_nowhere():
    with pytest.raises(UsageError, match="`lowest_rate` is above 0 and at most `highest_rate`, not 0 with 1"):
        rate_at(0.5, {"lowest_rate": 0.0, "highest_rate": 1.0})


def test_clients_of_a_cohort_train_with_arms_of_their_own():
    result = run("fedex", clients=8, rounds=2, local_epochs=1)
    models = [step for step in result.trace if any(sent.message == "model" for sent in step.sends)]
    assert [sorted(len(sent.to) for sent in step.sends) for step in models] == [[1] * 8] * 2
