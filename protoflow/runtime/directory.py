"""Who takes part in a course, and who is linked to whom: fixed for the course, the same for all its participants.

Everything that follows from the protocol and the numbers of participants alone is looked up here: ids, the receivers of
a message, the peers of a participant. All tuples of ids are in one order: roles as declared, then by index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.errors import UsageError
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
        self.members = {name: _ids(program, name, counts.get(name, 0)) for name in program.roles}
        self.role_of = {who: role for role, ids in self.members.items() for who in ids}
        self.ids = tuple(self.role_of)
        self.order = {who: place for place, who in enumerate(self.ids)}
        self.forms = {name: PayloadForm(message) for name, message in program.protocol.messages.items()}
        self.requests: dict[str, dict[str, str]] = {}  # reply -> role that counts it -> for which request
        for role in program.roles.values():
            for reply, request in role.request_of.items():
                self.requests.setdefault(reply, {})[role.name] = request
        self._groups: dict[tuple[tuple[str, ...], str | None], tuple[str, ...]] = {}
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

    def receivers(self, message: str, sender: str) -> tuple[str, ...]:
        """`all`: every participant of the receiving roles except the sender."""
        return self._of_roles(self.program.protocol.messages[message].receivers, sender)

    def senders(self, message: str, receiver: str) -> tuple[str, ...]:
        """Every participant that may send the message, except the receiver."""
        return self._of_roles(self.program.protocol.messages[message].senders, receiver)

    def others(self, role: str, who: str) -> tuple[str, ...]:
        """Every participant of a role except `who`."""
        return self._of_roles((role,), who)

    def peers(self, who: str) -> tuple[str, ...]:
        """Those that a participant can send to or receive from."""
        role = self.role_of[who]
        roles: set[str] = set()
        for message in self.program.protocol.messages.values():
            if role in message.senders:
                roles.update(message.receivers)
            if role in message.receivers:
                roles.update(message.senders)
        return self._of_roles(tuple(name for name in self.members if name in roles), who)

    def linked(self, link: str, who: str) -> tuple[str, ...]:
        """Those on a link of a participant; nobody for one whose role the link does not start from."""
        return self.links[link].get(who, ())

    def in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(ids, key=self.order.__getitem__))

    def _of_roles(self, roles: tuple[str, ...], without: str) -> tuple[str, ...]:
        key = (roles, without if self.role_of[without] in roles else None)
        if key not in self._groups:
            ids = (who for role in roles for who in self.members[role] if who != without)
            self._groups[key] = self.in_order(ids)
        return self._groups[key]

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
                if self.role_of.get(other) != link.dest:
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


def _ids(program: Program, name: str, count: int) -> tuple[str, ...]:
    role = program.roles[name]
    minimum, maximum = count_bounds(role.role, program.parameters)
    if count < minimum or (maximum is not None and count > maximum):
        if maximum == minimum:
            wanted = f"exactly {minimum}"
        elif maximum is None:
            wanted = f"at least {minimum}"
        else:
            wanted = f"{minimum} to {maximum}"
        raise UsageError(f"role `{name}` needs {wanted} participant{'s'[: not wanted.endswith(' 1')]}, not {count}")
    if role.single:
        return (name,)
    return tuple(f"{name}{index}" for index in range(1, count + 1))
