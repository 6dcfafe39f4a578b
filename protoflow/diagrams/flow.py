"""The flow picture: roles and the messages between them.

One edge for each message type and direction, numbered in the order in which messages first occur when nothing goes
wrong: rows are taken as soon as what triggers them has occurred, whatever their conditions say; when nothing else is
new, rows that end in a final state, then timers and events from outside, and at last the loss of a peer. A long flow is
grouped by phase: the state of the server (the role with one participant that exchanges most messages) in which a
message first occurs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protoflow.diagrams import words
from protoflow.diagrams.marks import Marks, in_flow
from protoflow.diagrams.model import STROKES, Block, Box, BoxKind, Cluster, Edge, LineKind, Picture
from protoflow.protocol import LOST, START, After, Raised, Shape, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from protoflow.diagnostics import Diagnostic
    from protoflow.diagrams.words import Wording
    from protoflow.program import Program, RoleProgram, Row, RowSend

COLUMNS = ("no.", "message", "from", "to", "payload", "manner")
PAYLOAD = COLUMNS.index("payload")
LONG = 12
"""A flow with more edges than this is grouped by phase."""

PATIENCE = 3

Direction = tuple[str, str, str]
"""(message, sending role, receiving role)"""


@dataclass(slots=True)
class Passage:
    """A message type in one direction. `number` 0: no reachable row sends it. `phase`: a state of the server."""

    message: str
    sender: str
    receiver: str
    sends: list[tuple[Row, RowSend]]
    handled: bool  # some state has rows for it, ignores it or defers it
    number: int = 0
    phase: str = ""

    @property
    def loose(self) -> str:
        """What is wrong with it, in words; "" if nothing is."""
        notes = ["never sent"] if not self.sends else ["sent only where nothing leads"] if not self.number else []
        return ", ".join((*notes, *([] if self.handled else ["not handled"])))


def picture(program: Program, findings: Sequence[Diagnostic], wording: Wording) -> Picture:
    """The messages between all roles; with `wording.less` without summaries and payloads."""
    protocol = program.protocol
    marks = in_flow(program, findings)
    passages = _numbered(program)
    server = _server(program)
    phased = server is not None and len(passages) > LONG
    phases = _phases(server, passages) if phased and server is not None else [("", passages)]
    clusters = tuple(_Phase(program, marks, name, part, i, wording).cluster() for i, (name, part) in enumerate(phases))
    order = ", ".join(f"{p.number} {p.message} from {p.sender} to {p.receiver}" for p in passages if p.number)
    return Picture(
        title=words.title(protocol),
        summary="" if wording.less else words.clean(protocol.summary),
        description=f"Messages of the protocol {protocol.name}, in order of first occurrence: {order or 'none'}.",
        kind="flow",
        clusters=clusters,
        columns=_without_payload(COLUMNS) if wording.less else COLUMNS,
        findings=marks.listed,
        marks=marks.at("protocol"),
    )


def _numbered(program: Program) -> list[Passage]:
    """All passages, those that occur first and in that order, then the others as declared."""
    found: dict[Direction, Passage] = {}
    for message in program.protocol.messages.values():
        pairs = [(s, r) for s in message.senders for r in message.receivers]
        sent = {pair: _sends(program.roles[pair[0]], message.name, pair[1]) for pair in pairs}
        for sender, receiver in pairs:
            # A pair that never occurs is left out where another sender reaches the receiver: nothing is missing there.
            if sent[sender, receiver] or not any(sent[s, receiver] for s in message.senders):
                handled = _handles(program.roles[receiver], message.name)
                passage = Passage(message.name, sender, receiver, sent[sender, receiver], handled)
                found[message.name, sender, receiver] = passage
    occurring = [found[direction] for direction in _occurrences(program) if direction in found]
    for number, passage in enumerate(occurring, 1):
        passage.number = number
    return occurring + [passage for passage in found.values() if not passage.number]


def _sends(role: RoleProgram, message: str, receiver: str) -> list[tuple[Row, RowSend]]:
    return [(r, s) for r in role.all_rows() for s in r.sends if s.message == message and receiver in s.roles]


def _handles(role: RoleProgram, message: str) -> bool:
    return any(
        (state, message) in role.table or message in role.ignored[state] or message in role.deferred[state]
        for state in role.states
    )


def _occurrences(program: Program) -> list[Direction]:
    """Directions in order of first occurrence."""
    course = _Course(program, {(name, role.initial) for name, role in program.roles.items()})
    patience = 0
    while patience <= PATIENCE:
        patience = 0 if course.advance(patience) else patience + 1
    return list(course.sent)


@dataclass(slots=True)
class _Course:
    """What has occurred so far: states entered, messages sent, events raised. It only ever grows."""

    program: Program
    entered: set[tuple[str, str]]
    sent: dict[Direction, None] = field(default_factory=dict)
    raised: set[tuple[str, str]] = field(default_factory=set)

    def advance(self, patience: int) -> bool:
        """Takes every row that what has occurred allows; true when that brought something new."""
        before = len(self.entered) + len(self.sent) + len(self.raised)
        ready = [
            (role, row)
            for role in self.program.roles.values()
            for row in role.all_rows()
            if (role.name, row.source) in self.entered
            and (patience >= 1 or row.trigger == START or row.target_state not in role.finals)
            and self._can_trigger(role, row.trigger, patience)
        ]
        for role, row in ready:
            self.entered.add((role.name, row.target_state))
            self.raised.update((role.name, event) for event, _ in row.raises)
            for send in row.sends:
                self.sent.update(((send.message, role.name, receiver), None) for receiver in send.roles)
        return len(self.entered) + len(self.sent) + len(self.raised) > before

    def _can_trigger(self, role: RoleProgram, trigger: str, patience: int) -> bool:
        if trigger == START:
            return True
        if trigger == LOST:
            return patience >= 3
        if trigger in role.windows:
            return self._came(role.windows[trigger].message, role.name)
        if trigger in self.program.protocol.messages:
            return self._came(trigger, role.name)
        condition = role.role.events[trigger].condition
        assert isinstance(condition, After | Raised)
        return patience >= 2 or (role.name, trigger) in self.raised

    def _came(self, message: str, receiver: str) -> bool:
        return any(m == message and r == receiver for m, _, r in self.sent)


def _server(program: Program) -> RoleProgram | None:
    singles = [role for role in program.roles.values() if role.single]
    return max(singles, key=lambda role: len(role.sends) + len(role.receives), default=None)


def _phases(server: RoleProgram, passages: Sequence[Passage]) -> list[tuple[str, list[Passage]]]:
    """The passages by phase, phases in order of first occurrence.

    A message that the server sends belongs to the state it is in afterwards; one that it handles, to the phase of the
    message before it or, if it does not handle it there, the first state in which it does; one between others, to the
    phase of the message before it.
    """
    phases: dict[str, list[Passage]] = {}
    current = server.initial
    for passage in passages:
        if passage.sender == server.name and passage.sends:
            current = passage.sends[0][0].target_state
        elif passage.receiver == server.name and (current, passage.message) not in server.table:
            current = next((state for state in server.states if (state, passage.message) in server.table), current)
        phases.setdefault(current, []).append(passage)
    return list(phases.items())


class _Phase:
    """Builds the cluster of one phase (or of the whole flow: then `name` is "")."""

    def __init__(
        self, program: Program, marks: Marks, name: str, passages: Sequence[Passage], index: int, wording: Wording
    ) -> None:
        self.wording = wording
        self.program = program
        self.marks = marks
        self.name = name
        self.passages = passages
        self.index = index

    def cluster(self) -> Cluster:
        return Cluster(
            id=f"c{self.index}",
            name=self.name,
            boxes=tuple(self._boxes()),
            edges=tuple(self._edge(passage, position) for position, passage in enumerate(self.passages)),
            rows=tuple(self._row(passage) for passage in self.passages),
            framed=bool(self.name),
        )

    def _boxes(self) -> Iterator[Box]:
        taking_part = {name for p in self.passages for name in (p.sender, p.receiver)}
        for role in self.program.roles.values():
            if role.name in taking_part or not self.name:
                yield Box(
                    id=self._id(role.name),
                    kind=BoxKind.ROLE,
                    name=words.many(role),
                    summary=() if self.wording.less else words.wrapped(role.role.summary, self.wording.width),
                    url=words.url(role.role.span),
                    place=f"role:{role.name}",
                    tooltip=words.place(role.role.span),
                    marks=self.marks.at("role", role.name),
                )
        for position, passage in enumerate(self.passages):
            if passage.loose:
                yield Box(self._loose_id(position), BoxKind.LOOSE, passage.loose)

    def _id(self, role: str) -> str:
        return f"p{self.index}_{list(self.program.roles).index(role)}"

    def _loose_id(self, position: int) -> str:
        return f"x{self.index}_{position}"

    def _edge(self, passage: Passage, position: int) -> Edge:
        source, dest = self._id(passage.sender), self._id(passage.receiver)
        toward = dest
        if passage.loose:
            # What is sent but not handled ends in nothing; what is never sent comes from nothing.
            if passage.number:
                dest = self._loose_id(position)
            else:
                source = self._loose_id(position)
        return Edge(source, dest, self._kind(passage), (self._block(passage),), toward)

    def _kind(self, passage: Passage) -> LineKind:
        if passage.loose:
            return LineKind.LOOSE
        if any(self._several(send, passage.receiver) for _, send in passage.sends):
            return LineKind.BROADCAST
        if all(self._answers(row, send, passage.receiver) for row, send in passage.sends):
            return LineKind.REPLY
        return LineKind.SEND

    def _several(self, send: RowSend, receiver: str) -> bool:
        """It can reach more than one participant of the role."""
        if send.one or send.target.kind is TargetKind.SENDER or self.program.roles[receiver].single:
            return False
        link = self.program.protocol.links.get(send.target.name) if send.target.kind is TargetKind.LINK else None
        if link is None:
            return True
        return link.shape not in (Shape.NEXT, Shape.CHAIN) and not (link.shape is Shape.ONE and link.inverse is None)

    def _answers(self, row: Row, send: RowSend, receiver: str) -> bool:
        """It goes back to the participant whose message is being handled."""
        trigger = self.program.protocol.messages.get(row.trigger)
        if trigger is None or receiver not in trigger.senders:
            return False
        return send.target.kind is TargetKind.SENDER or self.program.roles[receiver].single

    def _block(self, passage: Passage) -> Block:
        message = self.program.protocol.messages[passage.message]
        signs = (STROKES[LineKind.LOOSE].sign if passage.loose else "", str(passage.number or ""), message.name)
        head = " ".join(filter(None, signs))
        targets = dict.fromkeys(filter(None, (words.chosen(send) for _, send in passage.sends)))
        first = " ".join((head, *([f"→ {', '.join(targets)}"] if targets else [])))
        maybe = ["(maybe)"] if passage.sends and all(send.maybe for _, send in passage.sends) else []
        lines = (
            *words.filled([first, *maybe], len(head), self.wording.width),
            *words.filled(() if self.wording.less else words.payload(message), 0, self.wording.width),
        )
        return Block(
            lines=lines,
            kinds=(self._kind(passage),),
            url=words.url(message.span),
            place=f"message:{message.name}",
            tooltip=words.clean(message.summary) or words.place(message.span),
            marks=self.marks.at("message", message.name),
        )

    def _row(self, passage: Passage) -> tuple[str, ...]:
        message = self.program.protocol.messages[passage.message]
        marks = (str(mark) for mark in self.marks.at("message", message.name))
        row = (
            str(passage.number or ""),
            message.name,
            words.many(self.program.roles[passage.sender]),
            words.many(self.program.roles[passage.receiver]),
            " ".join(words.payload(message)),
            " ".join((passage.loose or STROKES[self._kind(passage)].meaning, *marks)),
        )
        return _without_payload(row) if self.wording.less else row


def _without_payload(row: tuple[str, ...]) -> tuple[str, ...]:
    return row[:PAYLOAD] + row[PAYLOAD + 1 :]
