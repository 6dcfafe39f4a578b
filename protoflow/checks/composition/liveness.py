"""What of a configuration still matters, from the tables alone: what no path reads before it is reset is forgotten.

For each role and state: which windows, rounds and counters are still needed; whether it matters which round the last
request was of; and which messages change nothing any more, whatever happens first. Without this the abstraction of
courses with sampling does not end in reasonable time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition.tables import EventKind, EventModel, Outdated, RoleModel, RowModel, SendModel
from protoflow.program import Disposition, GuardKind
from protoflow.protocol import TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.checks.composition.model import Model


def find_live(model: Model) -> None:
    """Fill in what each role's states need (`live_*`), and what changes nothing in them (`neutral*`)."""
    for role in model.roles:
        _live(model, role)
        _neutral(model, role)
        _live_answers(model, role)
        _outdated(model, role)


def _live(model: Model, role: RoleModel) -> None:
    """Which windows, rounds and counters each state still needs: read on some path before they are reset."""
    rows = [row for row in model.rows if row.role == role.index]
    for kind, size in ((EventKind.WINDOW, len(role.windows)), (EventKind.COUNTER, len(role.counters))):
        masks = [0] * len(role.states)
        for event in role.events.values():
            if event.kind is kind:
                for state in _needed_in(role, rows, event):
                    masks[state] |= 1 << event.position
        assert all(mask < 1 << size for mask in masks)
        if kind is EventKind.WINDOW:
            role.live_windows = masks
        else:
            role.live_counters = masks
    role.live_requests = [
        sum({1 << window.request for bit, window in enumerate(role.windows) if mask >> bit & 1 and window.request >= 0})
        for mask in role.live_windows
    ]


def _neutral(model: Model, role: RoleModel) -> None:
    """Which messages change nothing, in each state and in all that may follow it, but that they are gone."""

    def neutral(state: int, message: int, *, stale: bool) -> bool:
        disposition = role.disposition[state, message]
        if disposition is Disposition.IGNORE:
            return True
        if disposition is Disposition.DEFER:
            return False
        rows = role.on_message.get((state, message), ())
        if stale and message in role.reply_to:
            return all(any(g.kind is GuardKind.FRESH and g.wanted for g in row.row.guards) for row in rows)
        windows, counters = role.counts.get(message, ((), ()))
        counted = any(role.live_windows[state] >> w & 1 for w in windows)
        counted |= any(role.live_counters[state] >> c & 1 for c in counters)
        return bool(rows) and rows[0].row.certain and not counted and not _does_something(rows[0])

    requests = {message for peer in model.roles for message in peer.request_of_message}
    messages = {message for _, message in role.disposition} - requests
    rows = [row for row in model.rows if row.role == role.index]
    states = range(len(role.states))
    for stale, found in ((False, role.neutral), (True, role.neutral_stale)):
        matter = {m: leading_to(rows, {s for s in states if not neutral(s, m, stale=stale)}) for m in messages}
        found += [frozenset(message for message in messages if state not in matter[message]) for state in states]


def leading_to(rows: Iterable[RowModel], states: Iterable[int]) -> set[int]:
    """These states, and all from which such rows lead to them."""
    sources: dict[int, list[int]] = {}
    for row in rows:
        sources.setdefault(row.dest, []).append(row.source)
    found = set(states)
    todo = list(found)
    while todo:
        for source in sources.get(todo.pop(), ()):
            if source not in found:
                found.add(source)
                todo.append(source)
    return found


def _live_answers(model: Model, role: RoleModel) -> None:
    """In which states it matters which round the last request was of: an answer can follow before the next one.

    A row that a request triggers resets what is known of this request only, and only where all requests come from one
    single participant; else a request does not outdate those of the others.
    """
    asking = [peer for peer in model.roles if peer.requests]
    alone = len(asking) == 1 and asking[0].single
    rows = [row for row in model.rows if row.role == role.index]
    live: set[int] = set()
    for peer in asking:
        for number, request in enumerate(peer.requests):
            replies = {message for message, asked in peer.reply_to.items() if asked == number}
            others = [row for row in rows if not alone or row.row.trigger != request]
            answering = {row.source for row in others if any(send.message in replies for send in row.sends)}
            live |= leading_to(others, answering)
    role.live_last = [state in live for state in range(len(role.states))]


def _outdated(model: Model, role: RoleModel) -> None:
    """Which requests do nothing once they are stale, whenever they are handled, but to have a stale answer sent.

    That answer is stale because the request that its sender has had last is. It matters to nobody which that is, but to
    answers sent later (`live_last`).
    """
    role.outdated = [{} for _ in role.states]
    asking = [peer for peer in model.roles if peer.requests]
    if len(asking) != 1 or not asking[0].single:
        return
    peer = asking[0]
    rows = [row for row in model.rows if row.role == role.index]
    states = range(len(role.states))
    before: list[set[int]] = []  # for each state, those that lead to it; made where it is needed
    for request, number in peer.request_of_message.items():
        if request in role.reply_to or (0, request) not in role.disposition:
            continue
        replies = {message for message, asked in peer.reply_to.items() if asked == number}

        def first_row(state: int, request: int = request) -> RowModel | None:
            return next(iter(role.on_message.get((state, request), ())), None)

        def answers_only(state: int, request: int = request, replies: set[int] = replies) -> bool:
            if role.disposition[state, request] is not Disposition.HANDLE:
                return role.disposition[state, request] in (Disposition.IGNORE, Disposition.LATE)
            row = first_row(state)
            if row is None or not row.row.certain or row.dest >= 0 or row.raises or row.slot >= 0:
                return False
            told = all(send.message in replies and send.roles == {peer.index} for send in row.sends)
            return told and request not in role.counts and not role.live_last[state]

        matters = leading_to(rows, {state for state in states if not answers_only(state)})
        before = before or [leading_to(rows, {then}) for then in states]
        for state in set(states) - matters:
            after = [then for then in states if state in before[then]]
            sends = (send for then in after if (row := first_row(then)) for send in row.sends)
            late = (then for then in after if role.disposition[then, request] is Disposition.LATE)
            role.outdated[state][request] = Outdated(frozenset(send.message for send in sends), tuple(late))


def _needed_in(role: RoleModel, rows: list[RowModel], event: EventModel) -> set[int]:
    window = role.windows[event.position] if event.kind is EventKind.WINDOW else None

    def reads(row: RowModel) -> bool:
        fired = row.row.trigger == event.name
        return fired or any(send.window == event.position for send in row.sends if window is not None)

    def resets(row: RowModel) -> bool:
        if row.row.trigger == event.name:
            return window is None or window.request < 0 or any(map(opens, row.sends))
        return any(map(opens, row.sends))

    def opens(send: SendModel) -> bool:
        """A round begins for certain; an event as target may be empty, and then none does."""
        return (
            window is not None
            and send.opens
            and send.request == window.request >= 0
            and not send.maybe
            and send.kind is not TargetKind.EVENT
            and send.kind is not TargetKind.LINK
        )

    return leading_to((row for row in rows if not resets(row)), {row.source for row in rows if reads(row)})


def _does_something(row: RowModel) -> bool:
    """The row changes its participant or sends, besides calling the handler."""
    return row.dest >= 0 or bool(row.sends or row.raises)
