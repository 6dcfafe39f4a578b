"""Of a deadlock: who waits for whom, and why; and what could be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition.configuration import (
    COUNTED,
    CRASHED,
    EXPECTED,
    FLAGS,
    LIVE,
    ROLE,
    STATE,
    TIMERS,
)
from protoflow.checks.composition.edits import TIMER, as_another, new_row, time_limit
from protoflow.checks.composition.tables import LOST_FLAG, EventKind, EventModel, RoleModel
from protoflow.diagnostics import Help
from protoflow.language.suggest import listed
from protoflow.program import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks.composition.analyses import Alarm
    from protoflow.checks.composition.concrete import Run
    from protoflow.checks.composition.model import Model

SHOWN = 4
"""Participants that are named one by one."""


class Reason(NamedTuple):
    """Why a participant waits: `text` goes on after "waits". `gone`: for somebody who has crashed. `message`: what does
    not come. `asks`: the event that asks for more senders than there are.
    """

    text: str
    gone: bool = False
    message: str = ""
    asks: str = ""


def waits(alarm: Alarm, model: Model, run: Run) -> tuple[list[str], Help | None, list[str]]:
    """Notes, help, and the messages that are waited for."""
    notes: dict[tuple[str, str], list[str]] = {}
    reasons: list[Reason] = []  # of the role that the alarm is about
    for who in range(len(run.names)):
        entry = run.end.entries[who]
        role = model.roles[entry[ROLE]]
        if entry[LIVE] == CRASHED or role.final[entry[STATE]]:
            continue
        for reason in _reasons(model, run, who, role):
            notes.setdefault((role.states[entry[STATE]], reason.text), []).append(run.names[who])
            if role.index == alarm.role:
                reasons.append(reason)
    lines = [
        f"{_names(ids)}, in `{state}`, {'waits' if len(ids) == 1 else 'wait'} {text}"
        for (state, text), ids in notes.items()
    ]
    return lines, _help(alarm, model, reasons), list(dict.fromkeys(r.message for r in reasons if r.message))


def _reasons(model: Model, run: Run, who: int, role: RoleModel) -> Iterator[Reason]:
    """What it waits for, whether that has crashed, and the message that does not come."""
    entry = run.end.entries[who]
    state = entry[STATE]
    counted = set()
    reasons = []
    for event in role.events_in[state]:
        if event.kind is not EventKind.TIMER:
            counted.add(role.program.windows[event.name].message)
            reasons.append(_window(model, run, who, role, event))
        elif entry[TIMERS][event.position] == 1:
            text = f"although its time is up: `{event.name}` has come, but {_failing(role, state, event)}"
            reasons.append(Reason(text))
    yield from reasons
    handled = [
        model.messages[number]
        for (where, number), disposition in role.disposition.items()
        if where == state and disposition is Disposition.HANDLE
    ]
    if reasons:  # besides, what would lead on by itself
        rows = role.program.rows
        handled = [
            name for name in handled if name not in counted and any(r.dest for r in rows(role.states[state], name))
        ]
    elif not handled:
        yield Reason("for nothing: no row leads on from here")
    if handled:
        words = " or ".join(f"`{name}`" for name in handled)
        yield Reason(f"for {words}, which nobody is going to send", message=handled[0])


def _window(model: Model, run: Run, who: int, role: RoleModel, event: EventModel) -> Reason:
    work = run.end
    if event.kind is EventKind.COUNTER:
        total, have = role.counters[event.position], work.entries[who][1 + STATE][event.position]
        message = role.program.windows[event.name].message
        return Reason(f"for `{event.name}`: it has {have} of {total} `{message}`", message=message)
    window = role.windows[event.position]
    message = window.window.message
    expected: list[int] = []
    missing: list[int] = []
    lost = False
    for j in run.walk.peers(work, who):
        if j == who:
            continue
        pair = run.walk.pair(work, who, j)
        if pair[FLAGS] & LOST_FLAG:
            lost = True
            continue
        if window.request >= 0:
            counts = bool(pair[EXPECTED] >> window.request & 1)
        elif window.link:
            counts = bool(pair[FLAGS] & window.link)
        else:
            counts = work.entries[j][ROLE] in window.senders
        if counts:
            expected.append(j)
            if not pair[COUNTED] >> event.position & 1:
                missing.append(j)
    if not expected:
        return Reason(f"for `{event.name}`, but nobody is left whose `{message}` would count", lost, message)
    needed = window.window.threshold(len(expected))
    if needed > len(expected):  # only a number can be
        text = f"for {needed} participants to send `{message}`, but no more than {len(expected)} can"
        return Reason(text, message=message, asks=event.name)
    counted = len(expected) - len(missing)
    if counted >= needed:  # others may be missing nevertheless
        failing = _failing(role, work.entries[who][STATE], event)
        return Reason(f"although `{event.name}` holds: {failing}", message=message)
    gone = [j for j in missing if work.entries[j][LIVE] == CRASHED]
    have_crashed = "has crashed" if len(gone) == 1 else "have crashed"
    apart = [f"{_names([run.names[j] for j in gone])}, which {have_crashed}"] if gone else []
    there: dict[str, list[str]] = {}
    for j in missing:
        if j not in gone:
            peer = model.roles[work.entries[j][ROLE]]
            there.setdefault(peer.states[work.entries[j][STATE]], []).append(run.names[j])
    apart += [f"{_names(ids)}, in `{state}`" for state, ids in there.items()]
    have = f" ({counted} of {needed} counted)" if counted else ""
    return Reason(f"for `{message}` from {'; and '.join(apart)}{have}", gone=bool(gone), message=message)


def _failing(role: RoleModel, state: int, event: EventModel) -> str:
    """What the rows for it ask, none of which holds."""
    asked = [
        f"`{key}: {listed(names)}`"
        for row in role.on_event[state, event.index]
        for key, names in (("conditions", row.row.declared.conditions), ("unless", row.row.declared.unless))
        if names
    ]
    asked += [f"`times: {r.row.declared.times}`" for r in role.on_event[state, event.index] if r.row.times is not None]
    return f"no row for it holds ({', '.join(dict.fromkeys(asked))})"


def _names(ids: list[str]) -> str:
    shown = [f"`{name}`" for name in ids[:SHOWN]]
    if len(ids) > SHOWN:
        shown[-1] = f"{len(ids) - SHOWN + 1} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _help(alarm: Alarm, model: Model, reasons: list[Reason]) -> Help:
    role = model.roles[alarm.role]
    written = role.program.role
    state = role.states[alarm.state]
    timers = role.program.timers_in[state]
    asks = next((reason.asks for reason in reasons if reason.asks), "")
    if timers:
        timer = timers[-1].event
        rows = [row for row in written.transitions if timer in row.triggers]
        ends = [row for row in (*rows, *written.transitions) if row.dest and written.states[row.dest].final]
        rest = as_another(ends[0], model.program.protocol.messages) if ends else ""
        text = f"add a row for `{timer}` in `{state}` that leads on whenever the others do not"
        return Help(text, *(new_row(rows[-1], timer, state, rest) if ends else (None, None)))
    if asks:
        event = written.events[asks]
        return Help(f"let `{asks}` ask for no more than there can be", event.spans.get("from"), "all")
    if role.events_in[alarm.state] and any(reason.gone for reason in reasons):
        return _limit(role, state)
    return Help(
        f"give `{role.name}` a way on from `{state}`: the message that it waits for, or a time limit "
        "(an event `{after: 30s}`, and a row for it)"
    )


def _limit(role: RoleModel, state: str) -> Help:
    """A time limit in every state that waits for others without one: they may be gone there too."""
    here = role.events_in[role.states.index(state)]
    waiting = dict.fromkeys(
        event.name
        for events in (here, *(events for number, events in enumerate(role.events_in) if not role.timers_in[number]))
        for event in events
    )
    timer = next(iter(role.timers), "")
    declared = f"its `{timer}`" if timer else f"an event `{TIMER}: {{after: 30s}}`, and `{TIMER}`"
    text = (
        f"let `{role.name}` wait only so long: {declared} beside {_names(list(waiting))} "
        f"(`trigger: [{here[0].name}, {timer or TIMER}]`)"
    )
    edits = time_limit(role.program, waiting)
    return Help(text, edits[0].span, edits[0].replacement, more=tuple(edits[1:])) if edits else Help(text)
