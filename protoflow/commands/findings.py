"""The options that say which findings count."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from protoflow.commands.arguments import Parser


def add_options(parser: Parser) -> None:
    group = parser.add_argument_group(
        "which findings count", "Codes, or their beginnings: PF105, or PF1 for all of those."
    )
    group.add_argument("--select", metavar="CODES", type=_codes, default=(), help="only these, as in PF2,PF103")
    group.add_argument("--ignore", metavar="CODES", type=_codes, default=(), help="all but these")


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in text.split(",") if code.strip())


def typed(arguments: argparse.Namespace) -> list[str]:
    """These options as they were typed."""
    return [
        word
        for name in ("select", "ignore")
        if (codes := getattr(arguments, name))
        for word in (f"--{name}", ",".join(codes))
    ]
