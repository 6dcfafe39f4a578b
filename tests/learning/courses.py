"""Real courses on the digits for the tests: the shipped protocols, the real engine, the real data."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from protoflow.learning.materials import Materials
from protoflow.runtime import Course, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.engines.conditions import Conditions

materials = cache(Materials)


def course(
    protocol: str, clients: int = 10, seed: int = 0, partition: str = "dirichlet:0.5", **parameters: object
) -> Course:
    """A course whose clients share the training set of the digits, and whose server has the test set."""
    given = materials("digits", partition, seed)

    return Course.build(protocol, {"client": clients}, parameters, setting=given.equip, seed=seed)


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
    """What the server logged."""
    return [logged.values for logged in result.metrics if logged.participant == "server"]


def accuracies(result: Result) -> list[float]:
    return [values["accuracy"] for values in rounds(result)]
