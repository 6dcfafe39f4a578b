"""Real courses on the digits for the tests: the shipped protocols, the real engine, the real data."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from protoflow.learning.materials import Materials
from protoflow.runtime import Course, Result, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.engines.conditions import Conditions

materials = cache(Materials)


def course(
    protocol: str, clients: int = 10, seed: int = 0, partition: str = "dirichlet:0.5", **parameters: object
) -> Course:
    """A course whose clients share the training set of the digits, and whose server has the test set."""
    given = materials("digits", partition, seed)

    def with_data(setting: Setting) -> Setting:
        share = partial(given.shard, setting.index, setting.count) if setting.role == "client" else given.test_set
        return replace(setting, data=share, model=given.model)

    return Course.build(protocol, {"client": clients}, parameters, setting=with_data, seed=seed)


def run(
    protocol: str,
    clients: int = 10,
    seed: int = 0,
    partition: str = "dirichlet:0.5",
    conditions: Conditions | None = None,
    **parameters: object,
) -> Result:
    return course(protocol, clients, seed, partition, **parameters).run(conditions=conditions, seed=seed)


def rounds(result: Result) -> list[Mapping[str, float]]:
    return [logged.values for logged in result.metrics]


def accuracies(result: Result) -> list[float]:
    return [values["accuracy"] for values in rounds(result)]
