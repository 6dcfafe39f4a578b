"""The tables of keys in docs/language.md, from the definitions that the reader and the JSON Schema share.

python tools/key_tables.py            write them anew
python tools/key_tables.py --check    fail if they are not what they would be
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protoflow.language import keys
from protoflow.language.schema import schema

if TYPE_CHECKING:
    from protoflow.language.keys import Table

PAGE = Path(__file__).parents[1] / "docs" / "language.md"
BEGIN = "<!-- The tables from here on are written by `make tables`. -->\n"
END = "<!-- The tables end here. -->\n"


def tables() -> str:
    """A table for each kind of mapping: its keys, the values that the schema allows, the texts that editors show."""
    whole = schema()
    definitions = whole["definitions"]
    homes = {
        "the top level": whole,
        **{table.title: _mapping(definitions[name]) for name, table in _TABLES.items()},
    }
    return "\n".join(_table(table, homes[table.title]["properties"]) for table in keys.TABLES)


_TABLES = {
    "parameter": keys.PARAMETER,
    "message": keys.MESSAGE,
    "role": keys.ROLE,
    "state": keys.STATE,
    "event": keys.EVENT,
    "transition": keys.TRANSITION,
    "send": keys.SEND,
    "link": keys.LINK,
    "assumptions": keys.ASSUMPTIONS,
    "property": keys.PROPERTY,
    "removed_row": keys.REMOVED_ROW,
}


def _mapping(definition: dict[str, Any]) -> dict[str, Any]:
    """The one form of a definition that is a mapping with keys."""
    forms = [definition, *definition.get("anyOf", ())]
    return next(form for form in forms if "properties" in form)


def _table(table: Table, properties: dict[str, Any]) -> str:
    rows = [
        f"| `{key}`{' (required)' if key in table.required else ''} | {_value(properties[key])} | {_cell(text)} |"
        for key, text in table.keys.items()
    ]
    title = f"### {table.title[0].upper()}{table.title[1:]}"
    return "\n".join([title, "", "| key | value | meaning |", "|---|---|---|", *rows, ""])


def _value(form: dict[str, Any]) -> str:
    """A form of the schema in words; that a key may stand without a value is left out."""
    if "$ref" in form:
        name = form["$ref"].rpartition("/")[2]
        title = _TABLES[name].title if name in _TABLES else name
        return f"[{title}](#{title.replace(' ', '-')})" if name in _TABLES else title
    if "const" in form:
        return f"`{str(form['const']).lower()}`"
    if "enum" in form:
        return ", ".join(f"`{value}`" for value in form["enum"])
    for several in ("anyOf", "allOf"):
        if several in form:
            return _either(form[several])
    kinds = form["type"] if isinstance(form["type"], list) else [form["type"]]
    if "string" in kinds and "boolean" in kinds:
        return "text" if "null" in kinds else "value"
    return " or ".join(_kind(kind, form) for kind in kinds if kind != "null")


def _either(forms: list[dict[str, Any]]) -> str:
    """One of several forms: what may also be a list of the same is said once."""
    words = list(dict.fromkeys(_value(form) for form in forms if form.get("type") != "null"))
    said = [word for word in words if not any(word == f"list of {other}" for other in words)]
    return " or ".join(f"{word}, or a list" if f"list of {word}" in words else word for word in said)


def _kind(kind: str, form: dict[str, Any]) -> str:
    match kind:
        case "object":
            return f"name → {_value(form['additionalProperties'])}"
        case "array":
            return f"list of {_value(form['items'])}"
        case "integer":
            return f"integer from {form['minimum']}"
        case "boolean":
            return "`true`, `false`"
        case _:
            return {"string": "text"}.get(kind, kind)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("Name ->", "Name →").replace(" -> ", " → ")


def written(page: str) -> str:
    """The page with its tables written anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    new = written(page)
    if sys.argv[1:] == ["--check"]:
        if new != page:
            print("docs/language.md does not have the keys as they are: make tables", file=sys.stderr)
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
