"""The composition check (PF2xx): all participants of a course together, for every number of them if possible.

`check(program, options)` gives the findings and the verdict. How it works is told where it happens: `model`, `tables`
and `liveness` (a program in integers), `configuration`, `initial`, `steps` with `rows` and `settling` (semantics.md,
step by step), `domain` (exact and abstract counts), `explore` and `reduction` (the search), `analyses`, `growth`,
`pumping` and `unused` (what is wrong), `concrete` (from an alarm to a run), `findings`, `waits` and `edits` (for
people), `whole` (all of it together), `verdict`, `cache`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition.options import Options
from protoflow.checks.composition.verdict import Verdict

if TYPE_CHECKING:
    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program

__all__ = ["Options", "Verdict", "check"]


def check(program: Program, options: Options) -> tuple[list[Diagnostic], Verdict]:
    """Findings PF2xx and the verdict, from the cache where nothing has changed.

    Raises UsageError where the options make no sense for this protocol.
    """
    from protoflow.checks.composition import cache

    name = cache.key(program, options) if options.cache else ""
    known = cache.load(name) if name else None
    if known is not None:
        return known
    from protoflow.checks.composition.whole import check as search

    result = search(program, options)
    if name and result[1].status != "inconclusive":
        cache.save(name, result)
    return result
