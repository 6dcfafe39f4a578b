"""`protoflow plot`: curves of what was logged in runs that were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser
from protoflow.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "plot"
SUMMARY = "draw curves of recorded runs"
TEXT = """\
Draw what was logged in runs that `protoflow run --trace` wrote, over the rounds and over virtual time.

examples:
  protoflow plot fedavg.jsonl scaffold.jsonl -o curves.png      two runs, under the names of their files
  protoflow plot fedavg.jsonl -o curves.svg

A line with dots is what the server logged. Of one run, a dashed line is the mean of what the clients logged, in a band
from the least to the greatest. Needs matplotlib: pip install 'protoflow-fl[plot]'
exit codes: 0 drawn, 2 wrong usage, or nothing to draw
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, plot)
    parser.add_argument("runs", metavar="RUN", nargs="+", type=Path, help="a file that `protoflow run --trace` wrote")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help="a .png, .svg or .pdf")
    return parser


def plot(options: argparse.Namespace) -> int:
    from protoflow.commands.runs import read
    from protoflow.reports import curves
    from protoflow.reports.rounds import Rounds

    curves.check(options.output)
    runs = {}
    for path in options.runs:
        name = path.stem if [each.stem for each in options.runs].count(path.stem) == 1 else str(path)
        if name in runs:
            raise UsageError(f"{path} is named twice")
        runs[name] = Rounds(read(path)[1]).entries
    curves.draw(runs, options.output)
    print(f"wrote {options.output}")
    return 0
