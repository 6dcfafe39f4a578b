"""How a picture is to look, whatever it shows: how much it says, how wide it may be, its font, its colours, its links.

Not every notation can have every look: `Look.refusal` says which cannot, and why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

FONT = "Arial"
READABLE = 6.0
"""The smallest type, in points, that a picture is scaled down to; publishers ask for 6 to 8."""

LENGTH = "a length such as 8.5cm, 85mm, 3.3in or 240pt"
_POINTS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72.0, "pt": 1.0}


class Detail(StrEnum):
    """How much a picture says.

    `less` leaves out what a reader of a paper can do without: summaries, handlers, what an event counts, payloads,
    ignored and deferred messages, and in a sequence all that changes no state.
    """

    FULL = "full"
    LESS = "less"


@dataclass(frozen=True, slots=True)
class Look:
    """`width` in points is a picture's greatest width; `link` makes of a place in a file (`my.yaml#L3`) the address
    that a click leads to, "" for none. `places`: a click leads to what is shown (`#state:server:idle`), each row to
    itself, and lines have the places of their rows as classes; for a page that has more to show about them."""

    detail: Detail = Detail.FULL
    width: float | None = None
    font: str = FONT
    greyscale: bool = False
    link: Callable[[str], str] = str
    places: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^\W_][\w -]{0,60}", self.font):
            raise UsageError(f"`{self.font}` is not the name of a font: letters, digits, spaces and hyphens")
        if self.detail not in set(Detail):
            raise UsageError(f"`{self.detail}` is not a detail: {', '.join(Detail)}")

    @property
    def less(self) -> bool:
        return self.detail == Detail.LESS

    def refusal(self, format: str) -> str:
        """Why a picture in `format` cannot look like this; "" if it can."""
        drawn, dot = format in ("svg", "png", "pdf"), format == "dot"
        for name, wanted, possible, reason in (
            ("width", self.width is not None, drawn, "it has no size before it is laid out"),
            ("font", self.font != FONT, drawn or dot, "what shows it chooses the font"),
            ("greyscale", self.greyscale, format != "table", "it has no colours"),
        ):
            if wanted and not possible:
                what = "a table" if format == "table" else format
                return f"{name} means nothing for {what}: {reason}"
        return ""


def points(text: str) -> float:
    """A length in points. Raises UsageError for a text that is none, or one of no size."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*(cm|mm|in|pt)", text.strip())
    size = float(found[1]) * _POINTS[found[2]] if found else 0.0
    if not size:
        raise UsageError(f"`{text}` is not {LENGTH}")
    return size


PLAIN = Look()
