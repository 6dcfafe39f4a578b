"""Command-line arguments: an argparse that states the nearest name, and the options that several commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protoflow.program import Program

    Subparsers = argparse._SubParsersAction["Parser"]


class Parser(argparse.ArgumentParser):
    """Help as written, no abbreviated options, and errors as `UsageError`s, so that every command ends in one way."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; `{self.prog} --help` says more")

    def unknown_arguments(self, rest: list[str]) -> str:
        """What to say of arguments that are none of this command's."""
        name = rest[0].split("=")[0]
        if not name.startswith("-"):
            return f"`{self.prog}` takes no further argument: `{name}`"
        return unknown(name, f"option of `{self.prog}`", self._option_string_actions)


def unknown(name: str, kind: str, valid: Iterable[str]) -> str:
    """`valdate` is not a command; `validate` is. With no name close to it, those there are, if they are few."""
    from protoflow.language.suggest import nearest, quoted

    plain = {each.lstrip("-").lower(): each for each in valid}
    said = f"`{name}` is not a{'n' if kind[0] in 'aeiou' else ''} {kind}"
    if near := nearest(name.lstrip("-"), plain):
        return f"{said}; `{plain[near]}` is"
    if len(plain) <= 12:
        return f"{said}; choose from {quoted(plain.values())}"
    return said


def one_of(kind: str, *valid: str) -> Callable[[str], str]:
    """An argument type: one of the words given."""

    def check(text: str) -> str:
        if text not in valid:
            raise argparse.ArgumentTypeError(unknown(text, kind, valid))
        return text

    return check


def several_of(kind: str, *valid: str) -> Callable[[str], tuple[str, ...]]:
    """An argument type: some of the words given, with commas between them, each once."""
    check_one = one_of(kind, *valid)
    return lambda text: tuple(dict.fromkeys(check_one(part.strip()) for part in text.split(",")))


def assignment(text: str) -> tuple[str, str]:
    """An argument type: `name=value`."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"`{text}` is not of the form NAME=VALUE")
    return name, value


def whole_number(text: str) -> int:
    """An argument type: 0, 1, 2 and so on."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number from 0 on")
    return int(text)


def add_sources(parser: Parser, many: bool, optional: bool = False) -> None:
    """The protocols to work on, and `--set`. `optional`: there may be none of them."""
    parser.add_argument(
        "sources" if many else "source",
        metavar="PROTOCOL",
        nargs=("*" if optional else "+") if many else None,
        help="a file, the name of a shipped protocol" + (", a folder, or - for standard input" if many else ""),
    )
    parser.add_argument(
        "--set",
        dest="overrides",
        metavar="NAME=VALUE",
        type=assignment,
        action="append",
        default=[],
        help="give a parameter of the protocol another value; may be repeated",
    )


def new_parser(subparsers: Subparsers, name: str, text: str, function: Callable[[argparse.Namespace], int]) -> Parser:
    """The parser of one command; `text` is its description, a blank line, then its examples and exit codes."""
    description, _, epilog = text.partition("\n\n")
    parser = subparsers.add_parser(name, description=description, epilog=epilog)
    parser.set_defaults(function=function)
    return parser


def participants(program: Program, text: str | None, usual: int) -> dict[str, int]:
    """Role -> how many take part: what `--clients` says, else the number nearest to `usual` that the protocol allows.

    A number alone is for every role that may have several; `edge=2,client=10` names them. Raises UsageError for a text
    of another form, and for a role that there is not; whether the protocol allows the number is not asked here.
    """
    counts = {}
    for name, role in program.roles.items():
        counts[name] = max(usual if role.maximum is None else min(usual, role.maximum), role.minimum)
    for part in text.split(",") if text else ():
        role_name, _, number = part.rpartition("=")
        if not number.isdecimal():
            raise UsageError(f"--clients takes a number, or ROLE=N,ROLE=N, not `{text}`")
        if role_name and role_name not in program.roles:
            raise UsageError(f"--clients: {unknown(role_name, f'role of {program.protocol.name}', program.roles)}")
        several = [name for name, role in program.roles.items() if not role.single]
        counts.update(dict.fromkeys([role_name] if role_name else several, int(number)))
    return counts
