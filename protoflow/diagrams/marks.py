"""Where findings belong in a picture.

A finding's `subject` names what it is about; the most particular thing that the picture shows carries its mark: a row,
else a state, else the rows of an event or message, else the role, else the protocol (the title). Beneath the picture
every finding is listed with its number, so that none is lost.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from protoflow.diagrams.model import Mark
from protoflow.diagrams.words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program, RoleProgram

Place = tuple[str, ...]
"""("row", role, index), ("state", role, name), ("message", name), ("role", name) or ("protocol",)."""


class Marks:
    """The marks of one picture, by place."""

    def __init__(self, placed: Iterable[tuple[Diagnostic, Iterable[Place]]]) -> None:
        self.listed: tuple[tuple[Mark, str], ...] = ()
        self._at: dict[Place, list[Mark]] = defaultdict(list)
        for number, (finding, places) in enumerate(placed, 1):
            mark = Mark(number, finding.code)
            self.listed += ((mark, clean(finding.message)),)
            for place in places:
                self._at[place].append(mark)

    def at(self, *place: str) -> tuple[Mark, ...]:
        return tuple(self._at.get(place, ()))


def in_states(program: Program, findings: Sequence[Diagnostic]) -> Marks:
    return Marks((finding, _places_in_states(program, finding)) for finding in findings)


def in_flow(program: Program, findings: Sequence[Diagnostic]) -> Marks:
    return Marks((finding, _places_in_flow(program, finding)) for finding in findings)


def _named(finding: Diagnostic, kind: str) -> list[str]:
    return sorted(name for what, name in finding.subject if what == kind)


def _roles(program: Program, finding: Diagnostic) -> list[str]:
    named = _named(finding, "role")
    return [role for role in program.roles if role in named]


def _places_in_states(program: Program, finding: Diagnostic) -> list[Place]:
    named = _roles(program, finding)
    roles = [program.roles[name] for name in named or program.roles]
    particular: list[list[Place]] = [
        [("row", name, index) for name in named for index in _named(finding, "row")],
        [("state", r.name, state) for r in roles for state in _named(finding, "state") if state in r.states],
        [place for r in roles for event in _named(finding, "event") for place in _rows(r, event)],
        [place for r in roles for message in _named(finding, "message") for place in _rows(r, message)],
        [("role", name) for name in named],
        [("protocol",)],
    ]
    return list(dict.fromkeys(next(places for places in particular if places)))


def _rows(role: RoleProgram, name: str) -> list[Place]:
    """The rows that `name` (a message or event) triggers, else those that send it."""
    rows = list(role.all_rows())
    found = [r for r in rows if r.trigger == name] or [r for r in rows if any(s.message == name for s in r.sends)]
    return [("row", role.name, str(row.index)) for row in found]


def _places_in_flow(program: Program, finding: Diagnostic) -> list[Place]:
    messages: list[Place] = [("message", m) for m in _named(finding, "message") if m in program.protocol.messages]
    roles: list[Place] = [("role", role) for role in _roles(program, finding)]
    return messages or roles or [("protocol",)]
