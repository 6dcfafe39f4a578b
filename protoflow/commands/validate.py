"""`protoflow validate`: find what is wrong with protocols, before anything runs."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands import composition
from protoflow.commands.arguments import add_sources, new_parser
from protoflow.commands.outputs import FORMATS, Outputs, output
from protoflow.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from protoflow.checks import Report
    from protoflow.checks.composition import Options
    from protoflow.commands.arguments import Parser, Subparsers
    from protoflow.configuration import Configuration
    from protoflow.language import Reading

NAME = "validate"
SUMMARY = "check protocols, before anything runs"
TEXT = """\
Check protocols: the file, the state machine of each role, and all participants together.

examples:
  protoflow validate fedavg                      a protocol that comes with protoflow
  protoflow validate protocols/ --strict         all in a folder; warnings fail too
  protoflow validate                             the `paths` of [tool.protoflow] in pyproject.toml
  protoflow validate my.yaml --handlers          the Python classes as well (this imports them)
  protoflow validate my.yaml --crashes client=1  what if a client stops for ever?
  protoflow validate my.yaml --fix               mend what is certain, such as a misspelt name
  protoflow validate . -j 4 --format sarif=out.sarif --format junit=out.xml
                                                 four at a time; for a CI server, besides the text

In a folder, the .yaml and .yml files with a top-level `protoflow:` key count, but not those in hidden folders, virtual
environments and node_modules. The last line of a report says how far it reaches: proved for every number of
participants, checked for some, failing at one, or inconclusive.

[tool.protoflow] in the nearest pyproject.toml may give `paths`, `select`, `ignore`, `strict`, `handlers` and
`assumptions`; what is typed here comes first.
exit codes: 0 clean (warnings allowed, unless --strict), 1 findings, 2 wrong usage
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, validate)
    add_sources(parser, many=True, optional=True)
    parser.add_argument("--handlers", action="store_true", help="check the Python classes too (imports them)")
    parser.add_argument("--strict", action="store_true", help="let warnings fail as well")
    parser.add_argument(
        "--format",
        dest="formats",
        metavar="FORMAT[=FILE]",
        type=output,
        action="append",
        default=[],
        help=f"one of {', '.join(FORMATS)}; with =FILE into a file, besides; may be repeated (default: text)",
    )
    parser.add_argument("-j", "--jobs", metavar="N", type=_jobs, default=1, help="check N protocols at a time")
    parser.add_argument(
        "--runs", metavar="FOLDER", type=Path, help="write the run of each finding that has one, to draw or to replay"
    )
    parser.add_argument("--fix", action="store_true", help="first mend in the files what is certain, and say what")
    parser.add_argument("--diff", action="store_true", help="only show what --fix would change")
    parser.add_argument(
        "--stdin-filename", metavar="FILE", help="what messages call standard input (-); `extends` is found from there"
    )
    composition.add_options(parser)
    return parser


def _jobs(text: str) -> int:
    from argparse import ArgumentTypeError

    if not text.isdecimal() or text == "0":
        raise ArgumentTypeError(f"`{text}` is not a number from 1 on")
    return int(text)


def validate(options: argparse.Namespace) -> int:
    from protoflow.commands.fixing import fixed, say_what_fix_can_do, show_fixes
    from protoflow.commands.sources import look_here_for_classes, read_all
    from protoflow.configuration import find

    configuration = find(Path.cwd())
    _configure(options, configuration)
    outputs = Outputs(options.formats, options.strict)
    if options.handlers:
        look_here_for_classes()
    if options.fix and "-" in options.sources:
        raise UsageError("--fix writes files, and standard input is none; --diff shows the fixes")
    readings = list(read_all(options.sources, dict(options.overrides), options.stdin_filename))
    if options.diff:
        return show_fixes(readings)
    if options.fix:
        readings = [fixed(reading) for reading in readings]
    asked = [_for(reading, options, configuration) for reading in readings]
    reports: list[Report] = []
    for reading, own, report in zip(readings, asked, _checked(readings, asked, options.jobs), strict=True):
        reports.append(report)
        outputs.report(report, composition.typed(own))
        if options.runs:
            from protoflow.commands.runs import write

            for path in write(reading, report, options.runs):
                print(f"wrote {path}", file=sys.stderr)
    outputs.all(reports)
    say_what_fix_can_do(reports)
    if not options.handlers and outputs.for_people:
        _say_that_classes_were_left(reports)
    return 0 if all(report.ok(options.strict) for report in reports) else 1


def _say_that_classes_were_left(reports: Sequence[Report]) -> None:
    """On standard error, once, where a protocol names classes that were not looked at."""
    protocols = [report.protocol for report in reports if report.protocol is not None]
    if any(role.cls for protocol in protocols for role in protocol.roles.values()):
        print("the Python classes were not looked at; --handlers does that", file=sys.stderr)


def _configure(options: argparse.Namespace, configuration: Configuration) -> None:
    """Fill in what was not typed."""
    options.sources = configuration.sources(options.sources)
    options.select = options.select or configuration.select
    options.ignore = options.ignore or configuration.ignore
    options.strict = options.strict or configuration.strict
    options.handlers = options.handlers or configuration.handlers
    options.channels = options.channels or configuration.channels
    for name, number in configuration.numbers.items():
        if getattr(options, name) is None:
            setattr(options, name, number)


def _for(reading: Reading, options: argparse.Namespace, configuration: Configuration) -> argparse.Namespace:
    """The options for one protocol: of the crashes that are configured, those of roles that it has."""
    if options.crashes is not None or configuration.crashes is None or reading.protocol is None:
        return options
    crashes = [f"{role}={n}" for role, n in configuration.crashes.items() if role in reading.protocol.roles]
    own = type(options)(**vars(options))
    own.crashes = ",".join(crashes) or None
    return own


def _checked(readings: Sequence[Reading], asked: Sequence[argparse.Namespace], jobs: int) -> Iterator[Report]:
    """The reports in order, each as soon as it and those before it are there."""
    explored = [composition.options(own) for own in asked]
    if jobs == 1 or len(readings) < 2:
        for reading, own, options in zip(readings, asked, explored, strict=True):
            report = _check(reading, own, options)
            composition.clear_progress(options)
            yield report
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    quiet = [replace(options, progress=None) for options in explored]
    pool = ProcessPoolExecutor(min(jobs, len(readings)), initializer=_end_on_ctrl_c)
    try:
        yield from pool.map(_check, readings, asked, quiet)
    except BrokenProcessPool:
        raise UsageError("a check was killed, perhaps for want of memory; try fewer at a time (-j)") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _end_on_ctrl_c() -> None:
    """A worker has nothing to tidy up, and nothing to say."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _check(reading: Reading, arguments: argparse.Namespace, explored: Options) -> Report:
    from protoflow.checks import validate as check

    return check(
        reading, handlers=arguments.handlers, composition=explored, select=arguments.select, ignore=arguments.ignore
    )
