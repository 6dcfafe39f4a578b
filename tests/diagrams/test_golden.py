"""The text of diagrams: of shipped protocols of every shape, and of some that have each trap and kind of line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import protoflow
from tests.composition.compare import SHIPPED
from tests.diagrams.support import GOLDEN, KINDS, OWN, SOURCES, load

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).parents[2]
NAMES = [*SHIPPED, "gossip", "secure_aggregation", "vertical_trees", *OWN]
SUFFIXES = {"dot": "dot", "mermaid": "mmd", "table": "txt"}


@pytest.mark.parametrize("notation", SUFFIXES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_text(name: str, kind: str, notation: str, golden: Callable[[Path, str], None]) -> None:
    text = protoflow.diagram(load(name), kind).render(notation).decode()
    text = text.replace(f"{CHECKOUT}/", "")  # links lead to the file, wherever the checkout is
    golden(GOLDEN / f"{name}.{kind}.{SUFFIXES[notation]}", text)


@pytest.mark.parametrize("name", SOURCES)
def test_a_second_reading_gives_the_same_text(name: str) -> None:
    for kind in KINDS:
        one, other = (protoflow.diagram(load(name), kind) for _ in range(2))
        assert (one.dot, one.mermaid, one.table) == (other.dot, other.mermaid, other.table)
