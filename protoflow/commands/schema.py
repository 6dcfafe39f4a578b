"""`protoflow schema`: the JSON Schema of protocol files, for editors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from protoflow.commands.arguments import new_parser

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser, Subparsers

NAME = "schema"
SUMMARY = "print the JSON Schema of protocol files, for editors"
TEXT = """\
Print the JSON Schema (draft-07) of protocol files. With it an editor completes keys and marks mistakes.

examples:
  protoflow schema > protoflow.schema.json
  # yaml-language-server: $schema=protoflow.schema.json     as the first line of your protocol

exit codes: 0
"""


def add(subparsers: Subparsers) -> Parser:
    return new_parser(subparsers, NAME, TEXT, schema)


def schema(options: argparse.Namespace) -> int:
    from protoflow.language.schema import text

    sys.stdout.write(text())
    return 0
