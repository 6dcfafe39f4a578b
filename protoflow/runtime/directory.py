"""Who takes part in a course, and who is linked to whom: fixed for the course, the same for all its participants.

Everything that follows from the protocol and the numbers of participants alone is looked up here: ids, the receivers of
a message, the peers of a participant. All ids are in one order: roles as declared, then by index. They are not made
before somebody asks for them (see `ids`); only links say it for everybody at once.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.ids import Group, Ids, Lookup
from protoflow.program import count_bounds
from protoflow.protocol import Shape
from protoflow.runtime.payload import PayloadForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from protoflow.program import Program
    from protoflow.protocol import Link

Relation = dict[str, tuple[str, ...]]
"""id -> the ids that it is linked to."""


class Directory:
    """Raises UsageError where the numbers of participants, or a relation given, are not what the protocol allows."""

    def __init__(
        self,
        program: Program,
        counts: Mapping[str, int],
        relations: Mapping[str, Mapping[str, Iterable[str]]] | None = None,
    ) -> None:
        self.program = program
        self._groups: dict[str, Group] = {}
        first = 0
        for name, role in program.roles.items():
            count = _allowed(program, name, counts.get(name, 0))
            self._groups[name] = Group(name, count, first, numbered=not role.single)
            first += count
        _tell_apart(self._groups.values())
        self.members = {name: Ids((group,)) for name, group in self._groups.items()}
        self.ids = Ids(self._groups.values())
        self.role_of = Lookup(self._role_of)
        self.order = Lookup(self._order)
        self.forms = {str(name): PayloadForm(message) for name, message in program.protocol.messages.items()}
        self.requests: dict[str, dict[str, str]] = {}  # reply -> role that counts it -> for which request
        for role in program.roles.values():
            for reply, request in role.request_of.items():
                self.requests.setdefault(reply, {})[role.name] = request
        self._asked: dict[tuple[tuple[str, ...], str | None], Ids] = {}
        self.links: dict[str, Relation] = {}
        for name in relations or {}:
            if name not in program.protocol.links:
                raise UsageError(f"`{name}` is not a link of `{program.protocol.name}`")
        for name, link in program.protocol.links.items():
            if link.inverse is None:
                given = (relations or {}).get(name)
                self.links[name] = self._shaped(link) if given is None else self._given(link, given)
        for name, link in program.protocol.links.items():
            if link.inverse is not None:
                self.links[name] = self._inverted(link)

    def receivers(self, message: str, sender: str) -> Ids:
        """`all`: every participant of the receiving roles except the sender."""
        return self._of_roles(self.program.protocol.messages[message].receivers, sender)

    def senders(self, message: str, receiver: str) -> Ids:
        """Every participant that may send the message, except the receiver."""
        return self._of_roles(self.program.protocol.messages[message].senders, receiver)

    def others(self, role: str, who: str) -> Ids:
        """Every participant of a role except `who`."""
        return self._of_roles((role,), who) if self.role_of[who] == role else self.members[role]

    def among(self, role: str, without: Iterable[str]) -> Ids:
        """The participants of a role but for these."""
        return Ids((self._groups[role],), without)

    def peers(self, who: str) -> Ids:
        """Those that a participant can send to or receive from."""
        return self._of_roles(self._peer_roles(who), who)

    def watchers(self, who: str) -> Ids:
        """Those of its peers that are told when it is lost."""
        roles = self.program.roles
        return self._of_roles(tuple(role for role in self._peer_roles(who) if roles[role].watches_lost), who)

    def linked(self, link: str, who: str) -> tuple[str, ...]:
        """Those on a link of a participant; nobody for one whose role the link does not start from."""
        return self.links[link].get(who, ())

    def in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(ids, key=self.order.__getitem__))

    def place(self, who: str) -> tuple[str, int]:
        """The role of a participant, and where it stands in it, from 0. Raises KeyError for an id of nobody."""
        for role, group in self._groups.items():
            if (place := group.place(who)) is not None:
                return role, place
        raise KeyError(who)

    def _role_of(self, who: str) -> str:
        return self.place(who)[0]

    def _order(self, who: str) -> int:
        role, place = self.place(who)
        return self._groups[role].start + place

    def _peer_roles(self, who: str) -> tuple[str, ...]:
        role = self.role_of[who]
        roles: set[str] = set()
        for message in self.program.protocol.messages.values():
            if role in message.senders:
                roles.update(message.receivers)
            if role in message.receivers:
                roles.update(message.senders)
        return tuple(roles)

    def _of_roles(self, roles: tuple[str, ...], without: str) -> Ids:
        left_out = without if self.role_of[without] in roles else None
        if (roles, left_out) not in self._asked:
            groups = (group for name, group in self._groups.items() if name in roles)
            self._asked[roles, left_out] = Ids(groups, () if left_out is None else (left_out,))
        return self._asked[roles, left_out]

    def _shaped(self, link: Link) -> Relation:
        sources, dests = self.members[link.source], self.members[link.dest]
        n = len(sources)
        match link.shape:
            case Shape.ONE:
                if not dests:
                    raise UsageError(f"link `{link.name}` needs a participant of role `{link.dest}`")
                return {who: (dests[place % len(dests)],) for place, who in enumerate(sources)}
            case Shape.NEXT:
                return {who: _without(who, sources[(place + 1) % n]) for place, who in enumerate(sources)}
            case Shape.CHAIN:
                return {who: sources[place + 1 : place + 2] for place, who in enumerate(sources)}
            case Shape.RING:
                return {
                    who: self.in_order({sources[place - 1], sources[(place + 1) % n]} - {who})
                    for place, who in enumerate(sources)
                }
            case Shape.GRAPH:
                raise UsageError(
                    f"link `{link.name}` has the shape `graph`: the program must say who is linked to whom, "
                    f'with course.link("{link.name}", {{id: [ids], ...}})'
                )

    def _given(self, link: Link, relation: Mapping[str, Iterable[str]]) -> Relation:
        """A relation that the program gives, held against the link's roles and shape."""
        whole: Relation = dict.fromkeys(self.members[link.source], ())
        for who, ids in relation.items():
            listed = tuple(ids)
            if who not in whole:
                raise UsageError(f"link `{link.name}`: `{who}` is not a participant of role `{link.source}`")
            for other in listed:
                if other not in self.members[link.dest]:
                    raise UsageError(f"link `{link.name}`: `{other}` is not a participant of role `{link.dest}`")
                if other == who:
                    raise UsageError(f"link `{link.name}`: `{who}` is linked to itself")
            if len(set(listed)) != len(listed):
                raise UsageError(f"link `{link.name}`: `{who}` is linked twice to the same participant")
            whole[who] = self.in_order(listed)
        if link.shape is Shape.ONE:
            for who, ids in whole.items():
                if len(ids) != 1:
                    raise UsageError(f"link `{link.name}`: `{who}` must be bound to exactly one `{link.dest}`")
        elif link.shape is not Shape.GRAPH:
            raise UsageError(f"link `{link.name}` has the shape `{link.shape}`: who is linked follows from that")
        return whole

    def _inverted(self, link: Link) -> Relation:
        whole: Relation = dict.fromkeys(self.members[link.source], ())
        assert link.inverse is not None
        for who, ids in self.links[link.inverse].items():
            for other in ids:
                whole[other] = (*whole[other], who)
        return whole


def _without(who: str, *ids: str) -> tuple[str, ...]:
    return tuple(other for other in ids if other != who)


def _allowed(program: Program, name: str, count: int) -> int:
    """The number of a role's participants, held against what the protocol allows."""
    minimum, maximum = count_bounds(program.roles[name].role, program.parameters)
    if count < minimum or (maximum is not None and count > maximum):
        if maximum == minimum:
            wanted = f"exactly {minimum}"
        elif maximum is None:
            wanted = f"at least {minimum}"
        else:
            wanted = f"{minimum} to {maximum}"
        raise UsageError(f"role `{name}` needs {wanted} participant{'s'[: not wanted.endswith(' 1')]}, not {count}")
    return count


def _tell_apart(groups: Iterable[Group]) -> None:
    """Raise UsageError where two participants would have one id: the eleventh `client` and the first `client1`."""
    for one, other in permutations(groups, 2):
        if other.count and one.place(other.name(0)) is not None:
            raise UsageError(
                f"`{other.name(0)}` would be a participant of role `{one.role}` and one of role `{other.role}`: "
                "rename one of the roles"
            )
