"""`protoflow validate`: find what is wrong with protocols, before anything runs."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands import composition
from protoflow.commands.arguments import add_sources, new_parser, one_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from protoflow.checks import Report
    from protoflow.commands.arguments import Parser, Subparsers

NAME = "validate"
SUMMARY = "check protocols, before anything runs"
TEXT = """\
Check protocols: the file, the state machine of each role, and all participants together.

examples:
  protoflow validate fedavg                      a protocol that comes with protoflow
  protoflow validate protocols/ --strict         all in a folder; warnings fail too
  protoflow validate my.yaml --handlers          the Python classes as well (this imports them)
  protoflow validate my.yaml --crashes client=1  what if a client stops for ever?
  protoflow validate my.yaml --format json       for a program to read

In a folder, the .yaml files with a top-level `protoflow:` key count. The last line of a report says how far it reaches:
proved for every number of participants, checked for some, failing at one, or inconclusive.
exit codes: 0 clean (warnings allowed, unless --strict), 1 findings, 2 wrong usage
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, validate)
    add_sources(parser, many=True)
    parser.add_argument("--handlers", action="store_true", help="check the Python classes too (imports them)")
    parser.add_argument("--strict", action="store_true", help="let warnings fail as well")
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        type=one_of("format", "text", "concise", "json"),
        default="text",
        help="text (the default), concise (a line a finding) or json",
    )
    parser.add_argument(
        "--runs", metavar="FOLDER", type=Path, help="write the run of each finding that has one, to draw or to replay"
    )
    composition.add_options(parser)
    return parser


def validate(options: argparse.Namespace) -> int:
    from protoflow.checks import validate as check
    from protoflow.commands.sources import look_here_for_classes, read_all

    if options.handlers:
        look_here_for_classes()
    explored = composition.options(options)
    readings = list(read_all(options.sources, dict(options.overrides)))
    reports: list[Report] = []
    show = _Text(options) if options.format == "text" else None
    for reading in readings:
        report = check(reading, handlers=options.handlers, composition=explored)
        composition.clear_progress(explored)
        reports.append(report)
        if show:
            show.report(report)
        if options.runs:
            from protoflow.commands.runs import write

            for path in write(reading, report, options.runs):
                print(f"wrote {path}", file=sys.stderr)
    if show:
        show.total(reports)
    else:
        formats = import_module(f"protoflow.reports.{options.format}")
        sys.stdout.write(formats.render(reports))
    return 0 if all(report.ok(options.strict) for report in reports) else 1


class _Text:
    """Shows each report when it is there; a report of several lines has an empty line before and after it."""

    def __init__(self, options: argparse.Namespace) -> None:
        from protoflow.commands.terminal import colours

        self._colour = colours(sys.stdout)
        self._options = composition.typed(options)
        self._before = ""

    def report(self, report: Report) -> None:
        from protoflow.reports import text

        self._write(text.render(report, colour=self._colour, options=self._options))

    def total(self, reports: Sequence[Report]) -> None:
        from protoflow.reports import text

        if len(reports) > 1:
            shown = [found for report in reports for found in report.diagnostics if found.implied_by is None]
            self._write(f"{len(reports)} protocols: {text.tally(shown)}\n")

    def _write(self, block: str) -> None:
        if self._before and max(self._before.count("\n"), block.count("\n")) > 1:
            sys.stdout.write("\n")
        sys.stdout.write(block)
        sys.stdout.flush()
        self._before = block
