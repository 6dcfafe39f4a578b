"""Who was in which state, and what lay in which channel: what one must know of a course that stopped."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from protoflow.trace import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.engines.world import World
    from protoflow.runtime.effects import Effects

_MOST_CHANNELS = 20


def stuck(world: World, now: float) -> str:
    """A course in which nobody can move, and which is not complete."""
    return f"the course stopped before it was complete: nobody can move, at {now:g} s\n{account(world)}"


def unhandled(world: World, who: str, effects: Effects, now: float) -> str:
    """A message, or a raised event, that no row takes."""
    what = f"`{effects.trigger}`"
    if effects.kind is StepKind.RAISED:
        what = f"the raised event {what}"
    elif effects.message is not None:
        what += f" from `{effects.message.sender}`"
    rows = world.interpreters[who].program.rows(effects.state_before, effects.trigger)
    why = "whose rows for it all have conditions that failed" if rows else "which does not handle it"
    return f"{what} reached `{who}` in state `{effects.state_before}`, {why}, at {now:g} s\n{account(world)}"


def account(world: World) -> str:
    """Several lines of text, each indented by two blanks."""
    lines = ["who is where:"]
    groups: dict[tuple[str, str, str], list[str]] = {}
    for who, interpreter in world.interpreters.items():
        note = " (crashed)" if who in world.crashed else "" if interpreter.started else " (not started)"
        groups.setdefault((interpreter.program.name, interpreter.state, note), []).append(who)
    lines += [f"  {folded(ids)} in `{state}`{note}" for (_, state, note), ids in groups.items()]
    channels: dict[tuple[str, str], Counter[str]] = {}
    for who, inbox in world.inboxes.items():
        interpreter = world.interpreters[who]
        for message in inbox.values():
            held = " (deferred)" if interpreter.defers(message.type) else ""
            channels.setdefault((message.sender, who), Counter())[f"`{message.type}`{held}"] += 1
    lines.append("what lies in the channels:" if channels else "the channels are empty")
    for (sender, receiver), contents in list(channels.items())[:_MOST_CHANNELS]:
        listed = ", ".join(text if number == 1 else f"{number} x {text}" for text, number in contents.items())
        lines.append(f"  {sender} -> {receiver}: {listed}")
    if len(channels) > _MOST_CHANNELS:
        lines.append(f"  and {len(channels) - _MOST_CHANNELS} channels more")
    return "\n".join(f"  {line}" for line in lines)


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
