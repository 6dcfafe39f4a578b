"""PF204: can a channel grow without bound?

First by the tables alone, for every number of participants: assume that a receiver takes nothing more from one sender,
and ask which rows could then still be taken again and again. A row can only if its trigger comes again and again, which
other such rows must bring about; it counts no `times`; and its role can come back to its source by such rows. Where no
such row sends to that receiver, the channel cannot grow, whatever is in it. This is a proof for every N. What goes to a
link reaches those on it only: of two who are linked so, each is missed where all on the link must have answered.

Where that does not settle it, `pumping` looks for an example.
"""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition.configuration import unhurried
from protoflow.checks.composition.explore import components
from protoflow.checks.composition.tables import EventKind, RoleModel, RowModel, SendModel, WindowModel
from protoflow.program import Disposition
from protoflow.protocol import LOST, START, Shape, TargetKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.checks.composition.model import Model


class Flow(NamedTuple):
    """A send that nothing is known to stop: its row, its message, and the receiving role."""

    row: int
    message: int
    receiver: int


class _Who(Enum):
    """Who takes a row: the receiver that takes nothing from the sender, that sender, or anybody else of the role."""

    SLOW = 0
    SOURCE = 1
    OTHER = 2


class _Variant(NamedTuple):
    row: int
    who: _Who


def unstopped(model: Model, look: Callable[[], None] = unhurried) -> list[Flow]:
    """Sends that the tables do not prove bounded. `look` at the clock is called now and then."""
    found: dict[Flow, None] = {}
    circles = bool(_Repeating(model, None, None, look, timers=False, outside=False).rows)
    for receiver in model.roles:
        for sender in model.roles:
            sends = [send for row in _rows(model, sender) for send in row.sends if receiver.index in send.roles]
            for link in dict.fromkeys(send.link for send in sends):
                timers = circles or _defers(receiver, sender, model)
                repeating = _Repeating(model, sender, receiver, look, timers=timers, link=link)
                found |= dict.fromkeys(repeating.sends_to_slow())
    return list(found)


def _inverse(model: Model, link: int) -> int:
    """The link the other way round, as a bit; 0 if none is declared."""
    links = model.program.protocol.links
    for name, declared in links.items():
        for one, other in ((name, declared.inverse), (declared.inverse, name)):
            if one is not None and other is not None and model.link_bit[one] == link:
                return model.link_bit[other]
    return 0


def _defers(receiver: RoleModel, sender: RoleModel, model: Model) -> bool:
    sent = {send.message for row in _rows(model, sender) for send in row.sends if receiver.index in send.roles}
    return any(d is Disposition.DEFER and message in sent for (_, message), d in receiver.disposition.items())


def _rows(model: Model, role: RoleModel) -> list[RowModel]:
    return [row for row in model.rows if row.role == role.index]


class _Repeating:
    """The rows that may be taken again and again while one receiver takes nothing from one sender.

    It begins with all, and drops what cannot come again or cannot come back, until nothing changes. Without sender and
    receiver: the rows that may be taken again and again at all. `timers`: time passes again and again; else it stands
    still, as something can be handled. `outside`: so do events from outside. `link`: what is sent goes to that link, so
    the receiver is on it; 0 if it goes elsewhere.
    """

    def __init__(
        self,
        model: Model,
        sender: RoleModel | None,
        receiver: RoleModel | None,
        look: Callable[[], None],
        *,
        timers: bool,
        outside: bool = True,
        link: int = 0,
    ) -> None:
        self.model = model
        self.sender = sender
        self.receiver = receiver
        self.timers = timers
        self.outside = outside
        self.link = link
        self.back = _inverse(model, link)
        self.rows = {
            _Variant(row.uid, who)
            for row in model.rows
            if row.row.times is None and row.row.trigger not in (START, LOST)
            for who in self._kinds(model.roles[row.role])
        }
        while True:
            look()
            self._known: dict[object, bool] = {}  # answers about these rows
            back = self._coming_back()
            kept = {variant for variant in self.rows if variant in back and self._comes_again(variant)}
            if kept == self.rows:
                break
            self.rows = kept

    def _kinds(self, role: RoleModel) -> list[_Who]:
        kinds = [_Who.SLOW] if role is self.receiver else []
        kinds += [_Who.SOURCE] if role is self.sender and not (role.single and kinds) else []
        return kinds if role.single and kinds else [*kinds, _Who.OTHER]

    def sends_to_slow(self) -> list[Flow]:
        assert self.receiver is not None
        return [
            Flow(variant.row, send.message, self.receiver.index)
            for variant in sorted(self.rows, key=lambda variant: variant.row)
            if variant.who is _Who.SOURCE
            for send in self.model.rows[variant.row].sends
            if send.link == self.link and self._reaches(variant, send, self.receiver, _Who.SLOW)
        ]

    def _reaches(self, variant: _Variant, send: SendModel, role: RoleModel, who: _Who) -> bool:
        """Whether the send can go to that participant. An answer goes to those whose messages are taken."""
        row = self.model.rows[variant.row]
        if role.index not in send.roles or (variant.who is _Who.OTHER and self._is_bound_elsewhere(send, who)):
            return False
        if send.kind is not TargetKind.SENDER:
            return True
        if variant.who is _Who.SLOW and who is _Who.SOURCE:
            return False
        key = (row.row.trigger, row.role, role.index, who)
        if key not in self._known:
            message = self.model.message_index.get(row.row.trigger)
            self._known[key] = any(
                other.who is who
                and self.model.rows[other.row].role == role.index
                and any(sent.message == message and row.role in sent.roles for sent in self.model.rows[other.row].sends)
                for other in self.rows
            )
        return self._known[key]

    def _is_bound_elsewhere(self, send: SendModel, who: _Who) -> bool:
        """It goes to those who are bound to its sender, and this one is bound to the other of the two."""
        bound = _inverse(self.model, send.link) if send.link else 0
        known = {_Who.SOURCE: self.link, _Who.SLOW: self.back, _Who.OTHER: 0}[who]
        links = self.model.program.protocol.links
        return bound > 0 and any(
            self.model.link_bit[name] == bound == known and link.shape is Shape.ONE and link.inverse is None
            for name, link in links.items()
        )

    def _taken_from(self, message: int, role: RoleModel, who: _Who, by: tuple[RoleModel, _Who] | None = None) -> bool:
        """Whether that participant can go on taking this message: from anybody, or from the one that is given."""
        for variant in self.rows:
            row = self.model.rows[variant.row]
            if by is not None and (row.role != by[0].index or variant.who is not by[1]):
                continue
            if who is _Who.SLOW and variant.who is _Who.SOURCE:
                continue
            if any(send.message == message and self._reaches(variant, send, role, who) for send in row.sends):
                return True
        return False

    def _comes_again(self, variant: _Variant) -> bool:
        row = self.model.rows[variant.row]
        key = (row.role, row.row.trigger, variant.who)
        if key not in self._known:
            self._known[key] = self._triggered(self.model.roles[row.role], row.row.trigger, variant.who)
        return self._known[key]

    def _triggered(self, role: RoleModel, trigger: str, who: _Who) -> bool:
        """Whether the message or event comes again and again to that participant."""
        message = self.model.message_index.get(trigger)
        if message is not None and trigger in role.program.receives:
            return self._taken_from(message, role, who)
        event = role.events.get(trigger)
        if event is None:
            return self._is_raised(role, role.event_names.index(trigger), who)
        if event.kind is EventKind.TIMER:
            return self.timers
        counted = self.model.message_index[role.program.windows[event.name].message]
        if not self._taken_from(counted, role, who):
            return False
        if event.kind is EventKind.COUNTER:
            return True
        window = role.windows[event.position]
        everybody = isinstance(window.window.needed, Fraction) and window.window.needed == 1
        expected = self._always_expected(role, window) if everybody else None
        if expected is None:
            return True
        peers = [(self.receiver, _Who.SLOW), (self.sender, _Who.SOURCE)]
        if expected:
            known = {_Who.SOURCE: (self.link, peers[:1]), _Who.SLOW: (self.back, peers[1:]), _Who.OTHER: (0, [])}
            link, peers = known[who]
            if expected != link:
                return True
        return all(
            self._taken_from(counted, role, who, (peer, kind))
            for peer, kind in peers
            if peer is not None
            and peer.index in window.senders
            and not (kind is who and peer is role)
            and kind in self._kinds(peer)
        )

    def _always_expected(self, role: RoleModel, window: WindowModel) -> int | None:
        """The link on which every sender that is not lost is expected, 0: every sender; None: not always all of them.

        Where rounds are counted those are expected whom the request went to.
        """
        if window.request < 0:
            return window.link
        asked = [send for row in _rows(self.model, role) for send in row.sends if send.request == window.request]
        if any(send.one or send.kind not in (TargetKind.ALL, TargetKind.ROLE, TargetKind.LINK) for send in asked):
            return None
        links = {send.link for send in asked}
        if window.link:
            return window.link if links <= {0, window.link} else None
        return links.pop() if len(links) == 1 else None

    def _is_raised(self, role: RoleModel, number: int, who: _Who) -> bool:
        if any(number in events for events in role.outside_in):
            return self.outside
        return any(
            other.who is who
            and self.model.rows[other.row].role == role.index
            and any(raised == number for raised, _ in self.model.rows[other.row].raises)
            for other in self.rows
        )

    def _coming_back(self) -> set[_Variant]:
        """Rows that lead to where their participant can come back from to their source."""
        places: dict[tuple[int, _Who, int], int] = {}
        ways: list[list[int]] = []

        def place(role: int, who: _Who, state: int) -> int:
            if (role, who, state) not in places:
                places[role, who, state] = len(ways)
                ways.append([])
            return places[role, who, state]

        legs: dict[_Variant, tuple[int, int]] = {}
        for variant in self.rows:
            row = self.model.rows[variant.row]
            dest = row.source if row.dest < 0 else row.dest
            legs[variant] = leg = (place(row.role, variant.who, row.source), place(row.role, variant.who, dest))
            ways[leg[0]].append(leg[1])
        component = components(len(ways), ways.__getitem__)
        return {variant for variant, (source, dest) in legs.items() if component[source] == component[dest]}
