"""`protoflow list`: the protocols that come with protoflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "list"
SUMMARY = "list the protocols that come with protoflow"
TEXT = """\
List the protocols that come with protoflow. Every command takes them by name.

examples:
  protoflow list
  protoflow list --paths       where their files are, to read or to copy

exit codes: 0
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, show)
    parser.add_argument("--paths", action="store_true", help="show the files instead of what they are")
    return parser


def show(options: argparse.Namespace) -> int:
    from protoflow.language import load, shipped

    protocols = shipped()
    width = max(map(len, protocols))
    for name, path in protocols.items():
        print(f"{name:<{width}}  {path if options.paths else load(name).summary}")
    return 0
