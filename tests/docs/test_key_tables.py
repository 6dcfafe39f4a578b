"""The tables of keys in the page on the language are those of the code."""

from __future__ import annotations

from protoflow.language import keys
from tools.key_tables import PAGE, written


def test_the_tables_are_fresh() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "write them anew: make tables"


def test_every_key_has_a_row() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for table in keys.TABLES:
        part = page.partition(f"### {table.title[0].upper()}{table.title[1:]}\n")[2].partition("\n#")[0]
        for key in table.keys:
            assert f"\n| `{key}`{' (required)' if key in table.required else ''} | " in part
