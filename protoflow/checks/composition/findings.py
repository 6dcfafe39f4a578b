"""From an alarm and the run that shows it to a finding for people: what, where, why, and what to type.

The first line says what is wrong; `help` alone says what to do. Where a row or a state is to be changed, the help has
the text to type, in the style in which the place is written (a mapping on one line, or not).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.checks.composition.edits import row_below, saying
from protoflow.checks.composition.remedies import counterparts
from protoflow.checks.composition.waits import waits
from protoflow.checks.structure import suggest
from protoflow.diagnostics import CODES, Diagnostic, Help, Label, Span, one_of
from protoflow.protocol import FRESH, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from protoflow.checks.composition.analyses import Alarm, Used
    from protoflow.checks.composition.concrete import Run
    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.tables import RoleModel
    from protoflow.program import Program
    from protoflow.protocol import Protocol, State, Transition


def finding(alarm: Alarm, model: Model, run: Run | None, parameters: Mapping[str, object]) -> Diagnostic:
    """One alarm as a finding, with the run that shows it."""
    make = {
        "PF201": _unhandled,
        "PF202": _stuck,
        "PF203": _never_done,
        "PF204": _grows,
        "PF205": _late,
        "PF206": _violated,
        "PF209": _stale,
    }[alarm.code]
    message, span, label, related, notes, help_, subject = make(alarm, model, run)
    return Diagnostic(
        code=alarm.code,
        message=message,
        span=span,
        label=label,
        related=tuple(related),
        notes=tuple(notes),
        help=help_,
        subject=frozenset(subject),
        trace=tuple(run.steps) if run else (),
        loop=run.loop if run else None,
        participants=run.participants if run else {},
        parameters={**parameters, **run.bools} if run else {},
        links=run.relations if run else {},
    )


_Parts = tuple[str, Span, str, "Iterable[Label]", "Iterable[str]", "Help | None", "Iterable[tuple[str, str]]"]


def _unhandled(alarm: Alarm, model: Model, run: Run | None) -> _Parts:
    role = model.roles[alarm.role]
    state, protocol = role.states[alarm.state], model.program.protocol
    declared = role.program.role.states[state]
    subject = [("role", role.name), ("state", state)]
    rows = _rows(role, alarm.trigger)
    here = [row for row in rows if state in _sources(role, row)]
    if alarm.trigger in model.message_index:
        subject.append(("message", alarm.trigger))
        message = f"`{alarm.trigger}` can reach `{role.name}` in state `{state}`, which does not handle it"
        label = f"nothing for `{alarm.trigger}` here"
        related = _sent_here(protocol, alarm, run)
    else:
        subject.append(("event", alarm.trigger))
        message = f"`{alarm.trigger}` can be raised at `{role.name}` in state `{state}`, which has no row for it"
        label, related = f"nothing for `{alarm.trigger}` here", []
    if here:
        message = message.split(", which")[0] + ", and the conditions of all its rows there can fail"
        related = [*related, *(Label(row.span, "its conditions can fail") for row in here if row.span)]
    return message, _span(protocol, declared), label, related, (), _handle_too(alarm, model, rows, here), subject


def _handle_too(alarm: Alarm, model: Model, rows: list[Transition], here: list[Transition]) -> Help | None:
    """A row that takes it, in the ways that there are; or to keep it, or to drop it. Each is for the case that the one
    before does not mend.
    """
    role = model.roles[alarm.role]
    trigger, state = alarm.trigger, role.states[alarm.state]
    reply = trigger in role.program.request_of  # a stale one is dropped as it is, and stays so
    if here:
        misspelt = suggest.meant_fresh(here) if reply else []
        return one_of([*misspelt, *_whenever_they_do_not(model.program, role, state, trigger)])
    found = [_hold_too(row, role, trigger, state) for row in rows]
    handler = next((row.handler for row in rows if row.handler and not row.sends and not row.raises), None)
    if not rows and trigger in role.program.receives:
        handler = Name(f"on_{trigger}")  # else what it says reaches nobody
    fields = suggest.row([trigger], [state], conditions=[FRESH] if reply else [], handler=handler)
    another = suggest.add_row(model.program, role.program, f"add a row for `{trigger}` in `{state}`", fields)
    if handler or not rows:
        found.append(another)
    if trigger in role.program.receives:
        written = role.program.role.states[state]
        keep, drop = (saying(written, key, [trigger]) for key in ("defer", "ignore"))
        found.append(Help(f"if a later state is to handle it, `defer` `{trigger}` in `{state}`", *keep))
        dropped = Help(f"if it is to be dropped, say so: `ignore` `{trigger}` in `{state}`", *drop)
        # Where nothing waits for a reply, to handle it would take into account what came too late.
        found.insert(0 if reply and not _waits_for(role, state, trigger) else len(found), dropped)
    if another not in found:
        found.append(another)
    return one_of(each for each in found if each is not None)


def _whenever_they_do_not(program: Program, role: RoleModel, state: str, trigger: str) -> Iterator[Help]:
    """A row that holds whenever those that are there fail: nothing done, or led on as they do, or as others do."""
    rows = role.program.rows(state, trigger)
    conditions, unless = suggest.counterpart(rows, fresh=trigger in role.program.request_of)
    own = suggest.way(program, rows[-1].declared)
    for dest, handler, sends in dict.fromkeys([suggest.NOTHING, own, *suggest.ways_on(program, role.program, rows)]):
        fields = suggest.row(
            [trigger], [state], dest=dest, conditions=conditions, unless=unless, handler=handler, sends=sends
        )
        text = f"add a row after these that holds whenever they do not: `{suggest.flow(fields)}`"
        yield row_below(program, role.program, rows[-1].declared, text, fields)


def _waits_for(role: RoleModel, state: str, message: str) -> bool:
    windows = role.program.windows
    return any(event in windows and windows[event].message == message for event in role.program.events_in[state])


def _hold_too(row: Transition, role: RoleModel, trigger: str, state: str) -> Help | None:
    """Let a row for the same hold in this state too, where that is written on one line."""
    span = row.spans.get("source")
    sources = [str(name) for name in row.sources if name in role.states]
    if span is None or span.line != span.end_line or not sources:
        return None
    text = f"let the row for `{trigger}` hold in `{state}` too"
    return Help(text, span, f"[{', '.join([*sources, state])}]")


def _late(alarm: Alarm, model: Model, run: Run | None) -> _Parts:
    role, protocol = model.roles[alarm.role], model.program.protocol
    state = role.states[alarm.state]
    message, label, help_ = _late_words(role, state, [alarm.trigger])
    return (
        message,
        _span(protocol, role.program.role.states[state]),
        label,
        _sent_here(protocol, alarm, run),
        (),
        help_,
        [("role", role.name), ("state", state), ("message", alarm.trigger)],
    )


def _late_words(role: RoleModel, state: str, late: Sequence[str]) -> tuple[str, str, Help]:
    """What is said of messages that can come late in one state: message, label and help."""
    names = [f"`{name}`" for name in late]
    each, them = " and ".join(names), "it" if len(names) == 1 else "them"
    message = f"{each} can come late: `{role.name}` may be in its final state `{state}`, which drops {them}"
    at, replacement = saying(role.program.role.states[state], "ignore", late)
    to_be = "it is" if len(names) == 1 else "they are"
    help_ = Help(f"if {to_be} to be dropped, say so: `ignore` {each} in `{state}`", at, replacement)
    return message, f"neither handles nor ignores {' or '.join(names)}", help_


def _stale(alarm: Alarm, model: Model, run: Run | None) -> _Parts:
    role, protocol = model.roles[alarm.role], model.program.protocol
    state = role.states[alarm.state]
    row = role.program.role.transitions[alarm.row]
    request = role.program.request_of[alarm.trigger]
    words = "let the row hold for answers to the open round only; a stale one is then dropped"
    message = (
        f"`{role.name}` can take a stale `{alarm.trigger}` in state `{state}`: "
        f"one that answers an earlier `{request}` than the last"
    )
    span: Span | None = row.spans.get("conditions")
    replacement: str | None = None
    if span is not None and span.line == span.end_line:
        replacement = f"[{', '.join([*row.conditions, 'fresh'])}]"
    elif span is None and (source := row.spans.get("source")) and row.span and row.span.line == row.span.end_line:
        span = Span(source.file, source.end_line, source.end_column, source.end_line, source.end_column)
        replacement = ", conditions: fresh"
    else:
        span = None
    return (
        message,
        row.span or _span(protocol, role.program.role.states[state]),
        "this row takes it, and does not ask whether it is `fresh`",
        _sent_here(protocol, alarm, run),
        (),
        one_of([*suggest.meant_fresh([row]), Help(words, span, replacement)]),
        [("role", role.name), ("state", state), ("message", alarm.trigger), ("row", str(alarm.row))],
    )


def _stuck(alarm: Alarm, model: Model, run: Run | None) -> _Parts:
    role, protocol = model.roles[alarm.role], model.program.protocol
    state = role.states[alarm.state]
    notes, help_, messages = waits(alarm, model, run) if run else ([], None, [])
    subject = [("role", role.name), ("state", state), *(("message", name) for name in messages)]
    message = f"`{role.name}` can wait in state `{state}` for ever: nobody can move, and the course is not complete"
    return message, _span(protocol, role.program.role.states[state]), "waits here", (), notes, help_, subject


def _never_done(alarm: Alarm, model: Model, run: Run | None) -> _Parts:
    role, protocol = model.roles[alarm.role], model.program.protocol
    state = role.states[alarm.state]
    message = f"the course can go on for ever: with `{role.name}` in state `{state}`, no way may lead to its end"
    words = f"give `{role.name}` a row towards a final state that is certain to be taken in the end"
    program = role.program
    in_vain = [name for name in program.events_in[state] if not any(row.certain for row in program.rows(state, name))]
    rows = [help_ for name in in_vain for help_ in counterparts(model.program, program, state, name)]
    help_ = one_of([*rows, Help(words)])
    subject = [("role", role.name), ("state", state)]
    return message, _span(protocol, role.program.role.states[state]), "goes on from here", (), (), help_, subject


def _grows(alarm: Alarm, model: Model, run: Run | None) -> _Parts:
    sender, receiver = model.roles[alarm.role], model.roles[alarm.state]
    protocol = model.program.protocol
    row = sender.program.role.transitions[alarm.row]
    sends = [send for send in row.sends if send.message == alarm.trigger]
    span = sends[0].span if sends and sends[0].span else row.span
    return (
        f"`{sender.name}` can send `{alarm.trigger}` again and again while `{receiver.name}` handles none",
        span or _span(protocol, None),
        "sent without waiting for anything from the receiver",
        (),
        (),
        Help(f"let this row wait for an answer from `{receiver.name}`, or take it a limited number of `times`"),
        [("role", sender.name), ("receiver", receiver.name), ("message", alarm.trigger), ("row", str(alarm.row))],
    )


def _violated(alarm: Alarm, model: Model, run: Run | None) -> _Parts:
    protocol = model.program.protocol
    declared = protocol.properties[alarm.trigger]
    parts = " while ".join(f"`{role}` is in {_either(states)}" for role, states in declared.never.items())
    return (
        f"`{alarm.trigger}` does not hold: it can happen that {parts}",
        declared.span or _span(protocol, None),
        "says what must never be",
        (),
        (),
        None,
        [
            ("property", alarm.trigger),
            *(("role", role) for role in declared.never),
            *(("state", state) for states in declared.never.values() for state in states),
        ],
    )


def _either(states: Sequence[str]) -> str:
    return " or ".join(f"`{state}`" for state in states)


# -- places and texts -------------------------------------------------------------------------------------------------


def _span(protocol: Protocol, state: State | None) -> Span:
    return (state and state.span) or protocol.span or Span(protocol.file, 1, 1, 1, 1)


def _rows(role: RoleModel, trigger: str) -> list[Transition]:
    return [row for row in role.program.role.transitions if trigger in row.triggers]


def _sources(role: RoleModel, row: Transition) -> set[str]:
    index = next(i for i, other in enumerate(role.program.role.transitions) if other is row)
    return {compiled.source for compiled in role.program.all_rows() if compiled.index == index}


def _sent_here(protocol: Protocol, alarm: Alarm, run: Run | None) -> list[Label]:
    """Where the message of the last step was sent, by the row that sent it in the run."""
    if run is None or not run.steps:
        return []
    last = run.steps[-1]
    for step in reversed(run.steps[:-1]):
        if (
            step.receiver == last.sender
            and step.row is not None
            and any(sent.message == alarm.trigger and last.receiver in sent.to for sent in step.sends)
        ):
            row = protocol.roles[run.role_of(step.receiver)].transitions[step.row]
            return [Label(send.span, "sent here") for send in row.sends if send.message == alarm.trigger and send.span]
    return []


def unused(model: Model, left: set[Used]) -> Iterator[Diagnostic]:
    """One finding a cause: a row is left out where no state or no event of it is used, an event where no state is."""
    protocol = model.program.protocol
    for role in model.roles:
        written = role.program.role
        states = {role.states[number] for kind, r, number in left if (kind, r) == ("state", role.index)}
        events = {role.event_names[number] for kind, r, number in left if (kind, r) == ("event", role.index)}
        for name in sorted(states, key=role.states.index):
            yield Diagnostic(
                code="PF207",
                message=f"`{role.name}` never gets into state `{name}`, in any run",
                span=_span(protocol, written.states[name]),
                label="no run gets here",
                help=Help("remove the state, or find out why the rows that lead to it are never taken"),
                subject=frozenset({("role", role.name), ("state", name)}),
            )
        for name in sorted(events, key=role.event_names.index):
            waits = {source for row in _rows(role, name) for source in _sources(role, row)}
            if waits - states:
                yield Diagnostic(
                    code="PF207",
                    message=f"`{name}` never happens at `{role.name}`, in any run",
                    span=written.events[name].span or _span(protocol, None),
                    label="no run gets this event where a row waits for it",
                    help=Help("remove the event, or find out what it waits for"),
                    subject=frozenset({("role", role.name), ("event", name)}),
                )
        for index, row in enumerate(written.transitions):
            if ("row", role.index, index) not in left:
                continue
            if _sources(role, row) <= states or set(map(str, row.triggers)) <= events:
                continue
            subject = {("role", role.name), ("row", str(index))}
            if len(row.triggers) == 1:
                trigger = str(row.triggers[0])
                subject.add(("message" if trigger in model.message_index else "event", trigger))
            if len(row.sources) == 1 and str(row.sources[0]) in role.states:
                subject.add(("state", str(row.sources[0])))
            triggers = " or ".join(f"`{name}`" for name in row.triggers)
            yield Diagnostic(
                code="PF207",
                message=f"no run takes this row of `{role.name}` for {triggers}",
                span=row.span or _span(protocol, None),
                label="never taken",
                help=Help("remove the row, or find out why the course never gets there"),
                subject=frozenset(subject),
            )


def one_each_cause(found: Mapping[Alarm, Diagnostic], model: Model) -> Iterator[Diagnostic]:
    """The same findings, each told by its shortest run: one PF202 and one PF203 for a role, one PF205 for a state."""
    causes: dict[tuple[str | int, ...], list[Alarm]] = {}
    for alarm in found:
        match alarm.code:
            case "PF202" | "PF203":
                cause: tuple[str | int, ...] = (alarm.code, alarm.role)
            case "PF205":
                cause = (alarm.code, alarm.role, alarm.state)
            case _:
                cause = alarm
        causes.setdefault(cause, []).append(alarm)
    for alarms in causes.values():
        first, *others = sorted(alarms, key=lambda a: (sum(found[a].participants.values()), len(found[a].trace)))
        if not others:
            yield found[first]
            continue
        role = model.roles[first.role]
        if first.code == "PF205":
            late = [name for name in model.messages if name in {alarm.trigger for alarm in alarms}]
            message, label, help_ = _late_words(role, role.states[first.state], late)
            related = dict.fromkeys(label for alarm in (first, *others) for label in found[alarm].related)
            subject = frozenset().union(*(found[alarm].subject for alarm in alarms))
            yield replace(
                found[first], message=message, label=label, related=tuple(related), help=help_, subject=subject
            )
        else:
            states = [f"`{role.states[alarm.state]}`" for alarm in sorted(others, key=lambda alarm: alarm.state)]
            more = f"the same can happen in {' and '.join(states)}"
            yield replace(found[first], notes=(*found[first].notes, more))


def about(alarm: Alarm, model: Model) -> str:
    """An alarm in a few words."""
    if alarm.code == "PF206":
        return f"{alarm.code}, `{alarm.trigger}`"
    role = model.roles[alarm.role]
    what = f"`{alarm.trigger}` at " if alarm.trigger else ""
    return f"{alarm.code} ({CODES[alarm.code].title}), {what}`{role.name}` in `{role.states[alarm.state]}`"


def inconclusive(model: Model, message: str, note: str, help_: str) -> Diagnostic:
    return Diagnostic(
        code="PF210",
        message=message,
        span=getattr(model.program.protocol.name, "span", None) or _span(model.program.protocol, None),
        notes=(note,),
        help=Help(help_),
    )
