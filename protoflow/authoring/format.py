"""One form for all protocol files: the keys in the order of `language.keys`, rows lined up as a table, two spaces of
indentation, one empty line at most, and an empty line around each section.

What a file says stays as it is: names, texts and numbers are the characters they were, comments stay with what they are
about, and what is declared keeps its order. A collection in braces or brackets is written on one line where it fits and
has no comment inside, else as it was; a row of `transitions` in block style becomes a row of the table under the same
conditions. Where an anchor or alias stands, keys are left in their order. The result is read again, and given back only
if it says the same and has the same comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.authoring.layout import Block, UnusualError, lay_out
from protoflow.authoring.printing import kind_below, printed
from protoflow.errors import ProtocolError, UsageError
from protoflow.language import keys
from protoflow.language.document import read_document
from protoflow.language.findings import Findings
from protoflow.language.keys import Table
from protoflow.language.source import Source
from protoflow.language.tree import Mapping, Scalar, Sequence, compose

if TYPE_CHECKING:
    from protoflow.authoring.printing import Kind
    from protoflow.language.tree import Node


def format_text(text: str, file: str) -> str:
    """The text of a protocol file in the one form; that of a file in braces throughout, as in JSON, as it is.

    Raises ProtocolError where it cannot be read as YAML; UsageError where it is no protocol, or is written so oddly
    that it cannot be formatted with certainty.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    source = Source(file, text.replace("\r\n", "\n"))
    before = _read(source)
    try:
        layout = lay_out(source.text)
        if not isinstance(layout.root, Block):
            return text
        formatted = printed(layout)
        comments = lay_out(formatted).comments
    except UnusualError:
        formatted, comments = "", ()
    after = compose(Source(file, formatted), Findings())
    if after is None or not _same(before, after, keys.PROTOCOL) or sorted(comments) != sorted(layout.comments):
        raise UsageError(f"{file} is written in a way that `format` does not know; it is left as it is")
    return formatted.replace("\n", newline)


def _read(source: Source) -> Mapping:
    findings = Findings()
    root = compose(source, findings)
    if not isinstance(root, Mapping) and not len(findings):
        read_document(source, findings)  # says what it is instead
    if len(findings) or not isinstance(root, Mapping):
        raise ProtocolError(findings.sorted())
    if root.get("protoflow") is None:
        raise UsageError(f"{source.file} is no protocol: it has no top-level `protoflow:` key")
    return root


def _same(before: Node, after: Node, kind: Kind) -> bool:
    """Whether two trees say the same: the keys of a table in any order, all else in the order it had."""
    match before, after:
        case Scalar(), Scalar():
            return (before.text, before.plain) == (after.text, after.plain)
        case Sequence(), Sequence():
            pairs = zip(before.items, after.items, strict=False)
            return len(before.items) == len(after.items) and all(_same(old, new, kind) for old, new in pairs)
        case Mapping(), Mapping():
            old, new = ([key.text for key, _ in each.entries] for each in (before, after))
            if isinstance(kind, Table):
                old, new = sorted(old), sorted(new)
            values = {key.text: value for key, value in after.entries}
            return old == new and all(
                _same(value, values[key.text], kind_below(kind, key.text)) for key, value in before.entries
            )
    return False
