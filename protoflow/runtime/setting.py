"""What a behaviour class is built from: `Class.build(setting)` is called once per participant by `protoflow run`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protoflow.protocol import Value


def _nothing_given(*roles: str) -> Any:
    raise UsageError("the course was given no data and no model: `Course.build(..., setting=...)` adds them")


@dataclass(frozen=True, slots=True)
class Setting:
    """One participant's place in a course.

    `index` counts from 1 within the role, `count` is how many the role has, `counts` how many each role has. `seed`
    differs from participant to participant and follows from the course's. `data()` is the participant's share of the
    training set, which its role divides among its participants; `test_set()` what nobody trains on, the same for
    everybody; `model()` a new model, of the same weights for everybody. Where features are divided and not examples,
    `columns("owner", "party")` is the participant's share of them among all of these roles (see
    `protoflow.learning.columns`).

    `shared` is one dict for the whole course, empty at first, for what participants on one machine need only one of.

    Data and models are made when they are asked for, so that a class that needs none loads neither data nor torch; they
    raise UsageError where the course was given no data.
    """

    role: str
    index: int
    count: int
    seed: int
    parameters: Mapping[str, Value] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)
    data: Callable[[], Any] = _nothing_given
    test_set: Callable[[], Any] = _nothing_given
    columns: Callable[..., Any] = _nothing_given
    model: Callable[[], Any] = _nothing_given
