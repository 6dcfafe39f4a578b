"""A great many devices: they learn together, and one that does not train holds nothing."""

from functools import partial

import pytest
import torch

from protoflow.learning import cross_device, together, training
from protoflow.learning.materials import Materials
from protoflow.runtime import Course
from protoflow.testing import participant
from tests.learning.courses import accuracies, rounds


def course(devices, partition="drawn:20", seed=0, **parameters):
    given = Materials("digits", partition, seed)
    return Course.build("fedavg_cross_device", {"device": devices}, parameters, setting=given.equip, seed=seed)


def test_a_million_devices_learn_and_those_that_are_not_asked_are_not_there():
    made = course(1_000_000, rounds=14, cohort_size=20, learning_rate=1.0, local_epochs=5)
    result = made.run()
    assert result.outcome == "complete"
    assert [values["round"] for values in rounds(result)] == list(range(1, 16))
    assert accuracies(result)[-1] > 0.8
    assert result.messages == 2 * 15 * 20
    asked = {step.receiver for step in result.trace if step.receiver != "server"}
    devices = made.participants["device"]
    assert len(asked) > 290
    assert len(devices._built) == len(asked | {"device1"})
    assert len({id(device._spare) for device in devices._built.values()}) == 1
    assert len(devices[0]._spare) == together.CHUNK, "models for all of them"


def test_a_device_at_rest_holds_neither_model_nor_data():
    made = course(50, rounds=1)
    made.run()
    [device, *_] = (each for each in made.participants["device"] if each.trainings)
    assert set(vars(device)) == {"seed", "trainings", "_make", "_fetch", "_spare", "_interpreter"}


def test_who_had_the_model_before_makes_no_difference():
    given = Materials("digits", "drawn:20", 0)
    weights = training.weights_of(given.model())
    spare = []
    for index in (1, 2, 3):
        answers = []
        for models in (spare, []):
            device = cross_device.Device(given.model, partial(given.shard, index, 9), index, models)
            with participant("device", "fedavg_cross_device", device, counts={"device": 9}) as driven:
                [update] = driven.receive("model", weights=weights)
            answers.append(update)
        shared, alone = answers
        assert shared["samples"] == alone["samples"] == 16
        assert all(torch.equal(shared["weights"][name], alone["weights"][name]) for name in weights)
        assert any(not torch.equal(shared["weights"][name], weights[name]) for name in weights)
        assert len(spare) == 1


@pytest.mark.parametrize("partition", ["drawn:20", "drawn:20,0.5", "iid"])
def test_the_same_seed_gives_the_same_course(partition):
    first, again, other = (course(40, partition, seed, rounds=2).run() for seed in (3, 3, 4))
    assert first.trace == again.trace
    assert accuracies(first) != accuracies(other)


def test_there_may_be_fewer_devices_than_a_cohort_has():
    result = course(4, "iid", rounds=1, cohort_size=10).run()
    assert result.outcome == "complete"
    assert result.messages == 2 * 2 * 4
