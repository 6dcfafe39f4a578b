"""PF101-PF111: what is wrong with a protocol that one look at its tables shows, without exploring it.

A check is a function `check(program) -> Iterator[Diagnostic]`. `CHECKS` is the one list of them; their order does not
matter, for findings are sorted and told apart by cause afterwards (`protoflow.checks.causes`).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from protoflow.checks.structure.events import endless_raises, impossible_events, out_of_reach_of_few
from protoflow.checks.structure.messages import (
    empty_payloads,
    forbidden_sends,
    handled_but_not_sent,
    sent_but_not_handled,
)
from protoflow.checks.structure.rows import dead_rows, incomplete_choices
from protoflow.checks.structure.states import states_without_end, unreachable_states
from protoflow.checks.structure.unused import unused_things

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program


def uncertain_triggers(program: Program) -> Iterator[Diagnostic]:
    """PF107: what may never come to a row, for want of a condition that holds or of participants."""
    yield from incomplete_choices(program)
    yield from out_of_reach_of_few(program)


CHECKS: Mapping[str, Callable[[Program], Iterator[Diagnostic]]] = {
    "PF101": unreachable_states,
    "PF102": states_without_end,
    "PF103": sent_but_not_handled,
    "PF104": handled_but_not_sent,
    "PF105": unused_things,
    "PF106": dead_rows,
    "PF107": uncertain_triggers,
    "PF108": impossible_events,
    "PF109": forbidden_sends,
    "PF110": endless_raises,
    "PF111": empty_payloads,
}


MOST = 100
"""Findings of one code that anybody is shown: a file of 1 MiB of mistakes must not take minutes to report."""


def check_structure(program: Program) -> Iterator[Diagnostic]:
    """The findings of structure, in no particular order."""
    for check in CHECKS.values():
        found = list(islice(check(program), MOST + 1))
        if len(found) > MOST:
            found[MOST - 1 :] = [
                replace(found[MOST - 1], notes=(f"there are more of these; the first {MOST} are shown",))
            ]
        yield from found
