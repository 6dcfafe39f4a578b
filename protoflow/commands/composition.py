"""The options of the check of all participants together: what to explore, under which assumptions, at what cost."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from typing import TYPE_CHECKING

from protoflow.commands import findings
from protoflow.commands.arguments import one_of
from protoflow.errors import UsageError

if TYPE_CHECKING:
    from protoflow.checks.composition import Options
    from protoflow.commands.arguments import Parser


PATIENCE = 1.0
"""Seconds without a word."""

PAUSE = 0.1
"""Seconds between two words."""

CLEAR = "\r\033[2K"


def add_options(parser: Parser) -> None:
    group = parser.add_argument_group(
        "all participants together", "By default under the file's assumptions, for every number of participants."
    )
    group.add_argument("--clients", metavar="N", help="only these numbers: 3, 1..5, or ROLE=2,ROLE=1..4")
    group.add_argument("--crashes", metavar="ROLE=N", help="how many of a role may stop for ever; or ROLE=N,ROLE=N")
    group.add_argument("--early-timeouts", metavar="N", type=_number, help="how many timers may elapse early in a run")
    group.add_argument("--channels", metavar="ORDER", type=one_of("order", "fifo", "any"), help="fifo or any")
    group.add_argument("--loss", metavar="N", type=_number, help="how many messages may get lost in a run, whichever")
    group.add_argument("--duplicates", metavar="N", type=_number, help="how many messages may come twice in a run")
    group.add_argument("--budget", metavar="TIME", help="compute at most this long (default: 10s)")
    group.add_argument("--no-cache", action="store_true", help="check again what was checked before")
    findings.add_options(parser)


def typed(arguments: argparse.Namespace) -> str:
    """The options that findings depend on, as they were typed."""
    found = [word for name, value in arguments.overrides for word in ("--set", f"{name}={value}")]
    for name in ("clients", "crashes", "early_timeouts", "channels", "loss", "duplicates"):
        if (value := getattr(arguments, name)) is not None:
            found += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*found, *findings.typed(arguments)])


def options(arguments: argparse.Namespace) -> Options:
    """Raises UsageError for a text that is not in the notation."""
    from protoflow.checks.composition import Options
    from protoflow.language.scalars import UNITS, duration

    everyone, sizes = None, {}
    for role, number in _pairs("--clients", arguments.clients):
        if role:
            sizes[role] = _range(number)
        else:
            everyone = _range(number)
    crashes = None
    if arguments.crashes is not None:
        crashes = {role: _counted("--crashes", number) for role, number in _pairs("--crashes", arguments.crashes)}
        if "" in crashes:
            raise UsageError(f"--crashes takes ROLE=N, not `{arguments.crashes}`")
    seconds = Options.seconds
    if arguments.budget is not None:
        found = duration(arguments.budget)
        if found is None:
            raise UsageError(f"--budget takes a time with its unit ({UNITS}), not `{arguments.budget}`")
        seconds = found
    return Options(
        everyone=everyone,
        sizes=sizes,
        crashes=crashes,
        early_timeouts=arguments.early_timeouts,
        fifo=None if arguments.channels is None else arguments.channels == "fifo",
        loss=arguments.loss,
        duplicates=arguments.duplicates,
        seconds=seconds,
        cache=not arguments.no_cache,
        progress=_Progress() if sys.stderr.isatty() else None,
    )


class _Progress:
    """Shows how many configurations were seen, once a check has taken a second."""

    def __init__(self) -> None:
        self._started = self._shown = time.monotonic()

    def __call__(self, configurations: int) -> None:
        now = time.monotonic()
        if now - self._started > PATIENCE and now - self._shown > PAUSE:
            self._shown = now
            sys.stderr.write(f"{CLEAR}{configurations:,} configurations\r")
            sys.stderr.flush()


def clear_progress(explored: Options) -> None:
    """Take away the line that a check may have shown."""
    if explored.progress is not None:
        sys.stderr.write(CLEAR)
        sys.stderr.flush()


def _pairs(option: str, text: str | None) -> list[tuple[str, str]]:
    """`edge=2,client=1..4` in pairs; a number alone has no role."""
    if text is None:
        return []
    pairs = [part.rpartition("=")[::2] for part in text.split(",")]
    if any(not number for _, number in pairs):
        raise UsageError(f"{option}: a number is missing in `{text}`")
    return pairs


def _range(text: str) -> tuple[int, int]:
    from protoflow.language.scalars import count_range

    if text.isdecimal():
        return int(text), int(text)
    found = count_range(text)
    if found is None or found[1] is None or found[0] > found[1]:
        raise UsageError(f"--clients takes a number or a range such as 1..5, not `{text}`")
    return found[0], found[1]


def _counted(option: str, text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{option}: `{text}` is not a number")
    return int(text)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number from 0 on: it says how many, in one run")
    return int(text)
