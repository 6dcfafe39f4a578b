"""Everything that was logged in a run, as CSV: a line for each step that logged something, whoever it was.

The columns are `participant`, `round`, `time` (virtual seconds), `messages` and `bytes` (sent in the course by then),
and one for each metric. The lines of the participant that logs the rounds, mostly the server, are those of the table;
the others are what clients measured, each by itself.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from protoflow.reports.rounds import END_OF_ROW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.reports.rounds import Entry


def render(entries: Sequence[Entry]) -> str:
    names = [name for name in dict.fromkeys(name for each in entries for name in each.values) if name != END_OF_ROW]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["participant", "round", "time", "messages", "bytes", *names])
    for each in entries:
        values = [each.values.get(name, "") for name in names]
        writer.writerow([each.participant, each.round, each.time, each.messages, each.bytes, *values])
    return stream.getvalue()
