"""`protoflow list`: the protocols that come with protoflow.

What is said of each is in a table beside them, which `make tables` writes: to check them all would take a minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.commands.arguments import new_parser

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "list"
SUMMARY = "list the protocols that come with protoflow"
TEXT = """\
List the protocols that come with protoflow. Every command takes them by name. `learns`: there are Python classes for
all that it calls, and `protoflow run` trains it.

examples:
  protoflow list
  protoflow list --paths       where their files are, to read or to copy

exit codes: 0
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, show)
    parser.add_argument("--paths", action="store_true", help="show the files alone")
    return parser


def show(options: argparse.Namespace) -> int:
    import json

    from protoflow.language import shipped

    protocols = shipped()
    width = max(map(len, protocols)) + 2
    if options.paths:
        for name, path in protocols.items():
            print(f"{name:<{width}}{path}")
        return 0
    table = next(iter(protocols.values())).with_name("table.json")
    family = None
    for entry in json.loads(table.read_text(encoding="utf-8")):
        if entry["family"] != family:
            print(("" if family is None else "\n") + entry["family"] + "\n")
            family = entry["family"]
        print(f"{entry['name']:<{width}}{entry['summary']}", *facts(entry), sep=f"\n{'':<{width}}")
    return 0


def facts(entry: dict[str, Any]) -> list[str]:
    """More lines on it: who takes part, how far it is decided and whether it learns; where it is from."""
    from protoflow.reports.text import plural

    learns = ["learns"] if entry["learns"] else []
    said = ", ".join([*entry["roles"], plural(entry["messages"], "message"), *learns, entry["verdict"]])
    return [said, entry["source"]] if entry["source"] else [said]
