"""Reading the forms that values take: mappings with known keys, names, lists of names, texts, numbers.

Every method reports what is wrong and gives back what could be read, so that one reading finds all mistakes. Whether a
name is declared is not asked here; `resolve` does, when everything has been read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from protoflow.diagnostics import Help, Label, Span
from protoflow.language import scalars
from protoflow.language.places import PLACES, Home, home_of, looks_like_element, place_of, tells
from protoflow.language.suggest import clip, nearest, only_one_near, quoted
from protoflow.language.tree import Mapping, Scalar, Sequence
from protoflow.language.values import describe, is_nothing, is_whole, value_of
from protoflow.protocol import EVERYTHING, FRESH, RESERVED_TARGETS, RESERVED_TRIGGERS, RESERVED_WORDS, Name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.language.findings import Findings
    from protoflow.language.keys import Table
    from protoflow.language.tree import Node

RESERVED: dict[str, str] = {
    **dict.fromkeys(RESERVED_TRIGGERS, "a trigger"),
    **dict.fromkeys(RESERVED_TARGETS, "a target"),
    FRESH: "a condition",
    **dict.fromkeys(RESERVED_WORDS, "a word of the language"),
}
_NAMED_IN_SENTENCES = ("parameters", "messages", "roles", "links", "events")
"""Sections whose names stand beside reserved words; states, handlers and fields never do."""


class Fields:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    # ---- mappings ------------------------------------------------------------------------------------------------

    def fields(self, node: Node, table: Table, thing: str, owner: Span | None = None) -> dict[str, Node]:
        """The values of the known keys of `node`.

        `thing` is what it is called, `owner` the place at which a missing key is shown.
        """
        if not isinstance(node, Mapping):
            self.findings.excuse(node)
            return {}
        found = {key.text: value for key, value in node.entries if key.text in table.keys}
        misplaced: dict[Home, list[Scalar]] = {}
        rests = self._cut_by_commas(node, table)
        for key, value in node.entries:
            if key.text in table.keys:
                continue
            if key in rests:
                self._excuse_stranger(key, value, found)
                continue
            meant = self._meant(key.text, table, found)
            if meant is not None:
                found[meant] = value
                self.findings.add(
                    "PF002",
                    f"`{clip(key.text)}` is not a key of {table.title}; `{meant}` is",
                    key.span,
                    help=Help(f"write `{meant}`", key.span, meant, only_one_near(key.text, table.keys)),
                )
                continue
            self._excuse_stranger(key, value, found)
            before, colon, after = key.text.partition(":")
            if colon and after and before in table.keys and key.plain and is_nothing(value):
                message = f"`{clip(key.text)}` is not a key of {table.title}: a blank is missing after the `:`"
                text = f"{before}: {after}"
                self.findings.add(
                    "PF002", message, key.span, help=Help(f"write `{text}`", key.span, text, certain=True)
                )
                continue
            home = home_of(key.text, value, table)
            if home is not None:
                misplaced.setdefault(home, []).append(key)
                continue
            note = f"its keys are {quoted(table.keys)}"
            if key.text == "<<":
                note = "YAML 1.2 has no merge keys; write the keys out"
            self.findings.add("PF002", f"`{clip(key.text)}` is not a key of {table.title}", key.span, notes=(note,))
        for home, strangers in misplaced.items():
            which = quoted(key.text for key in strangers)
            are = f"{which} are not keys of" if len(strangers) > 1 else f"{which} is not a key of"
            self._report_misplaced(f"{are} {table.title}", strangers, home)
        for key_text in table.required:
            if key_text not in found and key_text not in self.findings.excused:
                self.missing(f"`{key_text}`", thing, owner or node.span)
        return found

    def _excuse_stranger(self, key: Scalar, value: Node, found: dict[str, Node]) -> None:
        self.findings.excuse(key)
        self.findings.excuse(value)
        # What is empty beside a stranger is probably where the stranger belongs: not to be called missing.
        self.findings.excused.update(name for name, each in found.items() if is_nothing(each))

    def _cut_by_commas(self, node: Mapping, table: Table) -> list[Scalar]:
        """Report values that a comma cuts in two; gives back what is taken for keys, and is the rest of a value.

        In `{…, summary: It is over, go home.}` the comma ends the text, and `go home.` is a key without a colon.
        """
        values: list[tuple[str, Scalar, list[Scalar]]] = []
        open_ = False
        for key, value in node.entries:
            if open_ and key.text not in table.keys and _has_no_colon(key, value):
                values[-1][2].append(key)
            elif open_ := isinstance(value, Scalar) and value.plain and not value.empty and value.source is node.source:
                assert isinstance(value, Scalar)
                values.append((key.text, value, []))
        rests: list[Scalar] = []
        for key_text, value, cut in values:
            span = value.source.span(value.start, cut[-1].end) if cut else value.span
            if key_text in table.texts or any(" " in rest.text for rest in cut):
                text = scalars.in_quotes(value.source.text[value.start : cut[-1].end]) if cut else None
                help = Help("put the text in quotes", span, text, certain=True) if text else None
                what = "this text is cut in two: within braces, a comma ends a text without quotes"
            elif all(scalars.is_name(each.text) for each in (value, *cut)):
                text = f"[{', '.join(each.text for each in (value, *cut))}]"
                help = Help("a list is written in brackets", span, text, certain=True)
                what = "this list is cut in two: within braces, a comma ends what stands in no brackets"
            else:
                continue
            if cut:
                self.findings.add("PF002", what, span, help=help)
                rests += cut
        return rests

    def missing(self, what: str, thing: str, span: Span) -> None:
        help = None
        if what == "`protoflow`":
            begin = Span(span.file, 1, 1, 1, 1)
            help = Help("begin the file with the version of the format", begin, "protoflow: 1\n", certain=True)
        self.findings.add("PF002", f"{what} is missing in {thing}", span, help=help)

    def _meant(self, word: str, table: Table, found: dict[str, Node]) -> str | None:
        """The key that was most likely meant by one that is not in the table."""
        if word in table.meant:
            guess: str | None = table.meant[word]
        elif word in PLACES:
            guess = None
        else:
            guess = nearest(word, table.keys)
        return guess if guess is not None and guess not in found else None

    def _report_misplaced(self, what: str, strangers: list[Scalar], home: Home) -> None:
        first, *others = strangers
        related = tuple(Label(key.span, "and this") for key in others[:12])
        self.findings.add("PF002", f"{what}; {home.words(several=bool(others))}", first.span, related=related)

    def entries(self, node: Node, table: Table) -> list[tuple[Name, Node]]:
        """The elements that are declared by name in a section (`messages`, `states`, …)."""
        if is_nothing(node):
            return []
        if not isinstance(node, Mapping):
            self.wrong(node, table.section, "a mapping of names")
            self.findings.excuse(node)
            self.findings.excused.add(table.section)  # it is wrong, and so not missing
            return []
        found: list[tuple[Name, Node]] = []
        misplaced: dict[Home, list[Scalar]] = {}
        header = False  # a section's key stands here alone: what follows it was meant to stand under it
        for index, (key, value) in enumerate(node.entries):
            if header and not tells(value, table):
                self.findings.excuse(key)
                self.findings.excuse(value)
                continue
            alone = is_nothing(value) and any(
                isinstance(each, Mapping) and not tells(each, table) for _, each in node.entries[index + 1 : index + 2]
            )
            if key.text in PLACES and (alone or not looks_like_element(key.text, value, table)):
                misplaced.setdefault(place_of(key.text, table), []).append(key)
                self.findings.excuse(key)
                self.findings.excuse(value)
                header = header or alone
            else:
                found.append((self.declared(key, table), value))
        for home, strangers in misplaced.items():
            which = quoted(key.text for key in strangers)
            stand = f"{which} {'stand' if len(strangers) > 1 else 'stands'} where the names of {table.section} belong"
            self._report_misplaced(stand, strangers, home)
        return found

    def declared(self, key: Scalar, table: Table) -> Name:
        """The name that a key declares."""
        if table.section in _NAMED_IN_SENTENCES and key.text in RESERVED:
            self.findings.add(
                "PF006",
                f"`{key.text}` is reserved ({RESERVED[key.text]}) and cannot be the name of {table.title}",
                key.span,
            )
            return Name(key.text, key.span)
        return self.identifier(key, table.title)

    def identifier(self, node: Scalar, of: str) -> Name:
        """A name that is made up here: held against the form of identifiers."""
        if not scalars.is_name(node.text):
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.text[:40].strip())
            plain = re.sub(r"[^a-z0-9_]+", "_", words.lower()).strip("_")
            self.findings.excused |= {node.text, plain}
            help = Help(f"write `{plain}`", node.span, plain) if scalars.is_name(plain) else None
            if scalars.NAME.fullmatch(node.text):
                why = "YAML reads it as something else"
            else:
                why = "names have lower-case letters, digits and `_`, and begin with a letter"
            self.findings.add("PF002", f"`{clip(node.text)}` cannot be the name of {of}: {why}", node.span, help=help)
        return Name(node.text, node.span)

    # ---- scalars -------------------------------------------------------------------------------------------------

    def wrong(self, node: Node, key: str, wants: str, help: Help | None = None) -> None:
        self.findings.add("PF002", f"`{key}` takes {wants}, not {describe(node)}", node.span, help=help)

    def text(self, node: Node | None, key: str) -> str:
        """A text; numbers and the like are taken as they are written, a list or mapping is not."""
        if node is None or is_nothing(node):
            return ""
        if not isinstance(node, Scalar):
            self.wrong(node, key, "a text")
            return ""
        return " ".join(node.text.split())

    def flag(self, node: Node | None, key: str) -> bool:
        if node is None:
            return False
        value = value_of(node)
        if isinstance(value, bool):
            return value
        help = None
        if isinstance(node, Scalar) and (word := scalars.BOOLEAN_WORDS.get(node.text.lower())):
            help = Help(f"write `{word}`", node.span, word, certain=True)
        elif isinstance(node, Scalar) and node.text in ("true", "false"):
            help = Help("write it without quotes", node.span, node.text, certain=True)
        self.wrong(node, key, "`true` or `false`", help)
        return False

    def number(self, node: Node, key: str, least: int) -> int | None:
        value = value_of(node)
        if is_whole(value) and value >= least:
            return value
        self.wrong(node, key, f"a whole number of at least {least}")
        return None

    def number_or_parameter(self, node: Node, key: str) -> int | Name | None:
        value = value_of(node)
        if isinstance(node, Scalar) and isinstance(value, str) and scalars.is_name(value):
            return Name(value, node.span)
        if is_whole(value) and value >= 1:
            return value
        self.wrong(node, key, "a whole number of at least 1, or a parameter")
        return None

    def duration_or_parameter(self, node: Node, key: str) -> float | Name | None:
        value = value_of(node)
        if isinstance(value, str):
            if seconds := scalars.duration(value):
                return seconds
            if scalars.is_name(value):
                return Name(value, node.span)
        text = scalars.as_duration(value)
        help = Help(f"write the unit: {scalars.UNITS}", node.span, text) if text else None
        self.wrong(node, key, "a time with its unit, such as `30s`, or a parameter", help)
        return None

    # ---- names ---------------------------------------------------------------------------------------------------

    def name(self, node: Node, key: str, wants: str) -> Name | None:
        """One name that refers to something, such as `wants` ("a state")."""
        value = value_of(node)
        if isinstance(node, Scalar) and node.text in self.findings.excused and not isinstance(value, str):
            return None  # a name like `true`, whose declaration has been reported
        if not isinstance(node, Scalar) or not isinstance(value, str) or not value.strip():
            self.wrong(node, key, wants)
            return None
        if "," in value or " " in value.strip():
            words = [word for word in re.split(r"[,\s]+", value[:400]) if word]
            help = None
            if all(scalars.is_name(word) for word in words):
                help = Help("a list is written in brackets", node.span, f"[{', '.join(words)}]", certain=True)
                for word in words:
                    self.findings.excused.add(word)
            self.wrong(node, key, wants, help)
            return None
        return Name(value, node.span)

    def names(
        self, node: Node | None, key: str, wants: str, *, star: bool = False, some: bool = False
    ) -> tuple[Name, ...]:
        """One name or a list of names. `star`: or `"*"` alone; `some`: not none at all."""
        if node is None:
            return ()
        either = f'{wants}, a list of them, or `"*"`' if star else f"{wants} or a list of them"
        if is_nothing(node) and not some:
            return ()
        if not isinstance(node, Sequence):
            name = self.name(node, key, either)
            if name == EVERYTHING and not star:
                self.wrong(node, key, either)
                return ()
            return () if name is None else (name,)
        if some and not node.items:
            self.wrong(node, key, either)
        found = [name for item in node.items if (name := self.name(item, key, wants)) is not None]
        kept = self.once(found, f"in `{key}`")
        for name in kept:
            if name == EVERYTHING and (len(kept) > 1 or not star):
                span = name.span or node.span
                self.findings.add("PF002", f"`*` stands alone, not in a list of names (`{key}`)", span)
                return ()
        return tuple(kept)

    def once(self, names: Iterable[Name], where: str) -> list[Name]:
        """The names without repeats; each repeat is PF004."""
        first: dict[Name, Name] = {}
        for name in names:
            if name in first and name.span is not None:
                earlier = first[name].span
                related = (Label(earlier, "first here"),) if earlier is not None else ()
                self.findings.add("PF004", f"`{name}` is given twice {where}", name.span, related=related)
            first.setdefault(name, name)
        return list(first.values())

    @staticmethod
    def spans(fields: dict[str, Node]) -> dict[str, Span]:
        return {key: node.span for key, node in fields.items()}


def _has_no_colon(key: Scalar, value: Node) -> bool:
    """Whether a key stands within braces with no value and not even a colon."""
    return isinstance(value, Scalar) and value.empty and not key.source.text[key.end :].lstrip().startswith(":")
