"""`protoflow explain`: what a code means, why it matters, an example, the fix. The texts are in explanations/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser, unknown
from protoflow.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "explain"
SUMMARY = "say what a finding means"
TEXT = """\
Say what a finding means, why it matters, and how to mend it, with an example.

examples:
  protoflow explain            every code, a line each
  protoflow explain PF103      one of them in full

exit codes: 0, or 2 for a code that does not exist
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, explain)
    parser.add_argument("code", metavar="CODE", nargs="?", help="such as PF103; left out: list them all")
    return parser


def explain(options: argparse.Namespace) -> int:
    from protoflow.diagnostics import CODES, explanation

    if options.code is None:
        for each in CODES.values():
            print(f"{each.code}  {each.severity.value:<7}  {each.title}")
        return 0
    code: str = options.code.upper()
    if code.isdecimal():
        code = f"PF{code}"
    if code not in CODES:
        raise UsageError(f"{unknown(code, 'code', CODES)}; `protoflow explain` lists them all")
    print(explanation(code).rstrip())
    return 0
