"""Who was in which state, and what lay in which channel: what one must know of a course that stopped."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from protoflow.trace import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protoflow.engines.world import World
    from protoflow.ids import Ids
    from protoflow.program import RoleProgram
    from protoflow.runtime.effects import Effects

_MOST = 20
"""Lines of one kind."""


def stuck(world: World, now: float) -> str:
    """A course in which nobody can move, and which is not complete."""
    return f"the course stopped before it was complete: nobody can move, at {now:g} s\n{account(world, waits=True)}"


def unhandled(world: World, who: str, effects: Effects, now: float) -> str:
    """A message, or a raised event, that no row takes, and how the course stands."""
    return f"{refused(world.interpreters[who].program, who, effects)}, at {now:g} s\n{account(world)}"


def refused(program: RoleProgram, who: str, effects: Effects) -> str:
    """That no row takes a message, or a raised event."""
    what = f"`{effects.trigger}`"
    if effects.kind is StepKind.RAISED:
        what = f"the raised event {what}"
    elif effects.message is not None:
        what += f" from `{effects.message.sender}`"
    rows = program.rows(effects.state_before, effects.trigger)
    why = "whose rows for it all have conditions that failed" if rows else "which does not handle it"
    return f"{what} reached `{who}` in state `{effects.state_before}`, {why}"


def account(world: World, *, waits: bool = False) -> str:
    """Several lines of text, each indented by two blanks. `waits`: also what each waits for."""
    lines = ["who is where:"]
    groups: dict[tuple[str, str, str], list[range]] = {}
    unmade: dict[str, tuple[str, str]] = {}  # role -> how those of it stand who have not been made
    for role, places in _parts(world):
        who = world.directory.members[role][places[0]]
        if len(places) == 1:
            stands = _standing(world, who, waits=waits)
        else:
            if role not in unmade:
                unmade[role] = _standing(world, who, waits=waits)
            stands = unmade[role]
        groups.setdefault((role, *stands), []).append(places)
    for (role, state, note), parts in islice(groups.items(), _MOST):
        lines.append(f"  {_spanned(world.directory.members[role], parts)} in `{state}`{note}")
    if len(groups) > _MOST:
        more = sum(len(places) for parts in islice(groups.values(), _MOST, None) for places in parts)
        lines.append(f"  and {more} participants more")
    channels: dict[tuple[str, str], Counter[str]] = {}
    for who in world.directory.in_order(world.inboxes):
        interpreter = world.interpreters[who]
        for message in world.inboxes[who].values():
            held = " (deferred)" if interpreter.defers(message.type) else ""
            channels.setdefault((message.sender, who), Counter())[f"`{message.type}`{held}"] += 1
    lines.append("what lies in the channels:" if channels else "the channels are empty")
    for (sender, receiver), contents in islice(channels.items(), _MOST):
        listed = ", ".join(text if number == 1 else f"{number} x {text}" for text, number in contents.items())
        lines.append(f"  {sender} -> {receiver}: {listed}")
    if len(channels) > _MOST:
        lines.append(f"  and {len(channels) - _MOST} channels more")
    return "\n".join(f"  {line}" for line in lines)


def _standing(world: World, who: str, *, waits: bool) -> tuple[str, str]:
    """The state of a participant, and what is to be noted of it."""
    interpreter = world.interpreters[who]
    note = " (crashed)" if who in world.crashed else "" if interpreter.started else " (not started)"
    if waits and not note and not interpreter.final:
        note = f", waiting for {' or '.join(_awaited(world, who)) or 'nothing'}"
    return interpreter.state, note


def _parts(world: World) -> list[tuple[str, range]]:
    """The role and the places of everybody, in order: those that have been made one at a time, and the others together
    who follow one another and stand alike.
    """
    parts = []
    made = {world.directory.place(who) for who in world.interpreters}
    for role, ids in world.directory.members.items():
        before, alike = 0, _alike(world, role)
        for place in (*sorted(place for name, place in made if name == role), len(ids)):
            unmade = range(before, place)
            parts += [(role, unmade)] if alike else [(role, range(each, each + 1)) for each in unmade]
            parts.append((role, range(place, place + 1)))
            before = place + 1
        parts.pop()
    return [(role, places) for role, places in parts if places]


def _alike(world: World, role: str) -> bool:
    """Those of a role that nothing has reached all wait for the same: not for a link of their own, nor each other."""
    program, messages = world.directory.program.roles[role], world.directory.program.protocol.messages
    windows = [program.windows[event] for event in program.events_in[program.initial] if event in program.windows]
    return not any(
        window.needed is not None
        and window.request is None
        and (window.link is not None or role in messages[window.message].senders)
        for window in windows
    )


def _spanned(ids: Ids, parts: list[range]) -> str:
    """`client1, client3..client7` for these places, in order, of which only so many stretches are named."""
    stretches: list[tuple[int, int]] = []
    for places in parts:
        if stretches and stretches[-1][1] == places.start:
            stretches[-1] = (stretches[-1][0], places.stop)
        else:
            stretches.append((places.start, places.stop))
    named = [ids[start] if stop == start + 1 else f"{ids[start]}..{ids[stop - 1]}" for start, stop in stretches[:_MOST]]
    if rest := sum(stop - start for start, stop in stretches[_MOST:]):
        named.append(f"and {rest:,} more")
    return ", ".join(named)


def _awaited(world: World, who: str) -> Iterator[str]:
    """What a participant waits for: the events of its state; where it has none, the messages that it handles there."""
    interpreter = world.interpreters[who]
    program, state = interpreter.program, interpreter.state
    for event in interpreter.holding:
        yield f"the conditions of `{event}` (it holds)"
    windows = [program.windows[event] for event in program.events_in[state] if event in program.windows]
    for window in windows:
        if window.event in interpreter.holding:
            continue
        message = f"`{window.message}`"
        number, senders = interpreter.windows.lacking(window.event)
        who_may = _named(world, senders)
        if window.total is not None:
            yield f"{number} more {message}"
        elif number == len(senders) > 0:
            yield f"{message} from {who_may}"
        elif number < len(senders):
            yield f"{message} from {number} of {who_may}"
        else:
            yield f"{message} ({f'only {who_may}' if senders else 'nobody'} is left to send it)"
    for event in program.outside_in[state]:
        yield f"`{event}` (raised from outside)"
    if not windows:
        yield from (f"`{message}`" for message in program.receives if (state, message) in program.table)


def _named(world: World, ids: Iterable[str]) -> str:
    """Ids in order, those that have crashed last."""
    ordered = world.directory.in_order(ids)
    live, crashed = (folded(who for who in ordered if (who in world.crashed) is gone) for gone in (False, True))
    return ", ".join(filter(None, (live, crashed and f"{crashed} (crashed)")))


def folded(ids: Iterable[str]) -> str:
    """`client1, client3..client7`: ids of one role, in order, those that follow one another taken together."""
    runs: list[list[str]] = []
    for who in ids:
        if runs and _index(who) == _index(runs[-1][-1]) + 1:
            runs[-1].append(who)
        else:
            runs.append([who])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs)


def _index(who: str) -> int:
    digits = len(who) - len(who.rstrip("0123456789"))
    return int(who[-digits:]) if digits else -1
