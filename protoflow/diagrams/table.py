"""A picture as a plain text table: what reads best for a large protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from protoflow.diagrams.model import Picture


def text(picture: Picture) -> str:
    """A block for each role or phase; columns are as wide as they must be, in characters."""
    rows = [picture.columns, *(row for cluster in picture.clusters for row in cluster.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" ".join((picture.title, *map(str, picture.marks)))]
    lines += [picture.summary] if picture.summary else []
    for cluster in picture.clusters:
        heading = " ".join((cluster.name, *map(str, cluster.marks)))
        lines += ["", *([heading] if heading else []), *cluster.lines]
        lines += _aligned([picture.columns, tuple("-" * width for width in widths), *cluster.rows], widths)
    if picture.findings:
        lines += ["", *(f"{mark} {message}" for mark, message in picture.findings)]
    return "\n".join(lines) + "\n"


def _aligned(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
