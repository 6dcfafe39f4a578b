"""Fixes that are certain: a suggestion that needs no thought is typed into the text, if that mends the finding.

Suggestions among which somebody has to choose are never certain, and are left alone. Each fix is tried on the whole
text: the finding must be gone, and no error of the file there that was not there before.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.diagnostics import apply
from protoflow.language import changed

if TYPE_CHECKING:
    from protoflow.diagnostics import Diagnostic, Span
    from protoflow.language import Reading


def fix(reading: Reading) -> tuple[Reading, tuple[Diagnostic, ...]]:
    """The reading of the mended text, and the findings that were mended, in order."""
    mended: list[Diagnostic] = []
    refused: set[tuple[Span, str, str]] = set()
    while (found := _certain(reading, refused)) is not None:
        after = _typed(found, reading)
        before, left = (Counter((each.code, each.message) for each in text.diagnostics) for text in (reading, after))
        gone = (found.code, found.message)
        if left[gone] >= before[gone] or left - before:
            refused.add(found.sort_key)
        else:
            mended.append(found)
            reading = after
    return reading, tuple(mended)


def _certain(reading: Reading, refused: set[tuple[Span, str, str]]) -> Diagnostic | None:
    """The first finding that has a fix which is certain, in this file, and not tried in vain."""
    for found in reading.diagnostics:
        if is_certain(found, reading.file) and found.sort_key not in refused:
            return found
    return None


def is_certain(found: Diagnostic, file: str) -> bool:
    """Whether the finding has a fix that needs no thought, all of it in that file."""
    edits = found.help.edits if found.help is not None and found.help.certain else ()
    return bool(edits) and all(edit.span.file == file for edit in edits)


def _typed(found: Diagnostic, reading: Reading) -> Reading:
    text = reading.sources[reading.file]
    assert found.help is not None
    ends = "\r\n" if "\r\n" in text else "\n"
    edits = [replace(edit, replacement=edit.replacement.replace("\n", ends)) for edit in found.help.edits]
    return changed(reading, apply(edits, text))
