"""Learners that train at once: those whose trainings are alike do them as one computation, see `cohort`.

Those that cannot be trained so are trained one after the other, and a warning says why, once for each reason.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from protoflow.learning import cohort
from protoflow.learning.backend import torch
from protoflow.learning.learner import Learner
from protoflow.learning.training import read_by_losses, test_each

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from protoflow.learning.training import Loss, Score, Training, Weights

_LOGGER = logging.getLogger("protoflow")

CHUNK = 20
"""Learners that are trained as one: with more, what they compute on no longer fits into the cache."""

_obstacles: dict[Hashable, str | None] = {}
_said: set[str] = set()


def fit(learners: Sequence[Learner]) -> list[int]:
    """What `fit` is for each, and the numbers of steps; the first trainings of all at once, then the second ones."""
    steps = [0] * len(learners)
    plans = {}
    for place, learner in enumerate(learners):
        if type(learner).fit is Learner.fit:
            plans[place] = learner.plan()
        else:
            steps[place] = learner.fit()
    while plans:
        work = {place: training for place, plan in plans.items() if (training := next(plan, None)) is not None}
        plans = {place: plans[place] for place in work}
        for place, number in zip(work, run(list(work.values())), strict=True):
            steps[place] += number
    return steps


def validate(learners: Sequence[Learner]) -> list[Score]:
    """What `validate` is for each. Those who have been sent the same weights are one model, to be asked once."""
    scores: dict[int, Score] = {}
    groups: dict[Hashable, list[int]] = {}
    for place, learner in enumerate(learners):
        if type(learner).validate is Learner.validate:
            likeness = id(learner.start), cohort.kind_of(learner.model), learner.validation_set.inputs.shape[1:]
            groups.setdefault(likeness, []).append(place)
        else:
            scores[place] = learner.validate()
    for places in groups.values():
        sets = [learners[place].validation_set for place in places]
        scores.update(zip(places, test_each(learners[places[0]].model, sets), strict=True))
    return [scores[place] for place in range(len(learners))]


def run(work: Sequence[Training]) -> list[int]:
    """Do the trainings, and say in how many steps each was done."""
    steps: dict[int, int] = {}
    groups: dict[Hashable, list[int]] = {}
    for place, training in enumerate(work):
        groups.setdefault(_likeness(training), []).append(place)
    for alike, places in groups.items():
        if alike is None or len(places) == 1 or not _can_be_stacked(work[places[0]], alike):
            steps |= {place: work[place].run() for place in places}
            continue
        places.sort(key=lambda place: -len(work[place].examples))
        for begin in range(0, len(places), CHUNK):
            chunk = places[begin : begin + CHUNK]
            trainings = [work[place] for place in chunk]
            steps.update(zip(chunk, cohort.train(trainings, _sum_of_losses(trainings)), strict=True))
    return [steps[place] for place in range(len(work))]


def _likeness(training: Training) -> Hashable:
    """What trainings that are done as one have in common; None for one that is done alone."""
    learner = getattr(training.loss, "__self__", None)
    if not isinstance(learner, Learner):
        return None
    examples, kind = training.examples, type(learner)
    data = (examples.inputs.shape[1:], examples.inputs.dtype, examples.labels.dtype)
    loss = training.loss.__func__  # type: ignore[attr-defined]
    return kind, loss, cohort.kind_of(training.model), data, training.epochs, training.batch_size


def _can_be_stacked(training: Training, alike: Hashable) -> bool:
    if alike not in _obstacles:
        learner: Learner = training.loss.__self__  # type: ignore[attr-defined]
        _obstacles[alike] = _obstacle(training, learner)
    reason = _obstacles[alike]
    if reason is not None and reason not in _said:
        _said.add(reason)
        _LOGGER.warning(f"clients are trained one after the other, not many as one, because {reason}")
    return reason is None


def _obstacle(training: Training, learner: Learner) -> str | None:
    for loss in (training.loss, learner.loss):
        if read_by_losses(loss) is None:
            name = loss.__qualname__
            return f"`{name}` does not say that it adds up (protoflow.learning.training.summed)"
    few = torch.arange(min(2, len(training.examples)))
    return cohort.obstacle(training.model, training.examples.take(few).inputs)


def _sum_of_losses(work: Sequence[Training]) -> Loss:
    """Their loss, as the method of a learner that stands for all of them."""
    learners: list[Learner] = [each.loss.__self__ for each in work]  # type: ignore[attr-defined]
    loss = work[0].loss.__func__  # type: ignore[attr-defined]
    kind = type(learners[0])
    stand_in = kind.__new__(kind)
    vars(stand_in).update(vars(learners[0]))
    losses = [each for base in kind.__mro__ for each in vars(base).values()]
    for name in {name for each in losses for name in read_by_losses(each) or ()}:
        setattr(stand_in, name, _stacked([getattr(learner, name) for learner in learners]))
    bound: Any = loss.__get__(stand_in)
    return bound  # type: ignore[no-any-return]


def _stacked(weights: Sequence[Weights]) -> Mapping[str, torch.Tensor]:
    """Name -> what all have of that name, of shape (learners, ...). What is the same for all is not copied."""
    if all(each is weights[0] for each in weights):
        return {name: tensor.expand(len(weights), *tensor.shape) for name, tensor in weights[0].items()}
    return {name: torch.stack([each[name] for each in weights]) for name in weights[0]}
