"""A merged draft -> a Protocol: every name looked up, every number and direction held against what it belongs to.

Everything that `protoflow.program` relies on is made sure here, so that compiling cannot fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.diagnostics import Label
from protoflow.language.merge import too_many_rows
from protoflow.language.names import Names, place
from protoflow.language.resolve_role import RoleResolver
from protoflow.protocol import Assumptions, Count, Name, ParameterType, Property, Protocol, Role, Shape

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from protoflow.language.draft import Draft, RoleDraft
    from protoflow.language.findings import Findings
    from protoflow.language.merge import Removals
    from protoflow.protocol import Link


def resolve(draft: Draft, removals: Removals, findings: Findings, *, complete: bool) -> tuple[Protocol | None, Names]:
    """The protocol that `draft` says, or None where there are errors. `complete`: no base is missing."""
    names = Names(draft, removals, findings, complete=complete)
    protocol = _Resolver(draft, findings, names).resolve()
    names.report()
    return (None if findings.errors else protocol), names


class _Resolver:
    def __init__(self, draft: Draft, findings: Findings, names: Names) -> None:
        self.draft = draft
        self.findings = findings
        self.names = names

    def resolve(self) -> Protocol:
        draft = self.draft
        if draft.name is None and self.names.complete and "name" not in self.findings.excused:
            self.findings.add("PF002", "`name` is missing in this file", draft.span)
        if not draft.roles and self.names.complete and "roles" not in self.findings.excused:
            self.findings.add("PF002", "`roles` is missing in this file: nobody takes part", draft.span)
        self._collisions()
        for message in draft.messages.values():
            if message is not None:
                for role in (*message.senders, *message.receivers):
                    self.names.known("role", role, draft.roles)
        self._links()
        roles: dict[str, Role] = {name: self._role(role) for name, role in draft.roles.items()}
        return Protocol(
            draft.name or Name("", draft.span),
            {name: message for name, message in draft.messages.items() if message is not None},
            roles,
            {name: parameter for name, parameter in draft.parameters.items() if parameter is not None},
            {name: link for name, link in draft.links.items() if link is not None},
            self._assumptions(),
            self._properties(),
            draft.summary,
            draft.source,
            draft.file,
            draft.span,
        )

    def _collisions(self) -> None:
        """Names that a target, a condition or a trigger could take for two things."""
        draft = self.draft
        self._collide("role", draft.roles, "link", draft.links)
        self._collide("parameter", draft.parameters, "link", draft.links)
        for role in draft.roles.values():
            self._collide("message", draft.messages, "event", role.events)
            self._collide("role", draft.roles, "event", role.events)
            self._collide("link", draft.links, "event", role.events)

    def _collide(self, kind: str, first: Collection[str], other: str, second: Collection[str]) -> None:
        for name in second:
            if name in first and (span := place(name)) is not None:
                earlier = next((place(each) for each in first if each == name), None)
                related = (Label(earlier, f"the {kind}"),) if earlier is not None else ()
                article = "an" if other == "event" else "a"
                self.findings.add(
                    "PF004", f"`{name}` is the name of a {kind} and of {article} {other}", span, related=related
                )

    # ---- links ---------------------------------------------------------------------------------------------------

    def _links(self) -> None:
        links = self.draft.links
        for name, link in links.items():
            if link is not None and link.inverse is None and not self._sound(link):
                links[name] = None
        for name in list(links):
            self._straighten(name)

    def _sound(self, link: Link) -> bool:
        """Whether the roles of a link are known, and its shape can lie between them."""
        roles = self.draft.roles
        known = [self.names.known("role", role, roles) for role in (link.source, link.dest)]
        if not all(known):
            return False
        if link.shape not in (Shape.RING, Shape.NEXT, Shape.CHAIN) or link.source == link.dest:
            return True
        ways = f"`{link.name}` leads from `{link.source}` to `{link.dest}`"
        message = f"a link of shape `{link.shape}` is within one role, and {ways}"
        self.findings.add("PF002", message, link.spans["shape"], subject=(("link", link.name),))
        return False

    def _straighten(self, name: str) -> None:
        """Spell out the roles and the shape of a link that inverts another, and of those on the way to it."""
        links = self.draft.links
        way: dict[str, None] = {}
        link = links[name]
        while link is not None and link.inverse is not None and not link.source:
            inverse = link.inverse
            if name in way:
                message = f"link `{name}` is the inverse of itself" + (", in a circle" if len(way) > 1 else "")
                self.findings.add("PF002", message, inverse.span or self.draft.span)
                link = None
            else:
                way[name] = None
                name = inverse
                link = links[inverse] if self.names.known("link", inverse, links) else None
        for inverted in reversed(way):
            mine = links[inverted]
            if link is not None and mine is not None:
                link = replace(mine, source=link.dest, dest=link.source, shape=link.shape)
            links[inverted] = link

    # ---- roles ---------------------------------------------------------------------------------------------------

    def _role(self, role: RoleDraft) -> Role:
        if not role.states and self.names.complete and "states" not in self.findings.excused:
            self.findings.add(
                "PF002", f"`states` is missing in role `{role.name}`", role.span, subject=(("role", role.name),)
            )
        if role.initial is not None:
            self.names.known("state", role.initial, role.states, role.name)
        count = role.count or Count()
        if isinstance(count.minimum, Name):
            self.names.parameter(count.minimum, (ParameterType.INT,), "`count`", least=1)
        if too_many_rows(role, role.transitions, self.findings):
            role.transitions = []
        resolver = RoleResolver(self.draft, role, self.findings, self.names)
        return Role(
            role.name,
            resolver.states(),
            role.initial or Name(next(iter(role.states), "")),
            resolver.events(),
            resolver.transitions(),
            count,
            role.cls,
            role.summary,
            role.span,
            role.spans,
            role.replaced,
        )

    # ---- assumptions and properties ------------------------------------------------------------------------------

    def _assumptions(self) -> Assumptions:
        draft = self.draft
        crashes: Mapping[str, int] = draft.crashes or {}
        for role in crashes:
            self.names.known("role", role, draft.roles)
        usual = Assumptions()
        return Assumptions(
            usual.fifo if draft.fifo is None else draft.fifo,
            crashes,
            draft.numbers.get("early_timeouts", usual.early_timeouts),
            draft.numbers.get("loss", usual.loss),
            draft.numbers.get("duplicates", usual.duplicates),
            draft.assumption_spans,
        )

    def _properties(self) -> dict[str, Property]:
        for found in self.draft.properties.values():
            if found is None:
                continue
            for role, states in found.never.items():
                if self.names.known("role", role, self.draft.roles):
                    declared = self.draft.roles[role].states
                    for state in states:
                        self.names.known("state", state, declared, role)
        return {name: found for name, found in self.draft.properties.items() if found is not None}
