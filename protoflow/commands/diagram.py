"""`protoflow diagram`: draw protocols."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands import composition
from protoflow.commands.arguments import add_sources, new_parser, one_of
from protoflow.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from protoflow.checks import Report
    from protoflow.commands.arguments import Parser, Subparsers
    from protoflow.diagnostics import Diagnostic
    from protoflow.diagrams import Diagram
    from protoflow.language import Reading

NAME = "diagram"
SUMMARY = "draw protocols"
KINDS = ("states", "flow", "sequence")
FORMATS = ("dot", "svg", "png", "pdf", "mermaid", "table")
BINARY = ("png", "pdf")
SUFFIXES = {
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".mmd": "mermaid",
    ".txt": "table",
}
TEXT = """\
Draw protocols: the state machine of each role, the flow of messages between the roles, or one run in its sequence.

examples:
  protoflow diagram fedavg                               as a table, here in the terminal
  protoflow diagram my.yaml -o my.svg                    the state machines, as a picture
  protoflow diagram my.yaml --kind flow --format mermaid the message flow, to paste into Markdown
  protoflow diagram protocols/ -o pictures/              every protocol in a folder
  protoflow diagram my.yaml --check -o my.png            with what `validate` finds drawn in
  protoflow diagram my.yaml --kind sequence --finding 1  the run that shows the first finding
  protoflow diagram fedavg --kind sequence --trace out.jsonl -o out.svg

exit codes: 0 drawn, 1 the protocol has errors (with --check: drawn, and has errors), 2 wrong usage
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, diagram)
    add_sources(parser, many=True)
    parser.add_argument(
        "--kind",
        metavar="KIND",
        type=one_of("kind of diagram", *KINDS),
        default="states",
        help="states (the default): one state machine a role; flow: who sends what to whom; sequence: a run",
    )
    parser.add_argument("--role", help="the state machine of this role alone")
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        type=one_of("format", *FORMATS),
        help=f"one of {', '.join(FORMATS)}; by default what OUT's name says, else svg into a folder, table without OUT",
    )
    parser.add_argument("--check", action="store_true", help="validate too, and draw the findings where they are")
    parser.add_argument("--finding", metavar="N", type=int, help="of a sequence: the run of this finding")
    parser.add_argument("--trace", metavar="FILE", type=Path, help="of a sequence: the run in this file")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="a file, or a folder for several pictures")
    composition.add_options(parser)
    return parser


def diagram(options: argparse.Namespace) -> int:
    from protoflow.commands.sources import read_all

    _refuse_what_makes_no_sense(options)
    output: Path | None = options.output
    into_folder = output is not None and (output.is_dir() or not output.suffix)
    form = options.format or _format(output, into_folder)
    if output is None and form in BINARY and sys.stdout.isatty():
        raise UsageError(f"{form} is not for a terminal; say where to write it: -o picture.{form}")

    failed = False
    pictures: list[tuple[Path | None, bytes]] = []
    for reading in read_all(options.sources, dict(options.overrides)):
        if reading.protocol is None:
            _show_errors(reading)
            failed = True
            continue
        picture, drawn_errors = _picture(reading, options)
        failed |= drawn_errors
        target = output / _file_name(reading, options, form) if output and into_folder else output
        pictures.append((target, picture.render(form)))
    for target, data in pictures:
        if [each for each, _ in pictures].count(target) > 1 and (target or form in BINARY):
            raise UsageError(f"several pictures would go to {target or 'standard output'}; name a folder: -o pictures/")
        if target is None:
            sys.stdout.buffer.write(data)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            print(f"wrote {target}")
    return 1 if failed else 0


def _refuse_what_makes_no_sense(options: argparse.Namespace) -> None:
    sequence = options.kind == "sequence"
    if options.role and options.kind != "states":
        raise UsageError(f"--role draws one state machine; `--kind {options.kind}` is about all roles")
    if sequence and (options.finding is None) == (options.trace is None):
        raise UsageError("a sequence shows one run: that of a finding (--finding 1), or one from a file (--trace FILE)")
    if not sequence and (options.finding is not None or options.trace is not None):
        raise UsageError("--finding and --trace are for `--kind sequence`")


def _picture(reading: Reading, options: argparse.Namespace) -> tuple[Diagram, bool]:
    """The picture of one protocol, and whether errors are drawn in it."""
    from protoflow.diagrams import diagram, run_diagram
    from protoflow.language import with_values

    assert reading.protocol is not None
    protocol = with_values(reading.protocol, reading.parameters)
    if options.trace is not None:
        from protoflow.commands.runs import read
        from protoflow.trace import Claim

        header, steps, said = read(options.trace)
        if isinstance(said, Claim):
            verdict = (said.code, said.message)
            return run_diagram(protocol, steps, header.participants, verdict=verdict, loop=said.loop), False
        return run_diagram(protocol, steps, header.participants), False
    if not options.check and options.finding is None:
        return diagram(protocol, options.kind, options.role), False
    from protoflow.checks import validate

    explored = composition.options(options)
    selected = {"select": options.select, "ignore": options.ignore}
    report = validate(reading, composition=explored, suggestions=False, **selected)
    composition.clear_progress(explored)
    if options.finding is None:
        return diagram(protocol, options.kind, options.role, report.shown), not report.ok()
    return diagram(protocol, options.kind, findings=[_finding(report, options.finding)]), False


def _finding(report: Report, number: int) -> Diagnostic:
    """The finding of that number, as the text report counts them. Raises UsageError where it has no run."""
    with_a_run = {place: found for place, found in enumerate(report.shown, 1) if found.trace}
    if number not in with_a_run:
        numbers = ", ".join(map(str, with_a_run)) or "none"
        raise UsageError(f"{report.file} has no finding {number} with a run; those that have one: {numbers}")
    return with_a_run[number]


def _format(output: Path | None, into_folder: bool) -> str:
    if output is None:
        return "table"
    if into_folder:
        return "svg"
    if output.suffix not in SUFFIXES:
        raise UsageError(f"`{output.name}` ends in none of {', '.join(SUFFIXES)}; name one of these, or add --format")
    return SUFFIXES[output.suffix]


def _file_name(reading: Reading, options: argparse.Namespace, form: str) -> str:
    suffix = next(suffix for suffix, each in SUFFIXES.items() if each == form)
    return f"{Path(reading.file).stem}.{options.role or options.kind}{suffix}"


def _show_errors(reading: Reading) -> None:
    from protoflow.commands.terminal import colours
    from protoflow.reports.text import render_diagnostic

    for diagnostic in reading.diagnostics:
        print(render_diagnostic(diagnostic, reading.sources, colour=colours(sys.stderr)) + "\n", file=sys.stderr)
