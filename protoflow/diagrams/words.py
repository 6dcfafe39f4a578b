"""The words of diagrams: how rows, events, sends, payloads and numbers of participants are put in a label."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath
from textwrap import wrap
from typing import TYPE_CHECKING
from urllib.parse import quote

from protoflow.diagrams.model import WIDTH, Line
from protoflow.protocol import After, Counted, Event, Name, Received, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protoflow.diagnostics import Span
    from protoflow.program import Guard, Program, RoleProgram, Row, RowSend
    from protoflow.protocol import MessageType, Protocol, Value


@dataclass(frozen=True, slots=True)
class Wording:
    """How much a picture says (`less`: see `look.Detail`), in labels wrapped near `width` characters."""

    less: bool = False
    width: int = WIDTH


def title(protocol: Protocol) -> str:
    """What a picture is called: the protocol's name, and enough of its digest to tell its versions apart."""
    return f"{protocol.name} {protocol.digest[:8]}"


def clean(text: str) -> str:
    """One printable line: line breaks and control characters become spaces."""
    return " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text).split())


def wrapped(text: str, width: int = WIDTH) -> tuple[str, ...]:
    """`text` in lines near `width` characters; words are not broken. What stands in backticks does so on each line."""
    lines = []
    within = ""
    for line in wrap(clean(text), width, break_long_words=False, break_on_hyphens=False):
        goes_on = "`" if (within + line).count("`") % 2 else ""
        lines.append(f"{within}{line}{goes_on}")
        within = goes_on
    return tuple(lines)


def unquoted(text: str) -> str:
    """Prose whose names stand in backticks, without them."""
    return re.sub(r"`([^`]+)`", r"\1", text)


def filled(pieces: Iterable[str], strong: int, width: int = WIDTH) -> tuple[Line, ...]:
    """The pieces in order, as many on a line as fit in `width`; one that is too long has lines of its own.

    The first `strong` characters are set in bold.
    """
    lines: list[str] = []
    full = True
    for piece in pieces:
        parts = wrapped(piece, width)
        if not full and len(parts) == 1 and len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += " " + piece
        else:
            lines.extend(parts)
            full = len(parts) > 1
    result = []
    for line in lines:
        result.append(Line(line, min(strong, len(line))))
        strong = max(0, strong - len(line) - 1)
    return tuple(result)


def url(span: Span | None) -> str:
    """Where a click leads: the line in the file, as code hosts write it; a file name cannot become a scheme."""
    return f"{quote(span.file)}#L{span.line}" if span is not None and span.file else ""


def place(span: Span | None) -> str:
    """Where it stands, to be read. Without the folder: a picture says the same wherever it was drawn."""
    return f"{PurePath(span.file).name}:{span.line}" if span is not None and span.file else ""


def number(written: Fraction | float | Name, values: Mapping[str, Value]) -> str:
    """A number, share or duration (float, in seconds); one that a parameter gives is followed by its name."""
    if isinstance(written, Name):
        value = values[written]
        return f"{number(value, values) if isinstance(value, Fraction | float | int) else value} ({written})"
    if isinstance(written, Fraction):
        return f"{float(written * 100):g}%"
    return duration(written) if isinstance(written, float) else str(written)


def duration(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"


def event(declared: Event, values: Mapping[str, Value]) -> str:
    """What an event is, in a few words: `all of update for model`, `80% of update`, `after 30s (patience)`."""
    match declared.condition:
        case Received(message, threshold, link, request):
            if link is not None:
                text = f"all of {message} on {link}"
            elif threshold == Fraction(1) and not isinstance(threshold, Name):
                text = f"all of {message}"
            else:
                text = f"{number(threshold, values)} of {message}"
            return f"{text} for {request}" if request is not None else text
        case Counted(message, count):
            return f"{number(count, values)} × {message}"
        case After(length):
            return f"after {number(length, values)}"
        case _:
            return "raised"


def guards(row: Row, before: Sequence[Row]) -> str:
    """What must hold for the row to be taken, given that the rows before it were tried first."""
    words = [guard.name if guard.wanted else f"not {guard.name}" for guard in row.guards]
    if row.times is not None:
        written = row.declared.times
        words.append(f"at most {row.times} times" + (f" ({written})" if isinstance(written, Name) else ""))
    if before and not all(_exclude(row.guards, other.guards) for other in before):
        words.insert(0, "else")
    return ", ".join(words)


def _exclude(some: Iterable[Guard], others: Iterable[Guard]) -> bool:
    """Both cannot hold: one asks for what the other forbids."""
    return bool({(g.kind, g.name, g.wanted) for g in some} & {(g.kind, g.name, not g.wanted) for g in others})


def peer(send: RowSend, program: Program) -> str:
    """Whom a send goes to."""
    match send.target.kind:
        case TargetKind.SENDER:
            text = "sender"
        case TargetKind.ALL | TargetKind.ROLE:
            single = all(program.roles[role].single for role in send.roles)
            text = ", ".join(send.roles)
            return text if single else f"{'one' if send.one else 'every'} {text}"
        case TargetKind.EVENT:
            text = f"senders of {send.target.name}"
        case _:
            text = str(send.target.name)
    return f"one of {text}" if send.one else text


def chosen(send: RowSend) -> str:
    """The selector, event or link that says who among many gets it; "" where the role or the line says all."""
    if send.target.kind in (TargetKind.SENDER, TargetKind.ALL, TargetKind.ROLE):
        return "one" if send.one else ""
    return f"one of {send.target.name}" if send.one else str(send.target.name)


def sends(row: Row, program: Program) -> tuple[str, ...]:
    return tuple(
        f"→ {peer(send, program)} ! {'maybe ' if send.maybe else ''}{send.message}" for send in row.sends
    ) + tuple(f"raises {'maybe ' if maybe else ''}{name}" for name, maybe in row.raises)


def payload(message: MessageType) -> tuple[str, ...]:
    """`field: kind` each, all but the last with a comma."""
    fields = [f"{name}: {kind}" for name, kind in message.payload.items()]
    return (*(f"{text}," for text in fields[:-1]), *fields[-1:])


def many(role: RoleProgram) -> str:
    """`server`, `client × N`, `client × 3`, `client × 2..8`."""
    if role.single:
        return role.name
    written = role.role.count.minimum
    if role.maximum is None:
        text = "N" if role.minimum == 1 else f"N, N ≥ {role.minimum}"
    elif role.minimum == role.maximum:
        text = f"{role.minimum} ({written})" if isinstance(written, Name) else str(role.minimum)
    else:
        text = f"{role.minimum}..{role.maximum}"
    return f"{role.name} × {text}"
