"""HTML-like labels of DOT, piece by piece. Whatever text is put in is escaped here, and means nothing to DOT."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALL, NORMAL, LARGE = "9", "11", "14"  # points
LINE = 11
"""The height of a line of small text, in points."""


def html(inner: str) -> str:
    return f"<{inner}>"


def table(
    rows: Sequence[str], align: str = "CENTER", padding: int = 1, indent: int = 0, links: Sequence[str] = ()
) -> str:
    """One cell a row; `indent` keeps them that far from what is on their left; `links` are those of the first rows."""
    before = f'<TD WIDTH="{indent}" FIXEDSIZE="TRUE" HEIGHT="1"></TD>' if indent else ""
    to = [f' HREF="{plain(link)}"' if link else "" for link in links] + [""] * (len(rows) - len(links))
    cells = (f'<TD ALIGN="{align}" BALIGN="{align}"{href}>{row}</TD>' for row, href in zip(rows, to, strict=True))
    inner = "".join(f"<TR>{before}{cell}</TR>" for cell in cells)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{padding}">{inner}</TABLE>'


def grid(rows: Sequence[Sequence[str]], size: str = "") -> str:
    """Cells in rows; "" if there are none."""
    if not rows:
        return ""
    lines = ("".join(f'<TD ALIGN="LEFT">{cell}</TD>' for cell in row) for row in rows)
    inner = "".join(f"<TR>{line}</TR>" for line in lines)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2" CELLPADDING="1" {size}>{inner}</TABLE>'


def lines(texts: Sequence[str]) -> str:
    """Small lines of prose, one beneath the other."""
    return "".join(f'{small(text)}<BR ALIGN="LEFT"/>' for text in texts)


def bold(text: str) -> str:
    return f"<B>{plain(text)}</B>" if text else ""


def small(text: str) -> str:
    return f'<FONT POINT-SIZE="{SMALL}">{prose(text)}</FONT>' if text else ""


def prose(text: str) -> str:
    """Text in which names stand in backticks: a picture sets them in bold instead."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(bold(part) if place % 2 else plain(part) for place, part in enumerate(parts))


def plain(text: str) -> str:
    """Text for an HTML-like label; `\\N` and its like would stand for names of nodes even there."""
    return escape(text).replace("\\", "\\\\")
