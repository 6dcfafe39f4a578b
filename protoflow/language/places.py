"""Where a key belongs that stands in the wrong place, told by the key and by what its value looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.language import keys
from protoflow.language.tree import Mapping, Scalar
from protoflow.language.values import is_nothing, is_whole, value_of

if TYPE_CHECKING:
    from protoflow.language.keys import Table
    from protoflow.language.tree import Node

_ELEMENTS = tuple(table for table in keys.TABLES if table.section)


def _places() -> dict[str, list[Table]]:
    places: dict[str, list[Table]] = {}
    for table in keys.TABLES:
        for key in table.keys:
            places.setdefault(key, []).append(table)
    return places


PLACES = _places()
"""Key -> the kinds of mapping that have it."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a misplaced key belongs: in one of some places, or, looking like an element, under a section."""

    places: tuple[str, ...]
    looks_like: str = ""

    def words(self, *, several: bool) -> str:
        it, s = ("they", "") if several else ("it", "s")
        where = " or ".join(self.places)
        if self.looks_like:
            return f"{it} look{s} like {self.looks_like}, and {'those belong' if several else 'that belongs'} {where}"
        return f"{it} belong{s} {where}"


def home_of(word: str, value: Node, table: Table) -> Home | None:
    """Where a key that does not belong in a mapping belongs, if anything can be said."""
    if word == "<<":
        return None
    for element in _ELEMENTS:
        if tells(value, element):
            return Home((f"under `{element.section}`",), element.title)
    if table is keys.STATE and is_nothing(value):
        return Home(("under `states`",), keys.STATE.title)
    if table is keys.ASSUMPTIONS and is_whole(value_of(value)):
        return Home(("under `crashes`",), "a role with the number that may stop")
    return place_of(word) if word in PLACES else None


def place_of(word: str, section: Table | None = None) -> Home:
    """The places in which `word` is a key; among the elements of `section`, the nearest one."""
    tables = PLACES[word]
    for near in (section, keys.ROLE, keys.PROTOCOL):
        if section is not None and near in tables:
            return Home((near.place,))
    return Home(tuple(table.place for table in tables[:3]))


def looks_like_element(key: str, node: Node, table: Table) -> bool:
    """Whether a value could be an element of this kind, however badly written, with a name such as `key`."""
    match node:
        case Mapping() if table is keys.ROLE and key in keys.ROLE.keys:
            return node.get("states") is not None
        case Mapping():
            return not node.entries or any(each.text in table.keys for each, _ in node.entries)
        case Scalar():
            return table is keys.PARAMETER or (table is keys.STATE and value_of(node) is None)
        case _:
            return False


def tells(node: Node, table: Table) -> bool:
    """Whether a mapping is clearly an element of this kind: most of its keys are, and one that others do not have."""
    if not isinstance(node, Mapping):
        return False
    names = [key.text for key, _ in node.entries]
    return any(name in table.telling for name in names) and 2 * sum(name in table.keys for name in names) > len(names)
