"""Sends that were forgotten: in which rows a message that does not come may have been meant to be sent.

A row that answers what the message is counted as an answer to, one that leads to where answers to it are waited for,
or one that ends the course where the message would end it for those who receive it, was most likely meant. Of others, a
row whose handler has nothing to send is likelier than one that sends something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.structure import suggest
from protoflow.diagnostics import Edit, Help
from protoflow.language.suggest import listed, quoted

if TYPE_CHECKING:
    from protoflow.program import Program, RoleProgram
    from protoflow.protocol import Transition

MOST = 4
"""Rows that are tried in turn."""


def let_send(program: Program, message: str, *, likely: bool = False) -> list[Help]:
    """Help to let a row send the message that no row sends, the likeliest first. `likely`: only rows that were most
    likely meant.
    """
    rows = [
        (_order(program, role, row, message), role, row)
        for sender in program.protocol.messages[message].senders
        for role in (program.roles[sender],)
        for row in role.role.transitions
    ]
    rows.sort(key=lambda each: each[0])
    found = [sending(program, role, row, message) for order, role, row in rows if not likely or not all(order[:3])]
    return [help_ for help_ in found if help_ is not None][:MOST]


def sending(program: Program, role: RoleProgram, row: Transition, message: str) -> Help | None:
    """Help to let one row send a message; None where that cannot be typed on its line."""
    edits = sending_too(program, role, row, message, to_all=not _back(program, row, message))
    if not edits:
        return None
    where = f"in the row for {quoted(row.triggers, 'or')} in {quoted(row.sources, 'or')}"
    first, *more = edits
    return Help(f"let `{role.name}` send `{message}` {where}", first.span, first.replacement, more=tuple(more))


def sending_too(
    program: Program, role: RoleProgram, row: Transition, message: str, *, to_all: bool = True
) -> list[Edit]:
    """Let a row send a message, to all who receive it or to whom a send goes that does not say; nothing where that
    cannot be typed on its line.
    """
    protocol = program.protocol
    alone = sum(program.roles[name].maximum or 2 for name in protocol.messages[message].receivers) == 1
    sends = [*map(suggest.sent, row.sends), f"{{{message}: all}}" if to_all and not alone else message]
    place = row.spans.get("send")
    if row.span is None or row.span.file != protocol.file or (place is not None and place.line != place.end_line):
        return []
    added = [] if place else [("send", listed(sends))]
    if row.handler is None and any(not kind.optional for kind in protocol.messages[message].payload.values()):
        others = (each.handler for each in role.role.transitions if any(send.message == message for send in each.sends))
        added.append(("handler", next(filter(None, others), f"on_{row.triggers[0]}")))
    edits = [Edit(place, listed(sends))] if place else []
    for key, value in added:
        field = suggest.add_field(row, "", key, value)
        assert field.span is not None
        edits.append(Edit(field.span, field.replacement or ""))
    return edits


def _order(program: Program, role: RoleProgram, row: Transition, message: str) -> tuple[bool, ...]:
    """What sorts the likelier rows first: whether it does not answer, does not ask, does not end, …"""
    receivers = [program.roles[name] for name in program.protocol.messages[message].receivers]
    requests = {receiver.request_of.get(message) for receiver in receivers}
    answers = any(trigger in requests for trigger in row.triggers)
    waited_for = [event for event, window in role.windows.items() if window.request == message]
    asks = row.dest is not None and any((row.dest, event) in role.table for event in waited_for)
    ends = row.dest in role.finals and any(_ends(receiver, message) for receiver in receivers)
    silent = row.handler is not None and not row.sends
    return not answers, not asks, not ends, not silent, not _back(program, row, message)


def _ends(role: RoleProgram, message: str) -> bool:
    """Whether the message ends the course for that role: it leads to a final state, and is not answered."""
    rows = [row for row in role.all_rows() if row.trigger == message]
    return bool(rows) and all(row.dest in role.finals and not row.sends for row in rows)


def _back(program: Program, row: Transition, message: str) -> bool:
    """Whether the row is for what comes from those who receive the message."""
    messages = program.protocol.messages
    return any(
        not set(messages[trigger].senders).isdisjoint(messages[message].receivers)
        for trigger in row.triggers
        if trigger in messages
    )
