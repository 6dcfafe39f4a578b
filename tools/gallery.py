"""Write docs/gallery.md: every shipped protocol with its pictures, which `protoflow diagram` draws (make pictures)."""

from __future__ import annotations

from pathlib import Path

import protoflow
from protoflow.language import shipped

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """\
# Gallery

Every protocol that comes with protoflow, its state machines and its messages. `make pictures` draws this page anew, and
a test fails when a picture is not what its protocol gives now. [Diagrams](diagrams.md) says how to read them and how to
draw your own. In the picture files, a state, a message or a row leads to its line.
"""


def page() -> str:
    """The text of the page, byte-stable."""
    parts = [HEAD]
    for name, path in shipped().items():
        protocol = protoflow.load(name)
        roles = ", ".join(protocol.roles)
        parts.append(f"""\
## {name}

{protocol.summary} The file is [{path.name}](../protocols/{path.name}).

![The state machines of {name}: {roles}](gallery/{name}.states.svg)

![The messages of {name} between {roles}](gallery/{name}.flow.svg)
""")
    return "\n".join(parts)


if __name__ == "__main__":
    (DOCS / "gallery.md").write_text(page(), encoding="utf-8")
