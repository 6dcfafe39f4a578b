"""What could be done where a course does not end: text to type, and other text for where that does not mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition.configuration import CRASHED, LIVE, ROLE, STATE
from protoflow.checks.composition.edits import TIMER, guard_for, patience, row_below, time_limit
from protoflow.checks.structure import suggest
from protoflow.checks.structure.sends import sending, sending_too
from protoflow.diagnostics import Help, one_of
from protoflow.language.suggest import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks.composition.analyses import Alarm
    from protoflow.checks.composition.concrete import Run
    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.tables import RoleModel
    from protoflow.program import Program, RoleProgram
    from protoflow.protocol import Transition


class Reason(NamedTuple):
    """Why a participant waits: `text` goes on after "waits". `gone`: for somebody who has crashed. `message`: what does
    not come. `asks`: the event that asks for more senders than there are. `failing`: the one that holds in vain.
    """

    text: str
    gone: bool = False
    message: str = ""
    asks: str = ""
    failing: str = ""


def remedy(alarm: Alarm, model: Model, run: Run, reasons: list[Reason]) -> Help | None:
    role = model.roles[alarm.role]
    written = role.program.role
    state = role.states[alarm.state]
    timers = role.program.timers_in[state]
    failing = timers[-1].event if timers else next((reason.failing for reason in reasons if reason.failing), "")
    if failing:
        return one_of(counterparts(model.program, role.program, state, failing))
    if asks := next((reason.asks for reason in reasons if reason.asks), ""):
        event = written.events[asks]
        share = suggest.meant_share(event)
        meant = f"if a share is meant, write `{share}`; else " if share else ""
        return Help(f"{meant}let `{asks}` ask for no more than there can be", event.spans.get("from"), share or "all")
    if role.events_in[alarm.state] and any(reason.gone for reason in reasons):
        return one_of(_limits(model.program, role, state))
    return one_of(
        [
            *_told(model.program, role.program, state, run),
            *_forgotten(model, role, alarm.state, run),
            Help(
                f"give `{role.name}` a way on from `{state}`: the message that it waits for, or a time limit "
                f"(an event `{{after: {patience(model.program)}}}`, and a row for it)"
            ),
        ]
    )


def counterparts(program: Program, role: RoleProgram, state: str, event: str) -> Iterator[Help]:
    """A row for an event that may hold in vain, for when the conditions of the others fail."""
    rows = role.rows(state, event)
    conditions, unless = suggest.counterpart(rows)
    text = f"add a row for `{event}` in `{state}` that leads on whenever the others do not"
    for dest, handler, sends in suggest.ways_on(program, role, rows):
        fields = suggest.row(
            [event], [state], dest=dest, conditions=conditions, unless=unless, handler=handler, sends=sends
        )
        yield row_below(program, role, rows[-1].declared, text, fields)


def _limits(program: Program, role: RoleModel, state: str) -> Iterator[Help]:
    """A time limit in every state that waits for others without one: they may be gone there too. Where nobody may have
    come by then, a condition asks for it.
    """
    here = role.events_in[role.states.index(state)]
    waiting = list(
        dict.fromkeys(
            event.name
            for events in (here, *(each for number, each in enumerate(role.events_in) if not role.timers_in[number]))
            for event in events
        )
    )
    timer = next(iter(role.timers), "")
    declared = f"its `{timer}`" if timer else f"an event `{TIMER}: {{after: {patience(program)}}}`, and `{TIMER}`"
    text = f"let `{role.name}` wait only so long: {declared} beside {quoted(waiting)}"
    guards = dict.fromkeys(guard for name in waiting if (guard := guard_for(role.program, name)))
    if guards and (edits := time_limit(program, role.program, waiting, guarded=True)):
        words = f"{text}; {quoted(guards)} asks whether anybody is there by then"
        yield Help(words, edits[0].span, edits[0].replacement, more=tuple(edits[1:]))
    text += f" (`trigger: [{here[0].name}, {timer or TIMER}]`)"
    edits = time_limit(program, role.program, waiting, guarded=False)
    yield Help(text, edits[0].span, edits[0].replacement, more=tuple(edits[1:])) if edits else Help(text)


def _told(program: Program, role: RoleProgram, state: str, run: Run) -> Iterator[Help]:
    """Let those who are done say so: the message with which this one would be done too, sent in the row with which they
    ended in this run, or in every row with which they may end.
    """
    awaited = [name for name in role.receives if any(row.dest for row in role.rows(state, name))]
    awaited.sort(key=lambda name: not any(row.dest in role.finals for row in role.rows(state, name)))
    for message in awaited:
        for sender in map(str, program.protocol.messages[message].senders):
            other = program.roles[sender]
            last = _ended_with(other, run)
            if last is None or any(send.message == message for send in last.sends):
                continue
            ends = [
                row
                for row in other.role.transitions
                if row.dest in other.finals and all(send.message != message for send in row.sends)
            ]
            for rows in ([last], ends):
                edits = [sending_too(program, other, row, message) for row in rows]
                if all(edits):
                    first, *more = (edit for each in edits for edit in each)
                    text = f"let `{sender}` send `{message}` when it ends"
                    yield Help(text, first.span, first.replacement, more=tuple(more))


def _forgotten(model: Model, role: RoleModel, state: int, run: Run) -> Iterator[Help]:
    """Let a message be sent that would lead on: what replies are waited for to, or what somebody who waits handles, in
    the row that was taken last in this run by who sends it.
    """
    windows = role.program.windows
    awaited = [windows[event.name].request for event in role.events_in[state] if event.name in windows]
    for entry in run.end.entries:
        other, where = model.roles[entry[ROLE]], entry[STATE]
        if entry[LIVE] != CRASHED and not other.final[where]:
            awaited += [name for name in other.program.receives if (other.states[where], name) in other.program.table]
    last = {run.role_of(step.receiver): step.row for step in run.steps if step.row is not None}
    for message in dict.fromkeys(name for name in awaited if name is not None):
        for sender in map(str, model.program.protocol.messages[message].senders):
            if sender not in last:
                continue
            program = model.program.roles[sender]
            row = program.role.transitions[last[sender]]
            help_ = sending(model.program, program, row, message)
            if help_ is not None and all(send.message != message for send in row.sends):
                yield help_


def _ended_with(role: RoleProgram, run: Run) -> Transition | None:
    """The row with which a participant of that role came to its final state last."""
    for step in reversed(run.steps):
        if step.row is not None and run.role_of(step.receiver) == role.name:
            row = role.role.transitions[step.row]
            if row.dest in role.finals:
                return row
    return None
