"""Comments that silence findings: `# protoflow: ignore[PF105] reason`, on the line that the finding points at.

Only what a protocol is found to mean (PF1xx, PF2xx, PF3xx) can be silenced: with an error in the file (PF0xx) there is
no protocol. A comment that silences nothing is PF008. That is not said of codes that were not looked for this time, nor
of comments in a file that is extended: there the finding may well be in the base alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.diagnostics import CODES, Diagnostic, Help

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from protoflow.language import Silence


def apply_silences(
    diagnostics: Iterable[Diagnostic], silences: Sequence[Silence], *, file: str, looked_for: Iterable[str]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The findings that are left, and the PF008 of what silences nothing.

    `looked_for` are the beginnings of the codes that were looked for, such as `PF1`.
    """
    used: set[tuple[int, str]] = set()
    left = []
    for diagnostic in diagnostics:
        by = [(place, diagnostic.code) for place, silence in enumerate(silences) if _silences(silence, diagnostic)]
        used.update(by)
        if not by:
            left.append(diagnostic)
    families = tuple(looked_for)
    return left, [
        finding
        for place, silence in enumerate(silences)
        if silence.span.file == file
        for finding in _idle(silence, [code for code in silence.codes if (place, code) not in used], families)
    ]


def _silences(silence: Silence, diagnostic: Diagnostic) -> bool:
    span = diagnostic.span
    return span.file == silence.span.file and span.line == silence.line and diagnostic.code in silence.codes


def _idle(silence: Silence, codes: Iterable[str], looked_for: tuple[str, ...]) -> Iterator[Diagnostic]:
    messages = [] if silence.codes else ["this comment names no finding to silence"]
    for code in codes:
        if code not in CODES:
            messages.append(f"`{code}` is not the code of a finding")
        elif code.startswith("PF0"):
            messages.append(f"{code} cannot be silenced: it is about the file itself")
        elif code.startswith(looked_for):
            messages.append(f"there is no {code} on this line to silence")
    for message in messages:
        yield Diagnostic("PF008", message, silence.span, label="silences nothing", help=Help("take the comment out"))
