"""What a run did, round by round: the metrics that a participant logged, and what was sent meanwhile.

A step whose handler logs `round` ends a row; the row's messages and bytes are those sent since the row before, its time
is the virtual time at its end. Nothing else is known of what a round is, so any course whose server logs one gets a
table. The last line has the whole course, with what was sent after the last row.

What others log, and in which round, is in the entries: one for each step that logged something. What is logged on a
message that was sent when a round ended is of that round: clients test the new model. What is logged on another message
is of the round that ends next, into whose result it goes: clients test their own models, and the server takes the mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protoflow.trace import Step

END_OF_ROW = "round"


@dataclass(slots=True)
class Row:
    """One round; `messages` counts each receiver of a message."""

    metrics: Mapping[str, Any] = field(default_factory=dict)
    messages: int = 0
    bytes: int = 0
    time: float = 0.0

    def line(self) -> str:
        """`round 3: accuracy 0.913, loss 0.327, 40 messages, 1,203,840 bytes, at 12.30 s`."""
        metrics = "".join(f"{name} {_shown(value)}, " for name, value in self.metrics.items() if name != END_OF_ROW)
        return f"{END_OF_ROW} {self.metrics[END_OF_ROW]}: {metrics}{self.sent}, at {self.time:.2f} s"

    @property
    def sent(self) -> str:
        return f"{self.messages:,} message{'' if self.messages == 1 else 's'}, {self.bytes:,} bytes"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a participant logged in one step; `messages` and `bytes` are what had been sent in the course by then.

    `round` is the one that this is of; None where no row has ended that it could belong to.
    """

    participant: str
    round: Any
    time: float
    messages: int
    bytes: int
    values: Mapping[str, Any]

    @property
    def ends_row(self) -> bool:
        return END_OF_ROW in self.values


class Rounds:
    """Gathers the rows and the entries of a run while its steps come in."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.rows: list[Row] = []
        self.entries: list[Entry] = []
        self.total = Row()
        self._open = Row()
        self._round: Any = None
        self._ended: dict[tuple[str, str], bool] = {}  # whether a row ended when this sender last sent this message
        self._ahead: list[int] = []  # entries of the row that ends next
        for step in steps:
            self.add(step)

    def add(self, step: Step) -> Row | None:
        """Count one step; the row that it ends, if it does."""
        sent = sum(len(message.to) for message in step.sends)
        for row in (self._open, self.total):
            row.messages += sent
            row.bytes += step.bytes or 0
            row.time = row.time if step.time is None else step.time
        ends = END_OF_ROW in step.metrics
        if step.metrics:
            self._round = step.metrics.get(END_OF_ROW, self._round)
            if not ends and not self._ended.get((step.sender or "", step.message or ""), True):
                self._ahead.append(len(self.entries))
            total = self.total
            entry = Entry(step.receiver, self._round, total.time, total.messages, total.bytes, dict(step.metrics))
            self.entries.append(entry)
        for message in step.sends:
            self._ended[step.receiver, message.message] = ends
        if not ends:
            return None
        for number in self._ahead:
            self.entries[number] = replace(self.entries[number], round=self._round)
        self._ahead = []
        row, self._open = self._open, Row(time=self._open.time)
        row.metrics = dict(step.metrics)
        self.rows.append(row)
        return row

    def gone_astray(self) -> tuple[list[str], Any] | None:
        """The metrics that are the first to be infinite or no number, and the round; None where all are finite."""
        for row in self.rows:
            names = [name for name, each in row.metrics.items() if isinstance(each, float) and not math.isfinite(each)]
            if names:
                return names, row.metrics[END_OF_ROW]
        return None

    def table(self) -> str:
        """The rows in columns, then a line for the whole course; that line alone where nobody logged a round."""
        if not self.rows:
            return f"{self.total.sent}, {self.total.time:.2f} s of virtual time\n"
        names = list(dict.fromkeys([END_OF_ROW, *(name for row in self.rows for name in row.metrics)]))
        cells = [[*names, "messages", "bytes", "time"]]
        cells += [[*(_shown(row.metrics.get(name, "")) for name in names), *_sent(row)] for row in self.rows]
        cells.append(["all", *[""] * (len(names) - 1), *_sent(self.total)])
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [_aligned(line, widths) for line in cells]
        rule = "-" * len(lines[0])
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]]) + "\n"


def _sent(row: Row) -> list[str]:
    return [f"{row.messages:,}", f"{row.bytes:,}", f"{row.time:.2f} s"]


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0e}" if 0 < abs(value) < 0.0005 else f"{value:.3f}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
