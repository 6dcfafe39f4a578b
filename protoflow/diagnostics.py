"""Findings: what is wrong, where, why, and what to type instead.

A `Diagnostic` is plain data. Readers and checks make them, reports show them; nothing else interprets them.
The catalogue below is the one list of codes. Codes are stable: a code is never given a new meaning, and a retired one
is never used again. The text behind `protoflow explain CODE` lives in `protoflow/explanations/CODE.md`.

Lines and columns count from 1, in characters; the end of a span is exclusive (what SARIF and editors expect).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from protoflow.trace import Step


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The exact words in a file that something is about."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of the catalogue."""

    code: str
    title: str
    severity: Severity


def _catalogue(*rows: tuple[str, Severity, str]) -> dict[str, Code]:
    return {code: Code(code, title, severity) for code, severity, title in rows}


CODES: Mapping[str, Code] = _catalogue(
    ("PF001", Severity.ERROR, "not readable, not YAML, or not a mapping"),
    ("PF002", Severity.ERROR, "unknown key, missing key, wrong type or value"),
    ("PF003", Severity.ERROR, "a name that is not declared"),
    ("PF004", Severity.ERROR, "the same thing declared twice"),
    ("PF005", Severity.ERROR, "`extends` cannot be found, or goes round in a circle"),
    ("PF006", Severity.ERROR, "reserved name"),
    ("PF008", Severity.WARNING, "a comment that silences a finding which is not there"),
    ("PF101", Severity.WARNING, "state that no path from the initial state reaches"),
    ("PF102", Severity.ERROR, "state from which no final state can be reached; role without a final state"),
    ("PF103", Severity.ERROR, "message that is sent but that the receiving role handles in no state"),
    ("PF104", Severity.WARNING, "message that is handled but that nobody sends"),
    ("PF105", Severity.WARNING, "message, event, parameter, link or state that nothing uses"),
    ("PF106", Severity.WARNING, "rows of which only the first is ever taken; a row that never can be"),
    ("PF107", Severity.WARNING, "rows whose conditions can all fail; event that may never hold"),
    ("PF108", Severity.ERROR, "event that can never hold"),
    (
        "PF109",
        Severity.ERROR,
        "a send from or to a role that the message does not allow, or to a sender that is not there",
    ),
    ("PF110", Severity.ERROR, "rows without conditions that raise events in a circle"),
    ("PF111", Severity.ERROR, "a row without a handler that sends a message with required fields"),
    ("PF201", Severity.ERROR, "a message (or raised event) can arrive in a state that does not handle it"),
    ("PF202", Severity.ERROR, "deadlock: nobody can move and the course is not complete"),
    (
        "PF203",
        Severity.ERROR,
        "the course can reach a point after which completion is impossible although it goes on",
    ),
    ("PF204", Severity.ERROR, "a channel can grow without bound"),
    (
        "PF205",
        Severity.WARNING,
        "a message can arrive late, in a final state that neither handles nor ignores it",
    ),
    ("PF206", Severity.ERROR, "a declared property does not hold"),
    ("PF207", Severity.WARNING, "a row, state or event that no explored run uses"),
    ("PF209", Severity.WARNING, "a stale reply can be taken by a row that says neither `fresh` nor `unless: fresh`"),
    (
        "PF210",
        Severity.WARNING,
        "inconclusive: the budget ended, or an alarm for large N could not be made concrete",
    ),
    ("PF301", Severity.ERROR, "handler, predicate or selector that the role's class does not have"),
    (
        "PF302",
        Severity.ERROR,
        "handler, predicate or selector that cannot be called as the protocol calls it",
    ),
)


CONCEPTS: Mapping[str, str] = {
    "verdict": "how far a check reaches",
    "assumptions": "what a verdict takes for granted",
    "fresh": "a reply to the open round",
}
"""Words of which reports make use, and that have an explanation too."""


def explanation(name: str) -> str:
    """The text of `protoflow explain`, as Markdown, for a code or one of `CONCEPTS`."""
    from importlib.resources import files

    return files("protoflow").joinpath("explanations", f"{name}.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Label:
    """Another place that matters, with a few words on why."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """`replacement` is to be typed in the place of `span`. An empty span inserts; a replacement that ends in a line
    break inserts whole lines.
    """

    span: Span
    replacement: str


def apply(edits: Iterable[Edit], text: str) -> str:
    """The text with the edits typed in. A place behind the last line is a new line."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(edits, reverse=True):
        begin = starts[edit.span.line - 1] + edit.span.column - 1
        end = starts[edit.span.end_line - 1] + edit.span.end_column - 1
        missing = "\n" if begin > len(text) else ""
        text = text[:begin] + missing + edit.replacement + text[end:]
    return text


@dataclass(frozen=True, slots=True)
class Help:
    """What to do about a finding.

    `text` says it; where `span` is given, `replacement` is what to put in its place (see `Edit`), and reports show the
    line as it would then read. `more` must be typed too, for the same end. `certain`: the fix needs no thought, so that
    a tool may apply it. `otherwise` is what may help where this turns out not to.
    """

    text: str
    span: Span | None = None
    replacement: str | None = None
    certain: bool = False
    more: tuple[Edit, ...] = ()
    otherwise: Help | None = None

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All that is to be typed, in order of place; none where there are only words."""
        if self.span is None or self.replacement is None:
            return ()
        return tuple(sorted((Edit(self.span, self.replacement), *self.more)))


def one_of(helps: Iterable[Help]) -> Help | None:
    """The first of these, each of which has the next as what may help otherwise."""
    chain: Help | None = None
    for help in reversed(list(helps)):
        chain = replace(help, otherwise=chain)
    return chain


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `message` is the first line: what is wrong, names in backticks, never the fix. `label` stands under the caret.
    `subject` names what the finding is about, as (kind, name) pairs such as ("role", "server"), ("message", "join"):
    findings with one cause are told by it. `implied_by` is the code of the finding that explains this one; reports
    for people leave such findings out. Findings of the composition check carry the run that shows them: `trace`, for
    the `participants` (role -> number, every role in order of declaration), `parameters` and `links` (link -> id ->
    ids) given. From step `loop` on (counted from 0) the steps of that run can be repeated for ever.
    """

    code: str
    message: str
    span: Span
    label: str = ""
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: Help | None = None
    subject: frozenset[tuple[str, str]] = frozenset()
    implied_by: str | None = None
    trace: tuple[Step, ...] = ()
    loop: int | None = None
    participants: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return CODES[self.code].severity

    @property
    def sort_key(self) -> tuple[Span, str, str]:
        return (self.span, self.code, self.message)
