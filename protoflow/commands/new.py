"""`protoflow new`: a protocol of one's own, with its Python and a test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser
from protoflow.errors import ProtocolError, UsageError

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "new"
SUMMARY = "begin a protocol: the file, its Python and a test"
TEXT = """\
Begin a protocol in this folder: NAME.yaml, NAME.py with a class for each role and a typed stub for everything that the
protocol calls, and test_NAME.py, which validates and runs it. All of it works from the start; nothing is overwritten.

examples:
  protoflow new my_course                  a server, clients and rounds, to change as you like
  protoflow new my_course --from fedbuff   a copy of a shipped protocol
  protoflow new other --from my.yaml       or of a file

--from copies: the table is then yours to change, comments included, and your classes do all the work, from nothing. To
add to a course and keep what its classes do, write `extends: fedbuff` in a file of your own instead, with the rows that
are new, and let `protoflow stubs FILE -o my_roles.py` write what these call.
exit codes: 0 written, 1 the protocol to start from has errors, 2 wrong usage, or a file is there already
"""
_START = Path(__file__).parents[1] / "authoring" / "start.yaml"


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, new)
    parser.add_argument("name", metavar="NAME", help="lower-case letters, digits and _")
    parser.add_argument(
        "--from", dest="start", metavar="PROTOCOL", help="the protocol to copy: a shipped one, or a file"
    )
    return parser


def new(options: argparse.Namespace) -> int:
    from protoflow.authoring.new import SCHEMA, check_name, new_files
    from protoflow.checks import validate
    from protoflow.language import read
    from protoflow.language.schema import text as schema

    name = options.name
    check_name(name)
    reading = read(options.start or str(_START))
    report = validate(reading)
    if report.errors:
        raise ProtocolError(report.errors)
    files = new_files(name, reading, reading.sources[reading.file])
    if there := [file for file in files if Path(file).exists()]:
        raise UsageError(
            f"{' and '.join(there)} {'are' if len(there) > 1 else 'is'} there already: nothing was written"
        )
    if not Path(SCHEMA).exists():
        files[SCHEMA] = schema()
    elif Path(SCHEMA).read_bytes() != schema().encode():
        print(f"note: {SCHEMA} is another version's; this writes it anew: protoflow schema > {SCHEMA}", file=sys.stderr)
    _write_all(files)
    uses = {
        f"{name}.yaml": f"the protocol{f', a copy of {options.start}' if options.start else ''}",
        f"{name}.py": "what its roles do: a stub for each handler, predicate and selector",
        f"test_{name}.py": "validates it, and runs a small course",
        SCHEMA: "for editors: keys and texts of the language",
    }
    width = max(map(len, files))
    print("\n".join(f"wrote {file:<{width}}  {uses[file]}" for file in files))
    print(f"""
next:
  protoflow validate {name}.yaml --handlers    after each change
  protoflow stubs {name}.yaml                  when it calls something new
  protoflow diagram {name}.yaml -o {name}.svg
  protoflow run {name}.yaml
  pytest test_{name}.py""")
    return 0


def _write_all(files: dict[str, str]) -> None:
    """All or none of them."""
    from protoflow.authoring.files import create

    written: list[Path] = []
    try:
        for file, text in files.items():
            create(Path(file), text.encode())
            written.append(Path(file))
    except BaseException:
        for path in written:
            path.unlink()
        raise
