"""What is seen of a run while it goes on: on a terminal one line that changes, elsewhere a line a round."""

from __future__ import annotations

import time
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from protoflow.reports.rounds import Rounds

if TYPE_CHECKING:
    from typing import TextIO

    from protoflow.trace import Step

PAUSE = 0.1
"""Seconds between two redraws, and before the first: a short run shows nothing."""


class Progress:
    """Call it with every step; `rounds` then has what the steps came to. The first step shows the headline."""

    def __init__(self, stream: TextIO, headline: str) -> None:
        self.rounds = Rounds()
        self.begun = False
        self._headline = headline
        self._stream = stream
        self._redraws = stream.isatty()
        self._drawn = time.monotonic()
        self._last = "running"

    def __call__(self, step: Step) -> None:
        if not self.begun:
            self.begun = True
            print(self._headline, file=self._stream, flush=True)
        row = self.rounds.add(step)
        if row is not None:
            self._last = row.line()
            if not self._redraws:
                print(self._last, file=self._stream, flush=True)
        if self._redraws and time.monotonic() - self._drawn > PAUSE:
            self._drawn = time.monotonic()
            self._draw(self._last, f"; in all {self.rounds.total.sent}")

    def close(self) -> None:
        if self._redraws:
            self._draw("")

    def _draw(self, line: str, more: str = "") -> None:
        """`more` is shown where there is room for all of it."""
        width = get_terminal_size().columns - 1
        line += more if len(line) + len(more) <= width else ""
        self._stream.write(f"\r\033[2K{line[:width]}")
        self._stream.flush()
