"""What a verdict takes for granted, in a few words, and what a run did that it had not taken for granted.

Only what is allowed is said; that early timeouts are not allowed is said of courses that have a timer.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from protoflow.protocol import After
from protoflow.trace import StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.protocol import Assumptions, Protocol
    from protoflow.trace import Step

EARLY, LOST, DUPLICATED = "early timeout", "lost message", "duplicated message"


def assumed(assumptions: Assumptions, protocol: Protocol) -> str:
    """`no faults`, or `unordered channels, at most 1 client crash and 1 early timeout`."""
    numbers = [(f"{role} crash", number) for role, number in assumptions.crashes.items()]
    numbers += [(LOST, assumptions.loss), (DUPLICATED, assumptions.duplicates)]
    events = [event for role in protocol.roles.values() for event in role.events.values()]
    timed = any(isinstance(event.condition, After) for event in events)
    if timed:
        numbers.append((EARLY, assumptions.early_timeouts))
    allowed = [_counted(number, what) for what, number in numbers if number]
    parts = [] if assumptions.fifo else ["unordered channels"]
    parts += [f"at most {_listed(allowed)}"] if allowed else []
    parts += [] if parts else ["no faults"]
    if timed and not assumptions.early_timeouts:
        parts.append(f"no {EARLY}")
    return _listed(parts)


class Suffered:
    """The faults of a run, counted as its steps come in. `role_of` says of an id whose role it is."""

    def __init__(self, role_of: Mapping[str, str]) -> None:
        self._role_of = role_of
        self._crashes: Counter[str] = Counter()
        self._early = self._lost = 0

    def add(self, step: Step) -> None:
        if step.kind is StepKind.CRASH:
            self._crashes[self._role_of[step.receiver]] += 1
        self._lost += step.kind is StepKind.LOSE
        self._early += step.early

    def beyond(self, assumptions: Assumptions) -> tuple[str, list[str]] | None:
        """What there was more of than is assumed, and the options that assume it; None where there was no more."""
        roles = dict.fromkeys((*assumptions.crashes, *self._crashes))
        crashes = {role: max(assumptions.crashes.get(role, 0), self._crashes[role]) for role in roles}
        each = [(f"{role} crash", assumptions.crashes.get(role, 0), self._crashes[role]) for role in crashes]
        each += [(EARLY, assumptions.early_timeouts, self._early), (LOST, assumptions.loss, self._lost)]
        said = [
            f"{f'at most {_counted(allowed, what)}' if allowed else f'no {what}'} (here {there})"
            for what, allowed, there in each
            if there > allowed
        ]
        options = []
        if any(number > assumptions.crashes.get(role, 0) for role, number in crashes.items()):
            options += ["--crashes", ",".join(f"{role}={number}" for role, number in crashes.items() if number)]
        if self._early > assumptions.early_timeouts:
            options += ["--early-timeouts", str(self._early)]
        if self._lost > assumptions.loss:
            options += ["--loss", str(self._lost)]
        return (_listed(said), options) if said else None


def _counted(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number} {what}{'es' if what.endswith('crash') else 's'}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
