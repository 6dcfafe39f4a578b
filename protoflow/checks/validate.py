"""Validation: a protocol in, a `Report` out.

In this order: what reading found; unless the file has errors, structure (PF1xx), the Python classes (PF3xx) if asked,
and all participants together (PF2xx), unless it is not defined what they do. Then comments silence findings, and of
what is left the findings that follow from others are marked. Last, what they suggest to type is tried (`mending`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from protoflow.checks.anew import write_anew
from protoflow.checks.causes import mark_implied
from protoflow.checks.mending import keep_what_mends, words_only
from protoflow.checks.replaced import note_replaced
from protoflow.checks.selection import Selection
from protoflow.checks.silence import apply_silences
from protoflow.diagnostics import Severity
from protoflow.language import Reading, changed
from protoflow.program import compile_protocol
from protoflow.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from os import PathLike

    from protoflow.checks.composition import Options, Verdict
    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program
    from protoflow.protocol import Assumptions

UNDEFINED = frozenset({"PF109", "PF110"})
"""With one of these it is not said what the course does, or a step never ends: there is nothing to explore."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one protocol, in order of place.

    `protocol` is None where the file has errors. `sources` are the texts of the files that findings point at. Findings
    that another one explains have its code as `implied_by`: they count, but people are not shown them. `left_out` is
    how many the selection of codes has left out. `verdict` says how far the composition check reaches, whatever was
    left out; None where it was not run. `assumptions` are those that it holds under.
    """

    file: str
    protocol: Protocol | None = field(repr=False)
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    verdict: Verdict | None = None
    left_out: int = 0
    assumptions: Assumptions | None = None

    def __str__(self) -> str:
        """The report as `protoflow validate` prints it."""
        from protoflow.reports.text import render

        return render(self).rstrip()

    @property
    def shown(self) -> tuple[Diagnostic, ...]:
        """The findings for people; the first of them is number 1."""
        return tuple(found for found in self.diagnostics if found.implied_by is None)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(found for found in self.diagnostics if found.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(found for found in self.diagnostics if found.severity is Severity.WARNING)

    def ok(self, strict: bool = False) -> bool:
        """No errors; with `strict` no warnings either."""
        return not (self.diagnostics if strict else self.errors)


def validate(
    source: str | PathLike[str] | Reading | Protocol,
    *,
    overrides: Mapping[str, str] | None = None,
    handlers: bool = False,
    composition: bool | Options = True,
    behaviours: Mapping[str, object] | None = None,
    registered: Mapping[str, Mapping[str, Callable[..., object]]] | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    suggestions: bool = True,
) -> Report:
    """Check a protocol: a file, the name of a shipped one, what was read already, or a `Protocol`.

    `overrides` are values of parameters as text (only where `source` is a path or a name). `handlers` checks the Python
    side too, which imports the classes that the file names; `behaviours` (role -> class or participant) replaces these,
    and `registered` (role -> name -> function) adds to them. `composition` explores all participants together, within
    the bounds of its `Options`; False leaves that out. `select` and `ignore` are codes, or beginnings of codes, of the
    findings that count and do not (`Selection`). What findings suggest to type is tried first, for some two seconds;
    with `suggestions=False` they have words only.

    Raises UsageError where there is no such file, or an override or a code makes no sense. What is wrong with the file
    never raises: it is in the report.
    """
    from protoflow.checks.composition import Options

    options = composition if isinstance(composition, Options) else Options() if composition else None

    def classes(program: Program) -> Iterator[Diagnostic]:
        from protoflow.checks.behaviour import check_behaviour

        return check_behaviour(program, behaviours, registered)

    selection = Selection.of(select, ignore)
    reading = _reading(source, overrides)
    report = _check(reading, options, selection, classes if handlers else None)
    if not suggestions:
        return replace(report, diagnostics=tuple(map(words_only, report.diagnostics)))

    def again(text: str, seconds: float) -> Report:
        hurried = options and replace(options, seconds=min(options.seconds, seconds), progress=None)
        return _check(changed(reading, text), hurried, selection, None)

    return keep_what_mends(report, again)


def _check(
    reading: Reading,
    options: Options | None,
    selection: Selection,
    classes: Callable[[Program], Iterable[Diagnostic]] | None,
) -> Report:
    """Everything about what was read but whether the suggestions mend it."""
    protocol = reading.protocol
    if protocol is None:
        return _report(reading, reading.diagnostics, selection)
    from protoflow.checks.structure import check_structure

    program = compile_protocol(protocol, reading.parameters)
    found = list(check_structure(program))
    looked_for = ["PF1"]
    if classes:
        found += classes(program)
        looked_for.append("PF3")
    verdict, assumptions = None, None
    if options and not any(each.code in UNDEFINED for each in found):
        from protoflow.checks.composition import check

        assumptions = options.assumptions(program)
        explored, verdict = check(program, options)
        found += explored
        looked_for.append("PF2")
    found = write_anew(note_replaced(found, program), program, reading.sources)
    left, idle = apply_silences(found, reading.silences, file=reading.file, looked_for=looked_for)
    report = _report(reading, [*reading.diagnostics, *left, *idle], selection)
    return replace(report, verdict=verdict, assumptions=assumptions)


def _report(reading: Reading, found: Iterable[Diagnostic], selection: Selection) -> Report:
    """What is selected, in order. What a finding explains that was left out stands for itself."""
    ordered = sorted(found, key=lambda diagnostic: diagnostic.sort_key)
    kept = tuple(diagnostic for diagnostic in ordered if diagnostic.code in selection)
    marked = mark_implied(kept, reading.protocol) if reading.protocol else kept
    left_out = len(ordered) - len(kept)
    return Report(reading.file, reading.protocol, marked, reading.sources, left_out=left_out)


def _reading(source: str | PathLike[str] | Reading | Protocol, overrides: Mapping[str, str] | None) -> Reading:
    if isinstance(source, Reading):
        return source
    if isinstance(source, Protocol):
        return Reading(source.file, source, {}, (), {}, ())
    from protoflow.language import read

    return read(str(source), overrides)
