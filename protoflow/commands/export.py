"""`protoflow export`: a protocol in the notation of another tool."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands.arguments import add_sources, new_parser, one_of, participants
from protoflow.errors import ProtocolError

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "export"
SUMMARY = "write a protocol for another tool (SPIN)"
PARTICIPANTS = 2
"""How many of a role the model has where neither the command line nor the protocol says."""
TEXT = """\
Write a protocol in the notation of another tool: promela, for the model checker SPIN.

examples:
  protoflow export fedavg --to promela --clients 3 -o fedavg.pml
  spin -a fedavg.pml && gcc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c && ./pan -m100000

A model has a fixed number of participants; its first lines say what it does and does not express.
exit codes: 0 written, 1 the protocol has errors, 2 wrong usage
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, export)
    add_sources(parser, many=False)
    parser.add_argument(
        "--to", metavar="NOTATION", type=one_of("notation", "promela"), default="promela", help="promela"
    )
    parser.add_argument(
        "--clients",
        metavar="N",
        help=f"how many take part: a number for every role that may have several, or ROLE=N,ROLE=N (default: "
        f"{PARTICIPANTS}, or what the protocol allows)",
    )
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="a file, in place of standard output")
    return parser


def export(options: argparse.Namespace) -> int:
    from protoflow.exports import promela
    from protoflow.language import read
    from protoflow.program import compile_protocol

    reading = read(options.source, dict(options.overrides))
    if reading.protocol is None:
        raise ProtocolError(reading.diagnostics)
    program = compile_protocol(reading.protocol, reading.parameters)
    model = promela.export(program, participants(program, options.clients, PARTICIPANTS))
    if options.output is None:
        sys.stdout.write(model)
    else:
        options.output.write_text(model, encoding="utf-8")
        print(f"wrote {options.output}")
    return 0
