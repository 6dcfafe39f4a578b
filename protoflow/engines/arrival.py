"""Where a run has come to, in words; and whether that is the bad state which a finding speaks of.

What a finding claims is held against the participants themselves: their states, windows and channels. That no way
leads to the end any more (PF203) is nothing that one run can show; that it goes round is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from protoflow.engines.account import folded
from protoflow.errors import UsageError
from protoflow.trace import Claim, Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from protoflow.diagnostics import Diagnostic
    from protoflow.engines.world import World
    from protoflow.trace import Step

LAPS = 2
"""How often the steps that can be repeated for ever are repeated."""

OUTCOMES = {
    "complete": "the course is complete",
    "open": "the course goes on from here",
    "stuck": "nobody can move, and the course is not complete",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is where, with which timers left, and what lies in the channels, types in order of sending."""

    states: Mapping[str, str]
    timers: Mapping[str, tuple[str, ...]]
    channels: Mapping[tuple[str, str], tuple[str, ...]]

    @classmethod
    def of(cls, world: World) -> Standing:
        live = {who: world.interpreters[who] for who in world.directory.ids if who not in world.crashed}
        channels: dict[tuple[str, str], list[str]] = {}
        for who, inbox in world.inboxes.items():
            for message in inbox.values():
                channels.setdefault((message.sender, who), []).append(message.type)
        return cls(
            {who: each.state for who, each in live.items()},
            {who: each.timers_left for who, each in live.items()},
            {channel: tuple(types) for channel, types in channels.items()},
        )


@dataclass(frozen=True, slots=True)
class Followed:
    """A run that was followed to its end.

    `outcome`: see `Replayed`. `stale`: what its last step took was a stale reply. `laps`: where everybody stood when
    the part that can be repeated began, when it ended, and after each further time that it was followed.
    """

    world: World
    steps: Sequence[Step]
    outcome: str
    stale: bool
    laps: Sequence[Standing]


def claimed(found: Diagnostic) -> Claim:
    """What a finding with a run claims."""
    about: dict[str, list[str]] = {}
    for kind, name in sorted(found.subject):
        about.setdefault(kind, []).append(name)
    return Claim(found.code, found.message, {kind: tuple(names) for kind, names in about.items()}, found.loop)


def words(run: Followed) -> str:
    """Where a run has come to, whatever it is meant to show."""
    if run.outcome != "unhandled":
        return OUTCOMES[run.outcome]
    last = run.steps[-1]
    sender = f" from `{last.sender}`" if last.sender else ""
    return (
        f"`{last.trigger}`{sender} reaches `{last.receiver}` in state `{last.state_before}`, which does not handle it"
    )


def shows(claim: Claim, run: Followed) -> str | None:
    """How the bad state that the finding speaks of shows at the end of the run, in words; None where it does not.

    Raises UsageError for a finding of a kind that no run shows.
    """
    if claim.code not in _SHOWS:
        raise UsageError(f"no run shows a finding `{claim.code}`")
    return _SHOWS[claim.code](claim, run)


def _unhandled(claim: Claim, run: Followed) -> str | None:
    return words(run) if _last_is(claim, run, Outcome.UNHANDLED) else None


def _late(claim: Claim, run: Followed) -> str | None:
    if not _last_is(claim, run, Outcome.LATE) or not run.world.interpreters[run.steps[-1].receiver].final:
        return None
    last = run.steps[-1]
    return (
        f"`{last.message}` from `{last.sender}` comes late to `{last.receiver}`, in its final state "
        f"`{last.state_before}`, and is dropped"
    )


def _stale(claim: Claim, run: Followed) -> str | None:
    if not _last_is(claim, run, Outcome.HANDLED) or str(run.steps[-1].row) not in _names(claim, "row"):
        return None
    if not run.stale:
        return None
    last = run.steps[-1]
    request = run.world.interpreters[last.receiver].program.request_of[str(last.message)]
    which = "no" if last.round is None else f"round {last.round} of"
    rounds = [
        sent.round
        for step in run.steps[:-1]
        for sent in step.sends
        if step.receiver == last.receiver and sent.message == request and sent.round is not None
    ]
    now = f"round {rounds[-1]} is open" if rounds else "none is open"
    return (
        f"`{last.receiver}` takes a stale `{last.message}` from `{last.sender}`: it answers {which} `{request}`, {now}"
    )


def _stuck(claim: Claim, run: Followed) -> str | None:
    return OUTCOMES["stuck"] if run.outcome == "stuck" and _waiting(claim, run) else None


def _goes_round(claim: Claim, run: Followed) -> str | None:
    if len(run.laps) < 2 + LAPS or any(lap != run.laps[0] for lap in run.laps[1:]):
        return None
    if run.outcome in ("complete", "unhandled") or not (_waiting(claim, run) or _came_by(claim, run)):
        return None
    return f"{_steps(claim, run)} lead back to where they began, and can be followed again and again"


def _grows(claim: Claim, run: Followed) -> str | None:
    if len(run.laps) < 2 + LAPS:
        return None
    role_of = run.world.directory.role_of
    first, *later = run.laps
    if any(lap.states != first.states or lap.timers != first.timers for lap in later):
        return None
    message = "".join(_names(claim, "message"))
    rows = {str(step.row) for step in run.steps[claim.loop :] for sent in step.sends if sent.message == message}
    if rows.isdisjoint(_names(claim, "row")):
        return None
    for channel in later[-1].channels:
        numbers = [lap.channels.get(channel, ()).count(message) for lap in run.laps]
        sender, receiver = channel
        if (
            role_of[sender] in _names(claim, "role")
            and role_of[receiver] in _names(claim, "receiver")
            and all(before < after for before, after in pairwise(numbers))
        ):
            return (
                f"{_steps(claim, run)} can be followed again and again, and nothing is taken from `{sender}` -> "
                f"`{receiver}`: there lie {', then '.join(map(str, numbers))} `{message}`"
            )
    return None


def _violated(claim: Claim, run: Followed) -> str | None:
    name = "".join(_names(claim, "property"))
    properties = run.world.directory.program.protocol.properties
    if name not in properties:
        return None
    there = []
    for role, states in properties[name].never.items():
        ids = [who for who in _live(run, role) if run.world.states[who] in states]
        if not ids:
            return None
        there.append(f"{folded(ids)} in `{run.world.states[ids[0]]}`")
    return f"`{name}` does not hold: {', '.join(there)}"


_SHOWS: Mapping[str, Callable[[Claim, Followed], str | None]] = {
    "PF201": _unhandled,
    "PF202": _stuck,
    "PF203": _goes_round,
    "PF204": _grows,
    "PF205": _late,
    "PF206": _violated,
    "PF209": _stale,
}


def _last_is(claim: Claim, run: Followed, outcome: Outcome) -> bool:
    """The last step is about what the finding is about, and came to that."""
    if not run.steps:
        return False
    last = run.steps[-1]
    return (
        last.outcome is outcome
        and last.kind in (StepKind.DELIVER, StepKind.DUPLICATE, StepKind.RAISED)
        and run.world.directory.role_of[last.receiver] in _names(claim, "role")
        and last.state_before in _names(claim, "state")
        and last.trigger in (*_names(claim, "message"), *_names(claim, "event"))
    )


def _waiting(claim: Claim, run: Followed) -> list[str]:
    """Those of the role of the finding who are in the state that it names, which is not final."""
    interpreters = run.world.interpreters
    return [
        who
        for role in _names(claim, "role")
        for who in _live(run, role)
        if interpreters[who].state in _names(claim, "state") and not interpreters[who].final
    ]


def _came_by(claim: Claim, run: Followed) -> bool:
    """Somebody of the role of the finding was in the state that it names."""
    role_of, roles, states = run.world.directory.role_of, _names(claim, "role"), {*_names(claim, "state")}
    return any(
        role_of[step.receiver] in roles and not states.isdisjoint((step.state_before, step.state_after))
        for step in run.steps
    )


def _names(claim: Claim, kind: str) -> tuple[str, ...]:
    return claim.about.get(kind, ())


def _live(run: Followed, role: str) -> list[str]:
    return [who for who in run.world.directory.members.get(role, ()) if who not in run.world.crashed]


def _steps(claim: Claim, run: Followed) -> str:
    first = (claim.loop or 0) + 1
    return f"steps {first} to {len(run.steps)}"
