"""The `protoflow` command: which commands there are, and how every one of them ends.

Each command lives in `protoflow/commands/`, one file each: its options, its help and a thin function. All of them
import what they need when they run, so that `protoflow --help` loads argparse and nothing else.

Exit codes: 0 clean (warnings do not fail, unless `--strict`), 1 errors found or a course that failed, 2 wrong usage or
nothing could be done, 70 a defect of protoflow itself, 130 interrupted, 141 the reader of our output went away.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from protoflow import __version__
from protoflow.commands import (
    arguments,
    diagram,
    explain,
    export,
    format,
    new,
    plot,
    run,
    schema,
    shipped,
    stubs,
    validate,
    view,
)
from protoflow.errors import ProtocolError, ProtoflowError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (validate, diagram, view, run, plot, new, stubs, format, explain, shipped, schema, export)

DESCRIPTION = """\
Federated-learning courses as state machines in YAML: checked, drawn and run from one file.

commands (`protoflow COMMAND --help` shows examples of each):
"""
EPILOG = """\
examples:
  protoflow validate fedavg                 check a protocol that comes with protoflow
  protoflow diagram my.yaml -o my.svg       draw one of your own
  protoflow run fedavg --clients 10         train it on real data
  protoflow new my_course                   begin one of your own
  protoflow explain PF103                   what a finding means and how to mend it

exit codes: 0 clean, 1 errors found or a course that failed, 2 wrong usage
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Nothing that a user does wrong shows a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except ProtocolError as error:
        _complain(str(error))
        return 1
    except UsageError as error:
        _complain(str(error))
        return 2
    except ProtoflowError as error:
        _complain(str(error))
        _show_origin(error)
        return 1
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))
        return 2
    except Exception as error:
        if _debugging():
            raise
        _complain(f"internal error: {type(error).__name__}: {error}")
        print(
            "This is a defect of protoflow, not of your file. Please report it, with the command you typed, the file\n"
            "and what this prints:  PROTOFLOW_DEBUG=1 protoflow ...",
            file=sys.stderr,
        )
        return 70
    return code


def parsers() -> tuple[arguments.Parser, dict[str, arguments.Parser]]:
    """The parser of the whole command line, and that of each command by its name."""
    parser = arguments.Parser(
        prog="protoflow",
        usage="protoflow COMMAND ...",
        description=DESCRIPTION + "\n".join(f"  {each.NAME:<10}{each.SUMMARY}" for each in COMMANDS),
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"protoflow {__version__}")
    subparsers = parser.add_subparsers(prog="protoflow", required=True, dest="command", help=argparse.SUPPRESS)
    return parser, {command.NAME: command.add(subparsers) for command in COMMANDS}


def _dispatch(argv: list[str]) -> int:
    parser, names = parsers()
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    if not argv[0].startswith("-") and argv[0] not in names:
        raise UsageError(arguments.unknown(argv[0], "command", names))
    known, rest = parser.parse_known_args(argv)
    if rest:
        raise UsageError(names[known.command].unknown_arguments(rest))
    result: int = known.function(known)
    return result


def _complain(message: str) -> None:
    from protoflow.commands.terminal import colours

    head = "\033[1;31merror\033[0m" if colours(sys.stderr) else "error"
    print(f"{head}: {message}", file=sys.stderr)


def _debugging() -> bool:
    return bool(os.environ.get("PROTOFLOW_DEBUG"))


def _show_origin(error: ProtoflowError) -> None:
    """Where in the user's Python an exception came from that a handler raised."""
    if error.__cause__ is None:
        return
    import traceback
    from pathlib import Path

    if _debugging():
        traceback.print_exception(error.__cause__)
        return
    ours = tuple(str(Path(__file__).with_name(part)) for part in ("runtime", "engines"))
    frames = traceback.extract_tb(error.__cause__.__traceback__)
    for frame in [frame for frame in frames if not frame.filename.startswith(ours)][-3:]:
        print(f"  {frame.filename}:{frame.lineno}, in {frame.name}: {frame.line}", file=sys.stderr)
