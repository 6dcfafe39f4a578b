"""What a plain word means: the YAML 1.2 core schema, and the units of the language.

`true` and `false` are booleans; `on`, `off`, `yes` and `no` are text; `12:30` is text. Durations (`30s`, `1.5h`) become
seconds, shares (`80%`) become fractions of 1, exactly. Nothing else is looked for.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import TypeAlias

Decoded: TypeAlias = bool | int | float | str | None

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Decoded] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
BOOLEAN_WORDS = {"on": "true", "yes": "true", "y": "true", "off": "false", "no": "false", "n": "false"}
"""Words that are booleans to older YAML readers, and text here."""

DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_IN_WORDS = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([a-z]+)", re.IGNORECASE)
_WORDS_FOR_UNITS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
}
"""How people write the units, and how they are written here."""
_SECONDS = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600)}
SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")
RANGE = re.compile(r"([0-9]+)\.\.([0-9]*)")
NAME = re.compile(r"[a-z][a-z0-9_]*")
CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)

_LONGEST = 24
"""Longer numerals are no numbers of ours; the bound keeps arithmetic cheap."""

UNITS = "`ms`, `s`, `m` or `h`"


def decode(text: str) -> Decoded:
    """The value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST or text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    return text


def in_quotes(text: str) -> str | None:
    """A text as it is written in quotes; None where that needs escapes."""
    quote = '"' if '"' not in text and "\\" not in text else "'"
    return None if quote in text else f"{quote}{text}{quote}"


def is_name(text: str) -> bool:
    """`[a-z][a-z0-9_]*`, and not a word that YAML reads as something else."""
    return NAME.fullmatch(text) is not None and text not in _WORDS


def duration(text: str) -> float | None:
    """Seconds, where `text` is a number and a unit; None where it is not."""
    match = DURATION.fullmatch(text) if len(text) <= _LONGEST else None
    return None if match is None else float(Fraction(match[1]) * _SECONDS[match[2]])


def share(text: str) -> Fraction | None:
    """A fraction of 1, where `text` is a percentage; None where it is not. Not held against any bound."""
    match = SHARE.fullmatch(text) if len(text) <= _LONGEST else None
    return None if match is None else Fraction(match[1]) / 100


def as_duration(value: object) -> str | None:
    """How a time is written that was given as a bare number, most likely of seconds, or with its unit in other words
    (`30sec`, `5 minutes`); None where it cannot be one.
    """
    text = f"{value:g}s" if isinstance(value, int | float) and not isinstance(value, bool) else ""
    if isinstance(value, str) and len(value) <= _LONGEST and (found := _IN_WORDS.fullmatch(value)):
        text = f"{found[1]}{_WORDS_FOR_UNITS.get(found[2].lower(), '')}"
    return text if duration(text) else None


def as_share(number: object) -> str | None:
    """How a share is written that is given as a part of 1, or as a percentage without its sign; None where that is not
    clear.
    """
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    text = f"{number * 100:g}%" if isinstance(number, float) and number <= 1 else f"{number:g}%"
    part = share(text)
    return text if part is not None and 0 < part <= 1 and number != 1 else None


def count_range(text: str) -> tuple[int, int | None] | None:
    """`2..` is (2, None), `1..8` is (1, 8); None where `text` is no range. Not held against any bound."""
    match = RANGE.fullmatch(text) if len(text) <= _LONGEST else None
    return None if match is None else (int(match[1]), int(match[2]) if match[2] else None)
