"""What a participant does: which events hold, which rows may be taken, what they send to whom.

Part of the naive explorer, see `steps`: "Counting, precisely" of semantics.md, and what a row does.
"""

from __future__ import annotations

from itertools import chain, product
from typing import TYPE_CHECKING, Any

from protoflow.program import GuardKind, Program, Row, RowSend, Window
from protoflow.protocol import TargetKind
from protoflow.trace import SentMessage
from tests.naive.configuration import Links, Local, Message, get, put
from tests.naive.variants import ids, subsets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from protoflow.protocol import Assumptions


class Rows:
    """What one participant of a course can do by itself: events, windows, conditions, rows, sends."""

    def __init__(
        self,
        program: Program,
        participants: Mapping[str, int],
        links: Links | None = None,
        flags: Mapping[str, bool] | None = None,
        assumptions: Assumptions | None = None,
    ) -> None:
        self.program = program
        self.assumptions = assumptions or program.protocol.assumptions
        self.links = links or {}
        self.flags = flags or {}
        self.role_of = {
            participant: role for role, number in participants.items() for participant in ids(program, role, number)
        }
        self.ids = tuple(self.role_of)
        self.index = {participant: place for place, participant in enumerate(self.ids)}
        self.has_rounds = any(table.request_of for table in program.roles.values())
        self.canonical_rounds = True

    def table(self, i: str) -> Any:
        return self.program.roles[self.role_of[i]]

    def members(self, roles: Iterable[str], apart_from: str) -> tuple[str, ...]:
        return tuple(j for j in self.ids if self.role_of[j] in roles and j != apart_from)

    def on_link(self, i: str, link: str) -> tuple[str, ...]:
        return tuple(self.links.get(link, {}).get(i, ()))

    # --- events -------------------------------------------------------------------------------------------------

    def expected(self, i: str, local: Local, window: Window) -> frozenset[str]:
        if window.request is not None:
            everyone = get(local.open, window.request, (0, frozenset()))[1]
        elif window.link is not None:
            everyone = frozenset(self.on_link(i, window.link))
        else:
            everyone = frozenset(self.members(self.program.protocol.messages[window.message].senders, i))
        return everyone - local.lost

    def counted(self, i: str, local: Local, event: str) -> frozenset[str]:
        window = self.table(i).windows[event]
        return get(local.windows, event, frozenset()) & self.expected(i, local, window)

    def holds(self, i: str, local: Local, event: str) -> bool:
        window = self.table(i).windows.get(event)
        if window is None:
            return bool(get(local.timers, event) == "holds")
        if window.total is not None:
            return bool(get(local.windows, event, 0) >= window.total)
        expected = self.expected(i, local, window)
        return bool(expected) and len(self.counted(i, local, event)) >= window.threshold(len(expected))

    def count(self, i: str, local: Local, message: Message, sender: str) -> Local:
        """Counted in the windows of the events that count it, if fresh where `for` is used."""
        for window in self.table(i).counted_by.get(message.type, ()):
            if window.total is not None:
                value: Any = min(get(local.windows, window.event, 0) + 1, window.total)
            elif window.request is not None and not self.fresh(i, local, message):
                continue
            else:
                value = get(local.windows, window.event, frozenset()) | {sender}
            local = local._replace(windows=put(local.windows, window.event, value))
        return local

    def fresh(self, i: str, local: Local, message: Message) -> bool:
        request = self.table(i).request_of.get(message.type)
        opened = get(local.open, request)
        return opened is not None and message.answers == opened[0]

    # --- rows ---------------------------------------------------------------------------------------------------

    def choices(self, i: str, local: Local, rows: tuple[Row, ...], fresh: bool = False) -> list[Row | None]:
        """The rows that may be the first to hold, and None if it may be that none does."""
        names = sorted({g.name for row in rows for g in row.guards if g.kind is GuardKind.PREDICATE})
        found: list[Row | None] = []
        for values in product((True, False), repeat=len(names)):
            predicates = dict(zip(names, values, strict=True))
            chosen = next((row for row in rows if self.row_holds(i, local, row, fresh, predicates)), None)
            if chosen not in found:
                found.append(chosen)
        return found

    def row_holds(self, i: str, local: Local, row: Row, fresh: bool, predicates: Mapping[str, bool]) -> bool:
        if row.times is not None and get(local.taken, row.index, 0) >= row.times:
            return False
        for guard in row.guards:
            match guard.kind:
                case GuardKind.PREDICATE:
                    value = predicates[guard.name]
                case GuardKind.FRESH:
                    value = fresh
                case GuardKind.PARAMETER:
                    value = self.flags[guard.name]
                case GuardKind.LINK:
                    value = bool(self.on_link(i, guard.name))
            if value is not guard.wanted:
                return False
        return True

    def receivers(self, i: str, before: Local, send: RowSend, sender: str | None) -> list[tuple[str, ...]]:
        """Every set of receivers that this send may have; an empty one is "not sent"."""
        match send.target.kind:
            case TargetKind.SENDER:
                group: tuple[str, ...] = (sender,) if sender and self.role_of[sender] in send.roles else ()
            case TargetKind.LINK:
                group = self.on_link(i, send.target.name)
            case TargetKind.EVENT:
                counted = self.counted(i, before, send.target.name)
                group = tuple(j for j in self.members(send.roles, i) if j in counted)
            case TargetKind.SELECTOR:
                group = tuple(j for j in self.members(send.roles, i) if j not in before.lost)
            case _:
                group = self.members(send.roles, i)
        if send.one:
            options = [(j,) for j in group] or [()]
        elif send.target.kind is TargetKind.SELECTOR:
            options = subsets(group)[1:] or [()]
        else:
            options = [group]
        return [*options, ()] if send.maybe and () not in options else options

    def perform(
        self, i: str, local: Local, row: Row, sender: str | None, before: Local
    ) -> Iterator[tuple[Local, list[tuple[str, Message]], tuple[SentMessage, ...], tuple[str, ...]]]:
        """All that the row may do: the participant afterwards, what it sends to whom, and what it raises.

        `before` is the participant as targets see it, before the window of the event that fires is emptied.
        """
        if row.times is not None:
            local = local._replace(taken=put(local.taken, row.index, get(local.taken, row.index, 0) + 1))
        groups = [self.receivers(i, before, send, sender) for send in row.sends]
        raising = [[(event,), ()] if maybe else [(event,)] for event, maybe in row.raises]
        for whom in product(*groups):
            for raised in product(*raising):
                after, outgoing, sent = local, [], []
                for send, receivers in zip(row.sends, whom, strict=True):
                    if receivers:
                        after, messages = self.post(i, after, send, receivers)
                        outgoing += zip(receivers, messages, strict=True)
                        sent.append(SentMessage(send.message, receivers, shown_round(messages)))
                events = tuple(chain.from_iterable(raised))
                after = after._replace(raised=after.raised + events)
                if row.dest is not None:
                    after = after._replace(state=row.dest, timers=())
                yield after, outgoing, tuple(sent), events

    def post(self, i: str, local: Local, send: RowSend, receivers: tuple[str, ...]) -> tuple[Local, list[Message]]:
        """The messages of one send, and the round that it opens or extends."""
        asks = None
        if send.opens or send.extends:
            number, everyone = get(local.open, send.message, (0, frozenset()))
            if send.opens or not everyone:
                number, everyone = number + 1, frozenset()
                for window in self.table(i).windows.values():
                    if window.request == send.message:
                        local = local._replace(windows=put(local.windows, window.event, None))
            asks = number
            opened = (number, everyone | frozenset(receivers))
            local = local._replace(open=put(local.open, send.message, opened))
        messages = []
        for j in receivers:
            request = self.table(j).request_of.get(send.message)
            answers = None if request is None else get(local.last, (j, request), 0)
            messages.append(Message(send.message, asks, answers))
        return local, messages


def shown_round(messages: Iterable[Message]) -> int | None:
    """The round that a message opens, extends or answers, to be shown."""
    return next((r for m in messages for r in (m.asks, m.answers) if r is not None), None)
