"""YAML text -> `Protocol`, every value with its line and column.

The way of a text: `tree` (positioned values) -> `document` with `elements` and `roles` (one file's draft) -> `extends`
and `merge` (its bases) -> `resolve` (names looked up). `keys` lists the keys of the language. All findings of a file
are gathered on the way, and nothing is ever evaluated.
"""

from protoflow.language.library import shipped
from protoflow.language.reading import Reading, changed, load, read, read_text, with_values
from protoflow.language.silences import Silence

__all__ = ["Reading", "Silence", "changed", "load", "read", "read_text", "shipped", "with_values"]
