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
from protoflow.checks.composition.edits import new_row
from protoflow.checks.composition.tables import LOST_FLAG, EventKind, EventModel, RoleModel
from protoflow.diagnostics import Help
from protoflow.program import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks.composition.analyses import Alarm
    from protoflow.checks.composition.concrete import Run
    from protoflow.checks.composition.model import Model

SHOWN = 4
"""Participants that are named one by one."""


class Reason(NamedTuple):
    """Why a participant waits: `text` goes on after "waits". `gone`: for somebody who has crashed, and is not known to
    be lost. `message`: what does not come. `asks`: the event that asks for more senders than there are.
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
    for event in role.events_in[state]:
        if event.kind is not EventKind.TIMER:
            yield _window(model, run, who, role, event)
        elif entry[TIMERS][event.position] == 1:
            yield Reason(f"although its time is up: `{event.name}` has come, but the conditions of its rows fail")
    if role.events_in[state]:
        return
    handled = [
        model.messages[number]
        for (where, number), disposition in role.disposition.items()
        if where == state and disposition is Disposition.HANDLE
    ]
    if not handled:
        yield Reason("for nothing: no row leads on from here")
    else:
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
    for j in run.walk.peers(work, who):
        if j == who:
            continue
        pair = run.walk.pair(work, who, j)
        if pair[FLAGS] & LOST_FLAG:
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
        return Reason(f"for `{event.name}`, but nobody is left whose `{message}` would count", message=message)
    needed = window.window.threshold(len(expected))
    if needed > len(expected):  # only a number can be
        text = f"for {needed} participants to send `{message}`, but no more than {len(expected)} can"
        return Reason(text, message=message, asks=event.name)
    if not missing:
        return Reason(f"although `{event.name}` holds: the conditions of its rows fail", message=message)
    gone = [j for j in missing if work.entries[j][LIVE] == CRASHED]
    apart = [f"{_names([run.names[j] for j in gone])}, which has crashed"] if gone else []
    there: dict[str, list[str]] = {}
    for j in missing:
        if j not in gone:
            peer = model.roles[work.entries[j][ROLE]]
            there.setdefault(peer.states[work.entries[j][STATE]], []).append(run.names[j])
    apart += [f"{_names(ids)}, in `{state}`" for state, ids in there.items()]
    counted = len(expected) - len(missing)
    have = f" ({counted} of {needed} counted)" if counted else ""
    return Reason(f"for `{message}` from {'; and '.join(apart)}{have}", gone=bool(gone), message=message)


def _names(ids: list[str]) -> str:
    shown = [f"`{name}`" for name in ids[:SHOWN]]
    if len(ids) > SHOWN:
        shown[-1] = f"{len(ids) - SHOWN + 1} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _help(alarm: Alarm, model: Model, reasons: list[Reason]) -> Help:
    role = model.roles[alarm.role]
    state = role.states[alarm.state]
    timers = role.program.timers_in[state]
    if timers:
        row = next(row for row in reversed(role.program.role.transitions) if timers[-1].event in row.triggers)
        text = f"add a row for `{timers[-1].event}` in `{state}` that holds whenever the others do not"
        return Help(text, *new_row(row, timers[-1].event, state))
    asks = next((reason.asks for reason in reasons if reason.asks), "")
    if asks:
        event = role.program.role.events[asks]
        return Help(f"let `{asks}` ask for no more than there can be", event.spans.get("from"), "all")
    if any(reason.gone for reason in reasons) and not role.watches_lost:
        text = f"let `{role.name}` notice who is gone: a row for `lost` takes them out of what it waits for"
        return Help(text, *new_row(next(reversed(role.program.role.transitions), None), "lost", state))
    return Help(
        f"give `{role.name}` a way on from `{state}`: the message that it waits for, or a time limit "
        "(an event `{after: 30s}`, and a row for it)"
    )
