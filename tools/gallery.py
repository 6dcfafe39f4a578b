"""Write docs/gallery.md: every shipped protocol with its pictures, which `protoflow diagram` draws (make pictures)."""

from __future__ import annotations

import json
from pathlib import Path

import protoflow
from protoflow.language import shipped

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """\
# Gallery

Every protocol that comes with protoflow, its state machines and its messages; [the table](protocols.md) says more of
each. `make pictures` draws this page anew, and a test fails when a picture is not what its protocol gives now.
[Diagrams](diagrams.md) says how to read them and how to draw your own. In the picture files, a state, a message or a
row leads to its line.
"""


def page() -> str:
    """The text of the page, byte-stable."""
    protocols = shipped()
    table = json.loads(next(iter(protocols.values())).with_name("table.json").read_text(encoding="utf-8"))
    families: dict[str, list[str]] = {}
    for entry in table:
        families.setdefault(entry["family"], []).append(entry["name"])
    contents = [
        f"- {family}: {', '.join(f'[{name}](#{name})' for name in names)}" for family, names in families.items()
    ]
    parts = [HEAD, "\n".join(contents) + "\n"]
    for name in (name for names in families.values() for name in names):
        protocol = protoflow.load(name)
        roles = ", ".join(protocol.roles)
        parts.append(f"""\
## {name}

{protocol.summary} The file is [{protocols[name].name}](../protocols/{protocols[name].name}).

![The state machines of {name}: {roles}](gallery/{name}.states.svg)

![The messages of {name} between {roles}](gallery/{name}.flow.svg)
""")
    return "\n".join(parts)


if __name__ == "__main__":
    (DOCS / "gallery.md").write_text(page(), encoding="utf-8")
