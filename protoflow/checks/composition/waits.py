"""Of a deadlock: who waits for whom, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from protoflow.checks.composition.remedies import Reason, remedy
from protoflow.checks.composition.tables import LOST_FLAG, EventKind, EventModel, RoleModel
from protoflow.language.suggest import listed, quoted
from protoflow.program import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks.composition.analyses import Alarm
    from protoflow.checks.composition.concrete import Run
    from protoflow.checks.composition.model import Model
    from protoflow.diagnostics import Help

SHOWN = 4
"""Participants that are named one by one."""


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
        f"{quoted(ids, most=SHOWN)}, in `{state}`, {'waits' if len(ids) == 1 else 'wait'} {text}"
        for (state, text), ids in notes.items()
    ]
    return lines, remedy(alarm, model, run, reasons), list(dict.fromkeys(r.message for r in reasons if r.message))


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
        if have >= total:
            return _in_vain(role, work.entries[who][STATE], event, message)
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
        return _in_vain(role, work.entries[who][STATE], event, message)
    gone = [j for j in missing if work.entries[j][LIVE] == CRASHED]
    have_crashed = "has crashed" if len(gone) == 1 else "have crashed"
    apart = [f"{quoted([run.names[j] for j in gone], most=SHOWN)}, which {have_crashed}"] if gone else []
    there: dict[str, list[str]] = {}
    for j in missing:
        if j not in gone:
            peer = model.roles[work.entries[j][ROLE]]
            there.setdefault(peer.states[work.entries[j][STATE]], []).append(run.names[j])
    apart += [f"{quoted(ids, most=SHOWN)}, in `{state}`" for state, ids in there.items()]
    have = f" ({counted} of {needed} counted)" if counted else ""
    return Reason(f"for `{message}` from {'; and '.join(apart)}{have}", gone=bool(gone), message=message)


def _in_vain(role: RoleModel, state: int, event: EventModel, message: str) -> Reason:
    text = f"although `{event.name}` holds: {_failing(role, state, event)}"
    return Reason(text, message=message, failing=event.name)


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
