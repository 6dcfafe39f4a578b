"""`protoflow stubs`: Python for what a protocol calls and its classes lack."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser

if TYPE_CHECKING:
    import argparse

    from protoflow.authoring.insertion import Completed
    from protoflow.authoring.places import Place
    from protoflow.commands.arguments import Parser, Subparsers
    from protoflow.program import Program

NAME = "stubs"
SUMMARY = "write Python stubs for what a protocol calls"
TEXT = """\
Write a stub, with types, for each handler, predicate and selector that a protocol calls and its classes lack. Nothing
else in the module is touched: stubs are inserted at the end of their class, and asking again inserts nothing.

examples:
  protoflow stubs my.yaml                  into the modules that the file's classes are in
  protoflow stubs my.yaml -o my_roles.py   into this module, which is written if it is not there
  protoflow stubs my.yaml --diff           show what would be inserted

A module is looked for as `protoflow run` does: in this folder first. It is read, and not imported. With -o, a class
that the file takes from elsewhere (from the protocol that it extends, say) is derived from, if it lacks something.
Where the file names a class of its own in place of the base's and that is not there yet, it derives from the base's.
exit codes: 0 done, or nothing is missing; 1 the file has errors, or a class has bases that cannot be found; 2 wrong
usage
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, stubs)
    parser.add_argument("source", metavar="FILE", help="a protocol file, or the name of a shipped protocol (with -o)")
    parser.add_argument("-o", "--output", metavar="MODULE.py", type=Path, help="the module to write to")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would be inserted")
    return parser


def stubs(options: argparse.Namespace) -> int:
    from protoflow.authoring.places import places
    from protoflow.runtime.loading import load_program

    program, _ = load_program(options.source)
    results = [(place, *_completed(program, place)) for place in places(program, Path.cwd(), options.output)]
    for place, before, result in results:
        _write(place, before, result, options.diff)
    unsure = any(result.unsure for _, _, result in results)
    if not unsure and not any(result.added for _, _, result in results):
        print(f"nothing is missing: the classes have all that {options.source} calls")
    return 1 if unsure else 0


def _completed(program: Program, place: Place) -> tuple[str, Completed]:
    """The text of the module as it is ("" where there is none), and what becomes of it."""
    from protoflow.authoring.insertion import Completed, completed, new_module
    from protoflow.errors import UsageError

    try:
        before = place.path.read_bytes().decode("utf-8") if place.path.exists() else ""
    except UnicodeDecodeError:
        raise UsageError(f"{place.path} is not UTF-8 text") from None
    if before.strip() or not place.wanted:
        return before, completed(program, place.wanted, before, place.module, place.path, [Path.cwd()])
    text = new_module(program, place.wanted, f"The roles of {program.protocol.name}.")
    return before, Completed(text, {each.name: [] for each in place.wanted})


def _write(place: Place, before: str, result: Completed, dry: bool) -> None:
    from protoflow.authoring.files import create, difference, rewrite
    from protoflow.language.library import display
    from protoflow.language.suggest import quoted

    file = display(place.path)
    for cls, (names, bases) in result.unsure.items():
        print(
            f"error: {file}: `{cls}` derives from {quoted(bases)}, which cannot be found without importing it, "
            f"and may have {quoted(names)}: nothing was added",
            file=sys.stderr,
        )
    if result.text == before:
        return
    if dry:
        sys.stdout.write(difference(before, result.text, file))
        return
    if before:
        rewrite(place.path, result.text.encode())
    else:
        create(place.path, result.text.encode())
    for cls, names in result.added.items():
        if not before:
            print(f"{file}: wrote class {cls}")
        elif names:
            print(f"{file}: class {cls}: added {quoted(names)}")
    if place.to_name:
        print("now name the classes in the file:\n\nroles:")
        print("\n".join(f"  {role}: {{class: {cls}}}" for role, cls in place.to_name.items()))
