"""`protoflow view`: a protocol as one HTML page, to look around in and to step through runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands import composition
from protoflow.commands.arguments import add_sources, new_parser
from protoflow.errors import ProtocolError, UsageError

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser, Subparsers
    from protoflow.page import Run
    from protoflow.protocol import Protocol

NAME = "view"
SUMMARY = "write an HTML page to look around in, and to step through runs"
TEXT = """\
Write a protocol as one HTML page that needs no network: its state machines and messages side by side, its rows, what
validation finds, and a player that steps through counterexamples and recorded runs.

examples:
  protoflow view fedavg                      writes fedavg.html
  protoflow view my.yaml -o out/my.html --open
  protoflow run my.yaml --trace run.jsonl && protoflow view my.yaml --trace run.jsonl
  protoflow view my.yaml --crashes client=1  the runs that show what a crash does

exit codes: 0 written (whatever was found), 1 the file has errors, 2 wrong usage
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, view)
    add_sources(parser, many=False)
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="where to (default: the protocol's name .html)"
    )
    parser.add_argument(
        "--trace",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a recorded run to step through; may be repeated",
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")
    composition.add_options(parser)
    return parser


def view(options: argparse.Namespace) -> int:
    from protoflow.checks import validate
    from protoflow.language import read
    from protoflow.page import page

    reading = read(options.source, dict(options.overrides))
    if reading.protocol is None:
        raise ProtocolError(reading.diagnostics)
    explored = composition.options(options)
    report = validate(reading, composition=explored, select=options.select, ignore=options.ignore)
    composition.clear_progress(explored)
    recorded = [_recorded(path, reading.protocol) for path in options.trace]
    output: Path = options.output or Path(f"{Path(reading.file).stem}.html")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page(report, recorded), encoding="utf-8")
    print(f"wrote {output}")
    if options.open:
        import webbrowser

        if not webbrowser.open(output.resolve().as_uri()):
            print("there is no browser to show it in", file=sys.stderr)
    return 0


def _recorded(path: Path, protocol: Protocol) -> Run:
    from protoflow.commands.runs import read
    from protoflow.page import Run

    header, steps, _ = read(path)
    if header.digest != protocol.digest:
        raise UsageError(f"{path} is a run of another version of `{header.protocol}`; run it again to see it here")
    return Run(path.name, steps, header.participants)
