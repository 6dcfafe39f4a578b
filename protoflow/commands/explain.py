"""`protoflow explain`: what a code or a word means. The texts are in explanations/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser, unknown
from protoflow.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from protoflow.commands.arguments import Parser, Subparsers
    from protoflow.diagnostics import Code

NAME = "explain"
SUMMARY = "say what a finding means"
TEXT = """\
Say what a finding means, why it matters, and how to mend it, with an example; or what a word in a report means.

examples:
  protoflow explain            every code and word, a line each
  protoflow explain PF103      one of them in full
  protoflow explain verdict
  protoflow explain crash      the codes whose explanation speaks of it

exit codes: 0, or 2 where nothing is known of it
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, explain)
    parser.add_argument("code", metavar="CODE|WORD", nargs="?", help="such as PF103; left out: list them all")
    return parser


def explain(options: argparse.Namespace) -> int:
    from protoflow.diagnostics import CODES, CONCEPTS, explanation

    if options.code is None:
        for each in CODES.values():
            print(_line(each))
        for word, title in CONCEPTS.items():
            print(f"{word}: {title}")
        return 0
    word = options.code.lower()
    code = f"PF{word}" if word.isdecimal() else word.upper()
    for name in (code, word, f"{word}s"):
        if name in CODES or name in CONCEPTS:
            print(explanation(name).rstrip())
            return 0
    found = list(_speaking_of(word))
    if not found:
        kind, valid = ("code", CODES) if word.startswith("pf") else ("code or word", [*CONCEPTS, *CODES])
        shown = code if word.startswith("pf") else options.code
        raise UsageError(f"{unknown(shown, kind, valid)}; `protoflow explain` lists them all")
    for each in found:
        print(_line(each))
    return 0


def _line(code: Code) -> str:
    return f"{code.code}  {code.severity.value:<7}  {code.title}"


def _speaking_of(word: str) -> Iterator[Code]:
    """The codes whose explanation has a word that begins so, examples apart."""
    from protoflow.diagnostics import CODES, explanation

    begins = re.compile(rf"\b{re.escape(word)}", re.IGNORECASE)
    for each in CODES.values():
        if begins.search(re.sub(r"^```.*?^```$", "", explanation(each.code), flags=re.DOTALL | re.MULTILINE)):
            yield each
