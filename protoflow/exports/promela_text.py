"""What the parts of a Promela model are written with: lines, conditions, and the names of everything."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from protoflow.protocol import Raised

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from protoflow.program import GuardKind, Program, RoleProgram, Row

TRUE, FALSE = "true", "false"


def conj(parts: Sequence[str]) -> str:
    if FALSE in parts:
        return FALSE
    parts = list(dict.fromkeys(part for part in parts if part != TRUE))
    return " && ".join(parts) if parts else TRUE


def disj(parts: Sequence[str]) -> str:
    """In brackets where there are several."""
    if TRUE in parts:
        return TRUE
    parts = list(dict.fromkeys(part for part in parts if part != FALSE))
    if len(parts) == 1:
        return parts[0]
    return "(" + " || ".join(f"({part})" if "&&" in part else part for part in parts) + ")" if parts else FALSE


def negate(part: str) -> str:
    return {TRUE: FALSE, FALSE: TRUE}.get(part, f"!({part})")


class Text:
    """Lines, indented by the brackets and keywords they open and close."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def line(self, text: str = "") -> None:
        self.lines.append("  " * self.depth + text if text else "")

    def comment(self, text: str) -> None:
        self.line("/* " + text.replace("*/", "* /") + " */")

    @contextmanager
    def indented(self) -> Iterator[None]:
        self.depth += 1
        yield
        self.depth -= 1

    def block(self, head: str, lines: Sequence[str]) -> None:
        self.line(head + " {")
        with self.indented():
            for text in lines:
                self.line(text)
        self.line("}")
        self.line()

    def __str__(self) -> str:
        return "\n".join(self.lines) + "\n"


class Names:
    """The participants of a model as numbers, and the names of its variables.

    Every name has a prefix of its own kind, so that no name of a protocol meets a keyword or another name.
    """

    def __init__(self, program: Program, participants: Mapping[str, int]) -> None:
        self.program = program
        self.protocol = program.protocol
        self.fifo = self.protocol.assumptions.fifo
        self.members: dict[str, list[int]] = {}
        self.ids: list[str] = []
        for role, table in program.roles.items():
            names = [role] if table.single else [f"{role}{n}" for n in range(1, participants[role] + 1)]
            self.members[role] = list(range(len(self.ids), len(self.ids) + len(names)))
            self.ids += names

    def process(self, role: str) -> str:
        return f"Role_{role}"

    def state(self, role: str, state: str) -> str:
        return f"at_{role}_{state}"

    def window(self, table: RoleProgram, event: str) -> str:
        return f"counted_{table.name}_{event}"

    def timer(self, table: RoleProgram, event: str) -> str:
        return f"timer_{table.name}_{event}"

    def timers(self, table: RoleProgram) -> list[str]:
        return sorted({timer.event for timers in table.timers_in.values() for timer in timers})

    def raised_events(self, table: RoleProgram) -> list[str]:
        """Those that handlers raise."""
        return sorted({event for row in table.all_rows() for event, _ in row.raises})

    def outside_events(self, table: RoleProgram) -> list[str]:
        inside = self.raised_events(table)
        events = table.role.events.values()
        return [str(e.name) for e in events if isinstance(e.condition, Raised) and e.name not in inside]

    def rows(self) -> list[Row]:
        return [row for table in self.program.roles.values() for row in table.all_rows()]

    def guards(self, kind: GuardKind) -> list[str]:
        return sorted({guard.name for row in self.rows() for guard in row.guards if guard.kind is kind})

    def event_targets(self, table: RoleProgram) -> list[str]:
        return sorted({event for row in table.all_rows() for event in row.answered})

    def requests(self) -> list[str]:
        """Messages whose replies are counted in rounds."""
        return sorted({request for table in self.program.roles.values() for request in table.request_of.values()})

    def crashes(self) -> dict[str, int]:
        return {str(role): number for role, number in self.protocol.assumptions.crashes.items() if number}

    def group(self, roles: Sequence[str]) -> int:
        """The participants of some roles, as a bit mask."""
        return sum(1 << n for role in roles for n in self.members[role])

    def peers(self, role: str) -> list[str]:
        """Roles that this one can send to or receive from."""
        found = set()
        for message in self.protocol.messages.values():
            if role in message.senders:
                found |= set(message.receivers)
            if role in message.receivers:
                found |= set(message.senders)
        return [name for name in self.program.roles if name in found]

    def told_of_loss(self, role: str) -> list[str]:
        """Roles whose participants are told when one of this role is gone."""
        return [peer for peer in self.peers(role) if self.program.roles[peer].watches_lost]
