"""`--format FORMAT` and `--format FORMAT=FILE`: reports in several formats at once, one of them on standard output."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protoflow.commands.arguments import unknown
from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.checks import Report

FORMATS = ("text", "concise", "json", "github", "sarif", "junit")


class Output(NamedTuple):
    """A report in a format; `file` None: on standard output."""

    format: str
    file: Path | None


def output(text: str) -> Output:
    """An argument type: `FORMAT`, or `FORMAT=FILE`."""
    name, equals, file = text.partition("=")
    if name not in FORMATS:
        raise ArgumentTypeError(unknown(name, "format", FORMATS))
    if equals and not file:
        raise ArgumentTypeError(f"`{text}` names no file")
    return Output(name, Path(file) if file else None)


class Outputs:
    """Shows text as it comes; everything else is written when all reports are there."""

    def __init__(self, asked: Sequence[Output], strict: bool) -> None:
        shown = [each.format for each in asked if each.file is None]
        if len(shown) > 1:
            raise UsageError(f"one format goes to standard output, not {' and '.join(shown)}; write {shown[1]}=FILE")
        files = [each.file for each in asked if each.file is not None]
        for file in files:
            if files.count(file) > 1:
                raise UsageError(f"two reports would go to {file}")
        self._asked = [each for each in asked if each.file is not None]
        self._shown = (shown or ["text"])[0]
        self._strict = strict
        self._text = Text() if self._shown == "text" else None

    @property
    def for_people(self) -> bool:
        """Whether it is text that goes to standard output."""
        return self._text is not None

    def report(self, report: Report, options: str) -> None:
        if self._text:
            self._text.report(report, options)

    def all(self, reports: Sequence[Report]) -> None:
        for each in self._asked:
            assert each.file is not None
            each.file.parent.mkdir(parents=True, exist_ok=True)
            each.file.write_text(self._rendered(each.format, reports), encoding="utf-8")
        if self._text:
            self._text.total(reports)
        else:
            sys.stdout.write(self._rendered(self._shown, reports))

    def _rendered(self, form: str, reports: Sequence[Report]) -> str:
        module = import_module(f"protoflow.reports.{form}")
        if form == "text":
            return "\n".join(module.render(report) for report in reports)
        rendered: str = module.render(reports, strict=self._strict) if form == "junit" else module.render(reports)
        return rendered


class Text:
    """Shows each report when it is there; a report of several lines has an empty line before and after it."""

    def __init__(self) -> None:
        from protoflow.commands.terminal import colours

        self._colour = colours(sys.stdout)
        self._before = ""

    def report(self, report: Report, options: str) -> None:
        from protoflow.reports import text

        self._write(text.render(report, colour=self._colour, options=options))

    def total(self, reports: Sequence[Report]) -> None:
        from protoflow.reports import text

        if len(reports) > 1:
            shown = [found for report in reports for found in report.shown]
            self._write(f"{len(reports)} protocols: {text.tally(shown)}\n")

    def _write(self, block: str) -> None:
        if self._before and max(self._before.count("\n"), block.count("\n")) > 1:
            sys.stdout.write("\n")
        sys.stdout.write(block)
        sys.stdout.flush()
        self._before = block
