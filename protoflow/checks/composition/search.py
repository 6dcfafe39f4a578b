"""One search: a model, sizes and a domain of counts in, the explored graph out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition.explore import explore
from protoflow.checks.composition.initial import Cast
from protoflow.checks.composition.reduction import Reduction
from protoflow.checks.composition.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.checks.composition.configuration import Work
    from protoflow.checks.composition.domain import Domain
    from protoflow.checks.composition.explore import Budget, Graph
    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.sizes import Sizes


class Explored(NamedTuple):
    graph: Graph
    steps: Steps
    cast: Cast


def search(
    model: Model,
    sizes: Sizes,
    domain: Domain,
    budget: Budget,
    *,
    reduced: bool = True,
    drops: bool = True,
    cap: int | None = None,
    looking: Callable[[Graph, int, Work], bool] | None = None,
) -> Explored:
    """Explore courses of these sizes. Raises OutOfBudgetError.

    `reduced` and `drops`: see `reduction`. `cap` and `looking`: see `explore`.
    """
    cast = Cast(model, dict(enumerate(sizes)), star=model.star)
    store = cast.store(domain, budget.look)
    steps = Steps(model, domain, len(cast.columns), budget.look)
    reduction = Reduction(steps, drops=drops) if reduced else None
    graph = explore(steps, store, cast.configurations(), budget, reduction, cap, looking)
    return Explored(graph, steps, cast)
