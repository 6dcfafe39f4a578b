"""PF103, PF104, PF109 and PF111: messages that are sent, handled, allowed, and filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.structure import suggest
from protoflow.checks.structure.facts import (
    first_rows,
    place,
    rows_by_declaration,
    sendings,
    span_or_none,
    states_that_handle,
    trigger_span,
)
from protoflow.checks.structure.sends import let_send
from protoflow.diagnostics import Diagnostic, Help, Label, Span, one_of
from protoflow.language.suggest import listed, quoted
from protoflow.protocol import FRESH, START, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from protoflow.checks.structure.facts import Sending
    from protoflow.program import Program, RoleProgram, Row, RowSend


def sent_but_not_handled(program: Program) -> Iterator[Diagnostic]:
    """PF103. A role that ignores the message in a state that is not final has said that it wants none of it."""
    unsent = suggest.missing_sends(program)
    sent = sendings(program)
    for (message, receiver), all_senders in sent.items():
        role = program.roles[receiver]
        if message not in role.receives or states_that_handle(role, message):
            continue
        if any(message in role.ignored[state] for state in role.states if state not in role.finals):
            continue
        senders = [sending for sending in all_senders if _comes_from(program, sent, sending, receiver)]
        if not senders:
            continue
        first = senders[0].send.declared
        others = dict.fromkeys(each.send.declared.span for each in senders if each.send.declared is not first)
        dest = suggest.next_state(role)
        helps = [
            suggest.add_row(
                program,
                role,
                f"handle it in `{receiver}`",
                suggest.row(
                    [message],
                    states,
                    dest=dest,
                    conditions=[FRESH] if message in role.request_of else (),
                    handler=f"on_{message}",
                    sends=unsent[receiver],
                ),
            )
            for states in suggest.taking_states(role, message, dest)
        ]
        yield Diagnostic(
            "PF103",
            f"`{message}` is sent to `{receiver}`, which handles it in no state",
            place(program, first, senders[0].row.declared),
            label="sent here",
            related=(
                *(Label(other, "and here") for other in others if other),
                *((Label(span, f"no row of `{receiver}` has it as trigger"),) if (span := role.role.span) else ()),
            ),
            help=one_of(helps),
            subject=frozenset({("role", receiver), ("message", message)}),
        )


def _comes_from(
    program: Program, sent: Mapping[tuple[str, str], list[Sending]], sending: Sending, receiver: str
) -> bool:
    """Whether what goes back, to a `sender` or to those an event has counted, can go to that role: it sends first."""
    target = sending.send.target
    answered = ""
    if target.kind is TargetKind.SENDER:
        answered = sending.row.trigger
    elif target.kind is TargetKind.EVENT:
        answered = program.roles[sending.role].windows[target.name].message
    if answered not in program.protocol.messages:
        return True
    return any(other.role == receiver for other in sent.get((answered, sending.role), ()))


def handled_but_not_sent(program: Program) -> Iterator[Diagnostic]:
    """PF104, for each role that handles the message."""
    sent = sendings(program)
    for role in program.roles.values():
        rows = first_rows(role)
        for message in program.protocol.messages.values():
            row = rows.get(message.name)
            if row is None or (message.name, role.name) in sent:
                continue
            elsewhere = [receiver for name, receiver in sent if name == message.name]
            if elsewhere:
                what = f"but it is sent to {quoted(elsewhere)} only"
            else:
                what = "but nobody sends it"
            senders = quoted(message.senders, "or")
            likely = [] if elsewhere else let_send(program, message.name, likely=True)
            yield Diagnostic(
                "PF104",
                f"`{role.name}` handles `{message.name}`, {what}",
                place(program, trigger_span(row)),
                label="handled here",
                related=(Label(message.span, "declared here"),) if message.span else (),
                help=one_of(
                    [*likely, Help(f"let a row of {senders} send it (`send: {message.name}`), or take out the row")]
                ),
                subject=frozenset({("role", role.name), ("message", message.name)}),
            )


def forbidden_sends(program: Program) -> Iterator[Diagnostic]:
    """PF109: who sends and who receives is what the message says. Where one that receives a message sends it too, and
    nobody whom it comes from does, what is wrong is that, and not where the answers to it go.
    """
    astray = _sent_by_others(program)
    for role in program.roles.values():
        for index, rows in rows_by_declaration(role).items():
            for number, declared in enumerate(rows[0].declared.sends):
                for row in rows:
                    send = row.sends[number]
                    answers = send.target.kind is TargetKind.SENDER and row.trigger in astray
                    finding = None if answers else _forbidden(program, role, row, send, astray)
                    if finding is not None:
                        message, label, help, span = finding
                        subject = {("role", role.name), ("message", declared.message), ("row", str(index))}
                        if declared.message in astray:  # then nobody answers it either
                            senders = program.protocol.messages[declared.message].senders
                            subject |= {("role", str(sender)) for sender in senders}
                        written = program.protocol.messages[declared.message].span
                        yield Diagnostic(
                            "PF109",
                            message,
                            place(program, span, declared, row.declared),
                            label=label,
                            related=(Label(written, "declared here"),) if written else (),
                            help=help,
                            subject=frozenset(subject),
                        )
                        break


def _sent_by_others(program: Program) -> set[str]:
    """Messages that are sent, and by none of the roles that they come from."""
    sent: dict[str, set[str]] = {}
    for role in program.roles.values():
        for row in role.role.transitions:
            for send in row.sends:
                sent.setdefault(str(send.message), set()).add(role.name)
    messages = program.protocol.messages
    return {message for message, roles in sent.items() if roles.isdisjoint(messages[message].senders)}


def _forbidden(
    program: Program, role: RoleProgram, row: Row, send: RowSend, astray: set[str]
) -> tuple[str, str, Help | None, Span | None] | None:
    """The first line, the label, the help and the place, where the send is not allowed."""
    protocol = program.protocol
    message = protocol.messages[send.message]
    name, target = message.name, send.target
    if role.name not in message.senders:
        says = f"`{name}` is sent by `{role.name}`, but it comes from {quoted(message.senders, 'or')}"
        senders = listed([role.name] if name in astray else [*message.senders, role.name])
        who = "the" if name in astray else "a"
        help = Help(f"let `{role.name}` be {who} sender of it", message.spans.get("from"), senders)
        return says, f"`{role.name}` is no sender of it", help, send.declared.message.span
    receivers = quoted(message.receivers, "or")
    not_allowed = f"`{name}` is sent to {{}}, but it goes to {receivers}"
    label = f"not {receivers}"
    place = span_or_none(target.name, send.declared)
    match target.kind:
        case TargetKind.SENDER if row.trigger in role.role.events or row.trigger == START:
            says = f"`{name}` is sent to `sender`, but `{row.trigger}` comes from nobody"
            help = Help("say who gets it: `all`, a role, a link, an event that counts senders, or a selector")
            return says, "no message is being handled here", help, place
        case TargetKind.SENDER if not send.roles:
            senders = quoted(protocol.messages[row.trigger].senders, "or")
            return not_allowed.format(f"the sender of `{row.trigger}`, {senders}"), label, None, place
        case TargetKind.EVENT if not send.roles:
            return not_allowed.format(f"those whom `{target.name}` has counted"), label, None, place
        case TargetKind.ROLE | TargetKind.LINK if not set(send.roles) <= set(message.receivers):
            to = f"`{send.roles[0]}`" + (f" along `{target.name}`" if target.kind is TargetKind.LINK else "")
            more = listed([*message.receivers, *send.roles])
            help = Help(f"let `{send.roles[0]}` be a receiver of it", message.spans.get("to"), more)
            return not_allowed.format(to), label, help, place
    return None


def empty_payloads(program: Program) -> Iterator[Diagnostic]:
    """PF111: a row without a handler sends empty payloads."""
    for role in program.roles.values():
        for index, transition in enumerate(role.role.transitions):
            if transition.handler is not None:
                continue
            for send in transition.sends:
                message = program.protocol.messages[send.message]
                required = [name for name, kind in message.payload.items() if not kind.optional]
                if not required:
                    continue
                trigger = transition.triggers[0]
                yield Diagnostic(
                    "PF111",
                    f"`{message.name}` is sent without {quoted(required)}: this row has no handler to fill it",
                    place(program, send, transition),
                    label="would be sent empty",
                    related=(Label(written, "its payload"),) if (written := message.spans.get("payload")) else (),
                    help=suggest.add_field(transition, "name the function that fills it", "handler", f"on_{trigger}"),
                    subject=frozenset({("role", role.name), ("message", message.name), ("row", str(index))}),
                )
