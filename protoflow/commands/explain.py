"""`protoflow explain`: what a code or a word means. The texts are in explanations/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser, unknown
from protoflow.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "explain"
SUMMARY = "say what a finding means"
TEXT = """\
Say what a finding means, why it matters, and how to mend it, with an example; or what a word in a report means.

examples:
  protoflow explain            every code and word, a line each
  protoflow explain PF103      one of them in full
  protoflow explain verdict
  protoflow explain crash      the codes and words whose explanation speaks of it

exit codes: 0, or 2 where nothing is known of it
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, explain)
    parser.add_argument("code", metavar="CODE|WORD", nargs="?", help="such as PF103; left out: list them all")
    return parser


def explain(options: argparse.Namespace) -> int:
    from protoflow.diagnostics import CODES, CONCEPTS, explanation

    if options.code is None:
        for name in (*CODES, *CONCEPTS):
            print(_line(name))
        return 0
    word = options.code.lower()
    code = f"PF{word}" if word.isdecimal() else word.upper()
    for name in (code, word, f"{word}s"):
        if name in CODES or name in CONCEPTS:
            print(explanation(name).rstrip())
            return 0
    found = [*_speaking_of(word, CONCEPTS), *_speaking_of(word, CODES)]
    if not found:
        kind, valid = ("code", CODES) if word.startswith("pf") else ("code or word", [*CONCEPTS, *CODES])
        shown = code if word.startswith("pf") else options.code
        raise UsageError(f"{unknown(shown, kind, valid)}; `protoflow explain` lists them all")
    for each in found:
        print(_line(each))
    return 0


def _line(name: str) -> str:
    from protoflow.diagnostics import CODES, CONCEPTS

    if name in CONCEPTS:
        return f"{name}: {CONCEPTS[name]}"
    return f"{name}  {CODES[name].severity.value:<7}  {CODES[name].title}"


def _speaking_of(word: str, names: Iterable[str]) -> Iterator[str]:
    """Those whose explanation has a word that begins so, examples apart."""
    from protoflow.diagnostics import explanation

    begins = re.compile(rf"\b{re.escape(word)}", re.IGNORECASE)
    for name in names:
        if begins.search(re.sub(r"^```.*?^```$", "", explanation(name), flags=re.DOTALL | re.MULTILINE)):
            yield name
