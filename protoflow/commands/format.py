"""`protoflow format`: one form for all protocol files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser
from protoflow.errors import ProtoflowError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "format"
SUMMARY = "write protocol files in one form, rows lined up as a table"
TEXT = """\
Write protocol files in one form: keys in the order of the language's pages, transitions lined up as a table, two spaces
of indentation, one empty line between sections. Comments, names and texts stay as they are, and so does the meaning.

examples:
  protoflow format my.yaml                 write it anew
  protoflow format protocols/ --check      for CI: says which files are not in that form
  protoflow format my.yaml --diff          show what would change
  protoflow format                         the `paths` of [tool.protoflow] in pyproject.toml
  protoflow format - < my.yaml             from standard input to standard output, for editors

A row in braces is joined to one line, and one in block style becomes a row of the table, unless it would be wider than
150 characters or has a comment inside. A file that is not YAML, or in braces throughout, is left as it is.
exit codes: 0 done, or nothing to do; 1 --check or --diff found something to do, or a file cannot be read as YAML;
2 wrong usage
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, format_all)
    parser.add_argument("sources", metavar="FILE", nargs="*", help="a file, a folder, or - for standard input")
    parser.add_argument("--check", action="store_true", help="write nothing; say which files would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")
    parser.add_argument("--stdin-filename", metavar="FILE", help="what messages call standard input")
    return parser


def format_all(options: argparse.Namespace) -> int:
    from protoflow.authoring.files import difference, rewrite
    from protoflow.authoring.format import format_text
    from protoflow.configuration import find

    counts = {"formatted": 0, "unchanged": 0, "not formatted": 0}
    dry = options.check or options.diff
    for name, path, text in _texts(find(Path.cwd()).sources(options.sources), options.stdin_filename):
        try:
            formatted = format_text(text, name)
        except ProtoflowError as error:
            print(f"error: {error}", file=sys.stderr)
            counts["not formatted"] += 1
            continue
        if path is None and not dry:
            sys.stdout.write(formatted)
        if options.diff:
            sys.stdout.write(difference(text, formatted, name))
        if formatted == text:
            counts["unchanged"] += 1
            continue
        counts["formatted"] += 1
        if path is not None and not dry:
            rewrite(path, formatted.encode())
        if path is not None or dry:
            print(f"{'would format' if dry else 'formatted'} {name}", file=sys.stderr if options.diff else sys.stdout)
    if options.sources != ["-"]:
        print(_total(counts, dry), file=sys.stderr)
    return 1 if counts["not formatted"] or (dry and counts["formatted"]) else 0


def _texts(sources: Iterable[str], stdin_name: str | None) -> Iterator[tuple[str, Path | None, str]]:
    """The name, the file and the text of each protocol."""
    from protoflow.commands.sources import protocols_in, standard_input
    from protoflow.language import shipped
    from protoflow.language.library import near

    for source in sources:
        path = Path(source)
        if source == "-":
            yield stdin_name or "<stdin>", None, standard_input()
        elif path.is_dir():
            yield from ((str(each), each, _text(each)) for each in protocols_in(path))
        elif not path.exists():
            if source in shipped():
                raise UsageError(f"`{source}` is not there (a shipped protocol is formatted already)")
            meant = near(source)
            raise UsageError(f"`{source}` is not there" + (f"; `{meant}` is" if meant else ""))
        else:
            yield source, path, _text(path)


def _text(path: Path) -> str:
    from protoflow.language.limits import MAX_BYTES

    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None


def _total(counts: dict[str, int], dry: bool) -> str:
    would = {"formatted": "would be formatted"} if dry else {}
    files = sum(counts.values())
    said = ", ".join(f"{count} {would.get(word, word)}" for word, count in counts.items() if count)
    return f"{files} file{'' if files == 1 else 's'}: {said}"
