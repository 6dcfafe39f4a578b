"""Why a course is checked for some numbers of participants and not proved for every one, and what to try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition import sizes as numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.options import Options
    from protoflow.checks.composition.sizes import Sizes
    from protoflow.checks.composition.verdict import Reach

MORE = 6
"""How many times the budget is suggested where it was too small."""


def shortfall(
    model: Model,
    options: Options,
    reaches: Mapping[str, Reach],
    explored: tuple[Sequence[Sizes], Sequence[Sizes]],
    *,
    proved: bool,
    in_time: bool,
) -> str:
    """One line. `explored`: the sizes that were, and all that would be. `proved`: the abstraction finished, so that
    only what it does not reach is left; `in_time`: if it did not, it was not for want of time.
    """
    covered, sizes = explored
    budget = f"`--budget {MORE * options.seconds:g}s` gives it more"
    further = numbers.beyond(model, covered)
    larger = f"`--clients {further}` explores a larger course" if further else ""
    if not model.star:
        why = "many participants send to each other, and such courses are explored size by size"
        return _line(why, budget if len(covered) < len(sizes) else larger)
    if not proved:
        why = "the proof grew too large" if in_time else "the proof took longer than its quarter of the budget"
        return _line(why, larger if in_time else budget)
    if reaches["PF203"].status == "checked":
        why = "that it can still end, however long a handler keeps it going (PF203), is explored size by size"
        return _line(why, larger)
    return _line("that no channel grows (PF204) is looked for in small courses", larger)


def _line(why: str, what_to_try: str) -> str:
    return f"{why}; {what_to_try}" if what_to_try else why
