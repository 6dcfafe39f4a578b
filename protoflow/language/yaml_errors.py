"""What the YAML parser complains about, in plain words.

libyaml speaks of tokens and simple keys; its words are kept only where no plainer ones are known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import yaml

from protoflow.diagnostics import Help, Label
from protoflow.language import scalars
from protoflow.language.indentation import misfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protoflow.diagnostics import Span
    from protoflow.language.indentation import Level
    from protoflow.language.source import Source

_UNEXPECTED = ("did not find expected key", "expected <block end>", "did not find expected '-' indicator")
_TEXT = re.compile(r"(?P<key>\b(summary|help|^source):[ ]+)(?![\"'])[^\n{}\[\]]*$", re.MULTILINE)
"""The key of a text, and what stands of it before a place."""
_KEY_BEFORE = re.compile(r"^[ ]*(?P<word>[a-z_]+)\Z", re.MULTILINE)
_TO_END = re.compile(r"[^\n]*?(?=[ ]+#|[ \r]*$)", re.MULTILINE)
_TO_NEXT = re.compile(r"[^\n]*?(?=[ ]*(\}|,[ ]+[a-z_]+:[ ]|$))", re.MULTILINE)

_TYPE_IN_BRACKETS = re.compile(r"\b(?P<word>[Ll]ist|[Dd]ict)(?P<bracket>\[)(str, *)?(?P<of>[a-z]+)\]")
"""A type of a payload's field as Python writes it."""

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


class Words(NamedTuple):
    """What is wrong, the offset at which it is, the other places that matter, and what may help, likeliest first."""

    message: str
    offset: int
    labels: tuple[Label, ...] = ()
    helps: tuple[Help, ...] = ()


def plain_words(error: yaml.YAMLError, source: Source) -> Words:
    if isinstance(error, yaml.reader.ReaderError):
        return Words("not readable as YAML: " + _lookup(_PLAIN, str(error.reason)), _offset_of(error, source))
    problem = str(getattr(error, "problem", None) or getattr(error, "context", None) or "it cannot be parsed")
    context = str(getattr(error, "context", None) or "")
    if "could not find expected ':'" in problem or "simple key" in context:
        problem = "could not find expected ':'"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    offset = mark.index if mark is not None else 0
    labels: tuple[Label, ...] = ()
    if help := _colon_in_text(source, offset):
        message = "not YAML: a `:` before a blank begins a value, and this text without quotes has one"
        return Words(message, offset, (), (help,))
    if "alias" in context and source.text[offset - 1 : offset] == "*":
        star = source.span(offset - 1, offset)
        message = "not YAML: without quotes, `*` begins an alias, and here is none"
        return Words(message, offset - 1, (), (Help("put it in quotes", star, '"*"', certain=True),))
    began = getattr(error, "context_mark", None)
    words = next((text for part, text in _CONTEXT if part in context), None)
    if began is not None and words is not None and began.index != offset and began.index < len(source.text):
        closing = next((text for part, text in _CLOSING if part in problem), None)
        if closing is not None:
            missing = Label(one_character(source, offset), closing)
            opened = f"not YAML: this `{source.text[began.index]}` is not closed"
            return Words(opened, began.index, (missing,), tuple(_type_in_words(source, offset)))
        labels = (Label(source.span(began.index, began.index + 1), words),)
    if source.text[offset : offset + 1] == "\t":
        problem = "found a tab character"
    if "mapping values are not allowed" in problem and (key := _KEY_BEFORE.search(source.text, 0, offset)):
        begin = key.start("word")
    else:
        begin = offset if any(part in problem for part in _UNEXPECTED) else -1
    found = misfit(source.text, begin) if begin >= 0 else None
    if found is not None:
        offset = begin
        spaces, levels = found
        labels = tuple(Label(one_character(source, each.offset), _indented(each.indent)) for each in levels)
        message = f"not YAML: this line is {_indented(spaces)}, which fits nothing above it"
        return Words(message, offset, labels, tuple(_other_indents(source, offset, spaces, levels)))
    return Words("not YAML: " + _lookup(_PLAIN, problem), offset, labels)


def _colon_in_text(source: Source, offset: int) -> Help | None:
    """Help to put a summary or the like in quotes, where it has the colon at `offset` in it."""
    begin = source.text.rfind("\n", 0, offset) + 1
    found = _TEXT.search(source.text, begin, offset)
    if found is None or source.text[offset : offset + 1] != ":":
        return None
    within_braces = "{" in source.text[begin : found.start()]
    rest = (_TO_NEXT if within_braces else _TO_END).match(source.text, offset)
    words = source.text[found.end("key") : rest.end() if rest else offset]
    text = scalars.in_quotes(words.strip())
    if text is None:
        return None
    start = found.end("key") + len(words) - len(words.lstrip())
    return Help("put the text in quotes", source.span(start, start + len(words.strip())), text, certain=True)


def _type_in_words(source: Source, offset: int) -> Iterator[Help]:
    """Help to write `list of int` for `list[int]`, of which the bracket is at `offset`."""
    begin = source.text.rfind("\n", 0, offset) + 1
    for found in _TYPE_IN_BRACKETS.finditer(source.text, begin):
        if found.start("bracket") == offset:
            text = f"{found['word'].lower()} of {found['of']}"
            yield Help(f"write `{text}`", source.span(found.start(), found.end()), text, certain=True)
        if found.start("bracket") >= offset:
            return


def _other_indents(source: Source, offset: int, spaces: int, levels: Iterable[Level]) -> Iterator[Help]:
    """This line moved to where it fits, or what stands above it moved to fit this line; the nearest first."""
    begin, here = offset - spaces, source.position(offset)[0]
    for level in sorted(levels, key=lambda level: (abs(level.indent - spaces), -level.indent)):
        above = source.position(level.offset)[0]
        place = source.span(begin, offset)
        yield Help(f"begin line {here} in column {level.indent + 1}, as line {above}", place, " " * level.indent)
    for level in levels:
        above = source.position(level.offset)[0]
        place = source.span(level.offset - level.indent, level.offset)
        yield Help(f"begin line {above} in column {spaces + 1}, as line {here}", place, " " * spaces)


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
