"""What a value of the tree means, and what it is called in messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from protoflow.language import scalars
from protoflow.language.suggest import clip
from protoflow.language.tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from protoflow.language.tree import Node


def value_of(node: Node) -> scalars.Decoded:
    """What a scalar means; None for one that means nothing, and for a list or mapping."""
    if not isinstance(node, Scalar):
        return None
    return scalars.decode(node.text) if node.plain else node.text


def words_of(node: Node) -> list[str]:
    """The words of a text; none where it is no text."""
    value = value_of(node)
    return value.split() if isinstance(value, str) else []


def is_whole(value: scalars.Decoded) -> TypeGuard[int]:
    """Whether it is a whole number (to Python, `true` is one too)."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and value_of(node) is None


def describe(node: Node) -> str:
    """What stands there, for the end of "takes …, not …"."""
    match node:
        case Mapping():
            return "a mapping" if node.entries else "an empty mapping"
        case Sequence():
            return "a list" if node.items else "an empty list"
        case Scalar():
            if value_of(node) is None:
                return "nothing"
            shown = f"`{clip(node.text)}`" if node.text.strip() else "an empty text"
            return shown if node.plain or isinstance(scalars.decode(node.text), str | None) else f"the text {shown}"
