"""A fence for Python-Markdown and MkDocs: ```` ```protoflow ```` blocks become pictures in the page.

`fence` and `validator` are for `pymdownx.superfences` (its `custom_fences`). A block has the text of a protocol, or in
one line a path or the name of a shipped one; a path is relative to the working directory, that of
mkdocs.yml for MkDocs. Options stand beside the language: ```` ```{.protoflow kind=flow detail=less} ````.
"""

from __future__ import annotations

from typing import Any

from pymdownx.superfences import SuperFencesException

from protoflow.diagrams import embedded
from protoflow.errors import UsageError
from protoflow.language import read, read_text


def validator(language: str, inputs: dict[str, str], options: dict[str, Any], attrs: dict[str, Any], md: Any) -> bool:
    """Takes the options of a picture, and no others."""
    options.update({name: value for name, value in inputs.items() if name in embedded.OPTIONS or name == "alt"})
    return set(inputs) <= {*embedded.OPTIONS, "alt"}


def fence(source: str, language: str, class_name: str, options: dict[str, Any], md: Any, **_: Any) -> str:
    """The SVG of a block. Raises SuperFencesException, which ends the build: what is wrong, and with which line."""
    asked = {name: str(value) for name, value in options.items() if name != "alt"}
    text = source.strip()
    try:
        block = embedded.wanted(asked)
        reading = read(text) if text and "\n" not in text and ": " not in text else read_text(source, "block")
        if reading.protocol is None:
            found = "\n".join(
                f"{each.span.file}:{each.span.line}: {each.code}: {each.message}" for each in reading.diagnostics
            )
            raise SuperFencesException(f"a protoflow block has errors:\n{found}")
        svg = embedded.drawn(reading, block).svg(inline=True, alt=str(options.get("alt", "")))
    except UsageError as error:
        raise SuperFencesException(f"a protoflow block: {error}") from error
    return f'<div class="{class_name}">\n{svg}\n</div>'
