"""DOT text -> SVG, PNG or PDF, by the engine in the pygraphviz wheel, or, where there is none, a `dot` on the PATH.

SVG gets what Graphviz does not write: a title and description for those who do not see it, and the foreground colour
of the page that shows it, light or dark.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("svg", "png", "pdf")
_PNG_DPI = "192"
_STYLE = """<style>
svg { color-scheme: light dark; --ink: #1f2328 }
@media (prefers-color-scheme: dark) { svg { --ink: #e6edf3 } }
text { fill: var(--ink); font-family: Arial, "Liberation Sans", Helvetica, sans-serif }
[stroke="black"] { stroke: var(--ink) }
[fill="black"] { fill: var(--ink) }
a:hover text { text-decoration: underline }
</style>"""


def draw(dot: str, format: str, engine: str, title: str, description: str) -> bytes:
    """The picture in `format` (svg, png or pdf), laid out by `engine` (dot or neato).

    Raises UsageError where there is nothing that can lay it out.
    """
    if format == "svg":
        return _finish_svg(_lay_out(dot, format, engine).decode(), title, description).encode()
    # Paper is white: only an SVG can follow the page it is on.
    return _lay_out(dot.replace("bgcolor=transparent", "bgcolor=white", 1), format, engine)


def _lay_out(dot: str, format: str, engine: str) -> bytes:
    try:
        import pygraphviz
    except ImportError:
        return _run_dot(dot, format, engine)
    graph = pygraphviz.AGraph(string=dot)
    if format == "png":
        graph.graph_attr["dpi"] = _PNG_DPI
    with _quiet():
        return bytes(graph.draw(format=format, prog=engine))


def _run_dot(dot: str, format: str, engine: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise UsageError(
            f"drawing {format} needs a layout engine: pip install 'protoflow-fl[draw]', or Graphviz's `dot` on the "
            "PATH (the formats dot, mermaid and table need none)"
        )
    options = [f"-Gdpi={_PNG_DPI}"] if format == "png" else []
    done = subprocess.run(
        [program, f"-K{engine}", f"-T{format}", *options], input=dot.encode(), capture_output=True, check=False
    )
    if done.returncode != 0:
        raise UsageError(f"{program} could not draw it: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


@contextmanager
def _quiet() -> Iterator[None]:
    """Holds back what the engine's C libraries write to stderr (font configuration); it is shown if drawing fails."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _finish_svg(svg: str, title: str, description: str) -> str:
    """Without the document type (it names a file on the web) and the generated ids that browsers show as tooltips."""
    svg = re.sub(r"<!DOCTYPE[^>]*>\s*", "", svg, count=1)
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<title>[^<]*</title>\n?", "", svg)
    head = f'<title id="title">{escape(title)}</title>\n<desc id="desc">{escape(description)}</desc>\n{_STYLE}\n'
    return re.sub(
        r"<svg ([^>]*)>\n?",
        lambda found: f'<svg role="img" aria-labelledby="title desc" {found[1]}>\n{head}',
        svg,
        count=1,
    )
