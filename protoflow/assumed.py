"""What a verdict takes for granted, in a few words, and what a run did that it had not taken for granted.

Only what is allowed is said; that early timeouts are not allowed is said of courses that have a timer.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from protoflow.protocol import After
from protoflow.trace import StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def beyond(assumptions: Assumptions, steps: Sequence[Step], role_of: Mapping[str, str]) -> tuple[str, list[str]] | None:
    """Which faults a run has suffered more of than is assumed, and the options that assume them; None for no more.

    `role_of` says of an id whose role it is.
    """
    crashed = Counter(role_of[step.receiver] for step in steps if step.kind is StepKind.CRASH)
    lost = sum(step.kind is StepKind.LOSE for step in steps)
    early = sum(step.early for step in steps)
    roles = dict.fromkeys((*assumptions.crashes, *crashed))
    crashes = {role: max(assumptions.crashes.get(role, 0), crashed[role]) for role in roles}
    each = [(f"{role} crash", assumptions.crashes.get(role, 0), crashed[role]) for role in crashes]
    each += [(EARLY, assumptions.early_timeouts, early), (LOST, assumptions.loss, lost)]
    said = [
        f"{f'at most {_counted(allowed, what)}' if allowed else f'no {what}'} (here {there})"
        for what, allowed, there in each
        if there > allowed
    ]
    options = []
    if any(number > assumptions.crashes.get(role, 0) for role, number in crashes.items()):
        options += ["--crashes", ",".join(f"{role}={number}" for role, number in crashes.items() if number)]
    if early > assumptions.early_timeouts:
        options += ["--early-timeouts", str(early)]
    if lost > assumptions.loss:
        options += ["--loss", str(lost)]
    return (_listed(said), options) if said else None


def _counted(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number} {what}{'es' if what.endswith('crash') else 's'}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
