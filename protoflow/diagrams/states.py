"""The state picture: one machine per role.

All rows that lead from one state to another in the same manner (by a message, by a timer, by either of two events, ..)
share one edge; all self-loops of a state do. Rows are written `trigger: what the event is [conditions] / handler → peer
! message`, those tried after others with `else`. A row for several triggers is written once, as its `times` count for
all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protoflow.diagrams import words
from protoflow.diagrams.marks import Marks, in_states
from protoflow.diagrams.model import AGAIN, STROKES, Block, Box, BoxKind, Cluster, Edge, LineKind, Picture
from protoflow.protocol import EVERYTHING, LOST, START, After, Raised
from protoflow.reports.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from protoflow.diagnostics import Diagnostic
    from protoflow.diagrams.words import Wording
    from protoflow.program import Program, RoleProgram, Row
    from protoflow.protocol import State

COLUMNS = ("state", "trigger", "conditions", "handler", "sends", "next")
HANDLER = COLUMNS.index("handler")


def picture(program: Program, role: str | None, findings: Sequence[Diagnostic], wording: Wording) -> Picture:
    """The machines of all roles, or of `role` alone; with `wording.less` without summaries, handlers, counts."""
    protocol = program.protocol
    marks = in_states(program, findings)
    shown = [program.roles[role]] if role is not None else list(program.roles.values())
    ids = {(r.name, s): f"s{i}" for i, (r, s) in enumerate((r, s) for r in shown for s in r.states)}
    clusters = tuple(
        _Machine(program, machine, marks, ids, wording).cluster(f"p{i}") for i, machine in enumerate(shown)
    )
    sizes = ((m.name, plural(len(m.states), "state"), plural(len(m.role.transitions), "transition")) for m in shown)
    parts = "; ".join(f"{name}: {states}, {rows}" for name, states, rows in sizes)
    return Picture(
        title=words.title(protocol),
        summary="" if wording.less else words.clean(protocol.summary),
        description=f"State machines of the protocol {protocol.name}. {parts}.",
        kind="states",
        clusters=clusters,
        columns=_without_handler(COLUMNS) if wording.less else COLUMNS,
        findings=marks.listed,
        marks=marks.at("protocol"),
    )


@dataclass(slots=True)
class Entry:
    """A row as it applies in one state: triggers for which all else is the same are together, with their kinds."""

    row: Row
    conditions: str
    triggers: dict[str, LineKind] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[LineKind, ...]:
        return tuple(kind for kind in LineKind if kind in self.triggers.values())


class _Machine:
    """Builds the cluster of one role."""

    def __init__(
        self, program: Program, role: RoleProgram, marks: Marks, ids: Mapping[tuple[str, str], str], wording: Wording
    ) -> None:
        self.wording = wording
        self.program = program
        self.role = role
        self.marks = marks
        self.ids = {state: ids[role.name, state] for state in role.states}

    def cluster(self, id: str) -> Cluster:
        role = self.role
        initial = Box(f"i{id[1:]}", BoxKind.INITIAL)
        entry = Edge(initial.id, self.ids[role.initial], LineKind.INITIAL)
        return Cluster(
            id=id,
            name=words.many(role),
            lines=() if self.wording.less else words.wrapped(role.role.summary, 2 * self.wording.width),
            boxes=(initial, *(self._box(state) for state in role.role.states.values())),
            edges=(entry, *self._edges()),
            rows=tuple(row for state in role.role.states.values() for row in self._table_rows(state)),
            url=words.url(role.role.span),
            place=f"role:{role.name}",
            marks=self.marks.at("role", role.name),
        )

    def _box(self, state: State) -> Box:
        unreachable = state.name not in self.role.reachable
        aside = () if self.wording.less else _set_aside(state)
        return Box(
            id=self.ids[state.name],
            kind=BoxKind.FINAL if state.final else BoxKind.STATE,
            name=state.name,
            summary=() if self.wording.less else words.wrapped(state.summary, self.wording.width),
            lines=(
                *(line for fate, names in aside for line in words.wrapped(f"{fate}: {names}", self.wording.width)),
                *(("unreachable",) if unreachable else ()),
            ),
            muted=unreachable,
            url=words.url(state.span),
            place=f"state:{self.role.name}:{state.name}",
            tooltip=words.place(state.span),
            marks=self.marks.at("state", self.role.name, state.name),
        )

    def _edges(self) -> list[Edge]:
        gathered: dict[tuple[str, str, tuple[LineKind, ...]], list[Entry]] = {}
        for state in self.role.states:
            for entry in self._entries(state):
                loop = state == entry.row.target_state
                key = (state, entry.row.target_state, () if loop else entry.kinds)
                gathered.setdefault(key, []).append(entry)
        edges = []
        for (source, dest, _), entries in gathered.items():
            described: set[str] = set()
            blocks = tuple(self._block(entry, described) for entry in entries)
            kinds = {kind for entry in entries for kind in entry.kinds}
            edges.append(
                Edge(self.ids[source], self.ids[dest], kinds.pop() if len(kinds) == 1 else LineKind.MIXED, blocks)
            )
        return edges

    def _entries(self, state: str) -> list[Entry]:
        found: dict[tuple[int, str], Entry] = {}
        for (source, trigger), rows in self.role.table.items():
            if source == state:
                for position, row in enumerate(rows):
                    conditions = words.guards(row, rows[:position])
                    entry = found.setdefault((row.index, conditions), Entry(row, conditions))
                    entry.triggers[trigger] = self._kind(trigger)
        return sorted(found.values(), key=lambda entry: entry.row.index)

    def _kind(self, trigger: str) -> LineKind:
        if trigger in (START, LOST):
            return LineKind.START if trigger == START else LineKind.LOST
        if trigger in self.program.protocol.messages:
            return LineKind.MESSAGE
        condition = self.role.role.events[trigger].condition
        if isinstance(condition, After):
            return LineKind.TIMER
        return LineKind.RAISED if isinstance(condition, Raised) else LineKind.EVENT

    def _event(self, trigger: str) -> str:
        declared = self.role.role.events.get(trigger)
        return "" if declared is None or self.wording.less else words.event(declared, self.program.parameters)

    def _block(self, entry: Entry, described: set[str]) -> Block:
        """`described`: the events whose description this label already has."""
        row = entry.row
        *others, (head, text) = self._heads(entry, described)
        lines = [
            line for each, said in others for line in words.filled([f"{each}{said},"], len(each), self.wording.width)
        ]
        pieces = [head + text]
        pieces += [f"[{entry.conditions}]"] if entry.conditions else []
        pieces += [f"/ {row.handler}"] if row.handler and not self.wording.less else []
        pieces += words.sends(row, self.program)
        return Block(
            lines=(*lines, *words.filled(pieces, len(head), self.wording.width)),
            kinds=entry.kinds,
            url=words.url(row.declared.span),
            place=f"row:{self.role.name}:{row.index}",
            tooltip=words.place(row.declared.span),
            marks=self.marks.at("row", self.role.name, str(row.index)),
        )

    def _heads(self, entry: Entry, described: set[str]) -> list[tuple[str, str]]:
        """For each trigger its name, with its marks, and what it is; in one for all where nothing is said of any."""
        again = AGAIN if entry.row.dest == entry.row.source else ""
        heads: list[tuple[str, str]] = []
        before = None
        for trigger, kind in entry.triggers.items():
            text = "" if trigger in described else self._event(trigger)
            described.add(trigger)
            signs = (STROKES[kind].sign, again) if kind is not before else ()
            heads.append((" ".join((*filter(None, signs), trigger)), f": {text}" if text else ""))
            before = kind
        return heads if any(text for _, text in heads) else [(", ".join(head for head, _ in heads), "")]

    def _table_rows(self, state: State) -> list[tuple[str, ...]]:
        notes = [
            note
            for note, holds in (
                ("initial", state.name == self.role.initial),
                ("final", state.final),
                ("unreachable", state.name not in self.role.reachable),
            )
            if holds
        ] + [str(mark) for mark in self.marks.at("state", self.role.name, state.name)]
        rows = []
        for entry in self._entries(state.name):
            row = entry.row
            marks = self.marks.at("row", self.role.name, str(row.index))
            rows.append(
                (
                    ", ".join(f"{t}: {text}" if (text := self._event(t)) else t for t in entry.triggers),
                    entry.conditions,
                    row.handler or "",
                    " ".join(words.sends(row, self.program)),
                    " ".join((*([row.target_state] if row.dest else []), *map(str, marks))),
                )
            )
        rows += [(names, "", "", "", f"({fate})") for fate, names in _set_aside(state) if not self.wording.less]
        first = state.name + (f" ({', '.join(notes)})" if notes else "")
        whole = ((first if position == 0 else "", *row) for position, row in enumerate(rows or [("",) * 5]))
        return [_without_handler(row) if self.wording.less else row for row in whole]


def _without_handler(row: tuple[str, ...]) -> tuple[str, ...]:
    return row[:HANDLER] + row[HANDLER + 1 :]


def _set_aside(state: State) -> list[tuple[str, str]]:
    """What becomes of messages that the state has no rows for, and which those are."""
    return [
        (fate, "every message" if EVERYTHING in names else ", ".join(names))
        for fate, names in (("ignored", state.ignore), ("deferred", state.defer))
        if names
    ]
