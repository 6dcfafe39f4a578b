"""The text of every shipped protocol's diagrams, and of two that have every trap and every kind of line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import protoflow
from tests.diagrams.support import GOLDEN, KINDS, SOURCES, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SUFFIXES = {"dot": "dot", "mermaid": "mmd", "table": "txt"}


@pytest.mark.parametrize("notation", SUFFIXES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SOURCES)
def test_text(name: str, kind: str, notation: str, golden: Callable[[Path, str], None]) -> None:
    text = protoflow.diagram(load(name), kind).render(notation).decode()
    golden(GOLDEN / f"{name}.{kind}.{SUFFIXES[notation]}", text)


@pytest.mark.parametrize("name", SOURCES)
def test_a_second_reading_gives_the_same_text(name: str) -> None:
    for kind in KINDS:
        one, other = (protoflow.diagram(load(name), kind) for _ in range(2))
        assert (one.dot, one.mermaid, one.table) == (other.dot, other.mermaid, other.table)
