"""What a role's table calls: each handler, predicate and selector, and how the rows call it.

It gets the message where a message or `lost` triggers its row, and nothing where `start` or an event does; one that is
used in rows of both kinds must take both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protoflow.checks.structure.facts import rows_by_declaration
from protoflow.program import GuardKind
from protoflow.protocol import START, TargetKind

if TYPE_CHECKING:
    from protoflow.program import RoleProgram, Row
    from protoflow.protocol import Name


@dataclass(slots=True)
class Use:
    """What a name is used as, and the rows that do (one for each trigger and source).

    `calls`: with the message (True), without (False) -> the first place that calls it so.
    """

    kind: str
    name: Name
    rows: list[Row] = field(default_factory=list)
    calls: dict[bool, Name] = field(default_factory=dict)

    @property
    def row(self) -> Row:
        return self.rows[0]


def uses_of(role: RoleProgram) -> list[Use]:
    """Everything that the role's table calls, by name, in the order of the rows."""
    uses: dict[str, Use] = {}

    def add(kind: str, name: Name, row: Row) -> None:
        use = uses.setdefault(name, Use(kind, name))
        use.rows.append(row)
        use.calls.setdefault(row.trigger != START and row.trigger not in role.role.events, name)

    for rows in rows_by_declaration(role).values():
        for row in rows:
            predicates = {guard.name for guard in row.guards if guard.kind is GuardKind.PREDICATE}
            for name in (*row.declared.conditions, *row.declared.unless):
                if name in predicates:
                    add("predicate", name, row)
            if row.declared.handler is not None:
                add("handler", row.declared.handler, row)
            for send in row.sends:
                if send.target.kind is TargetKind.SELECTOR:
                    add("selector", send.target.name, row)
    return list(uses.values())
