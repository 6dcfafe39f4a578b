"""What the YAML parser complains about, in plain words.

libyaml speaks of tokens and simple keys; its words are kept only where no plainer ones are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from protoflow.diagnostics import Label
from protoflow.language.indentation import misfit

if TYPE_CHECKING:
    from protoflow.diagnostics import Span
    from protoflow.language.source import Source

_UNEXPECTED = ("did not find expected key", "expected <block end>")

_PLAIN: tuple[tuple[str, str], ...] = (
    (
        "mapping values are not allowed",
        "a `:` that begins a value cannot stand here (a line indented too far, or two on one line)",
    ),
    *(
        (part, "neither a key nor the end of what is open follows here; is the indentation right?")
        for part in _UNEXPECTED
    ),
    ("could not find expected ':'", "a `:` is missing after this key"),
    ("did not find expected '-' indicator", "a list goes on here without its `-`, or the indentation is wrong"),
    ("did not find expected node content", "a value is missing here"),
    ("expected the node content", "a value is missing here"),
    ("did not find expected <document start>", "more follows after the end of the document"),
    ("expected '<document start>'", "more follows after the end of the document"),
    ("block sequence entries are not allowed", "a list's `-` cannot stand here: it needs a line of its own"),
    ("sequence entries are not allowed", "a list's `-` cannot stand here: it needs a line of its own"),
    ("block mapping entries are not allowed", "a key cannot stand here"),
    ("mapping keys are not allowed", "a key cannot stand here"),
    ("cannot start any token", "no value can begin with this character; text that does needs quotes"),
    ("found a tab character", "indentation is done with a tab; YAML wants spaces"),
    ("unexpected end of stream", "a quoted text is not closed"),
    ("control characters are not allowed", "this is a control character, which YAML does not allow"),
    ("special characters are not allowed", "this is a control character, which YAML does not allow"),
    ("exceeded maximum nesting depth", "values are nested too deep here"),
    ("duplicate %YAML directive", "a directive (`%YAML`) is given twice"),
    ("undefined tag handle", "YAML tags (`!…`) are not used in protocol files"),
    ("duplicate anchor", "an anchor with this name is there already"),
    ("unknown escape character", "`\\` begins an escape that YAML does not know"),
    ("found undefined alias", "an alias (`*…`) stands for an anchor that is not written before it"),
)

_CLOSING: tuple[tuple[str, str], ...] = (
    ("expected ',' or '}'", "a `,` or `}` is missing before this"),
    ("expected ',' or ']'", "a `,` or `]` is missing before this"),
    ("unexpected end of stream", "the file ends here"),
)

_CONTEXT: tuple[tuple[str, str], ...] = (
    ("block mapping", "the keys that this goes with begin here"),
    ("flow mapping", "opened here"),
    ("flow sequence", "opened here"),
    ("block collection", "the list begins here"),
    ("block sequence", "the list begins here"),
    ("quoted scalar", "the text begins here"),
    ("simple key", "the key begins here"),
)


def plain_words(error: yaml.YAMLError, source: Source) -> tuple[str, int, tuple[Label, ...]]:
    """What is wrong, the offset at which it is, and the other places that matter."""
    if isinstance(error, yaml.reader.ReaderError):
        return "not readable as YAML: " + _lookup(_PLAIN, str(error.reason)), _offset_of(error, source), ()
    problem = str(getattr(error, "problem", None) or getattr(error, "context", None) or "it cannot be parsed")
    context = str(getattr(error, "context", None) or "")
    if "could not find expected ':'" in problem or "simple key" in context:
        problem = "could not find expected ':'"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    offset = mark.index if mark is not None else 0
    labels: tuple[Label, ...] = ()
    began = getattr(error, "context_mark", None)
    words = next((text for part, text in _CONTEXT if part in context), None)
    if began is not None and words is not None and began.index != offset and began.index < len(source.text):
        closing = next((text for part, text in _CLOSING if part in problem), None)
        if closing is not None:
            missing = Label(one_character(source, offset), closing)
            return f"not YAML: this `{source.text[began.index]}` is not closed", began.index, (missing,)
        labels = (Label(source.span(began.index, began.index + 1), words),)
    if source.text[offset : offset + 1] == "\t":
        problem = "found a tab character"
    found = misfit(source.text, offset) if any(part in problem for part in _UNEXPECTED) else None
    if found is not None:
        spaces, levels = found
        labels = tuple(Label(one_character(source, each.offset), _indented(each.indent)) for each in levels)
        return f"not YAML: this line is {_indented(spaces)}, which fits nothing above it", offset, labels
    return "not YAML: " + _lookup(_PLAIN, problem), offset, labels


def _indented(spaces: int) -> str:
    return f"indented by {spaces} space{'' if spaces == 1 else 's'}" if spaces else "not indented"


def one_character(source: Source, offset: int) -> Span:
    """The character at an offset; nothing at the end of a line or of the text."""
    offset = min(offset, len(source.text))
    return source.span(offset, offset + (source.text[offset : offset + 1] not in ("", "\n", "\r")))


def _lookup(table: tuple[tuple[str, str], ...], problem: str) -> str:
    return next((text for part, text in table if part in problem), problem.removeprefix("while scanning "))


def _offset_of(error: yaml.reader.ReaderError, source: Source) -> int:
    """libyaml counts bytes, the Python reader characters; the character itself is what we look for."""
    character = error.character
    if isinstance(character, int):
        found = source.text.find(chr(character))
        if found >= 0:
            return found
    return min(int(error.position), len(source.text))
