"""DOT text -> SVG, PNG or PDF, by the engine in the pygraphviz wheel, or, where there is none, a `dot` on the PATH.

SVG gets what Graphviz does not write: a title and description for those who do not see it, and the foreground colour
of the page that shows it, light or dark. Its styles and ids are its own, so that several may stand in one page.

A picture that must not be wider than so much is scaled down as a whole, its words too. Where they would then be too
small to read, the next arrangement of the same picture is tried, and where none will do it is not drawn.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from protoflow.diagrams import stamp
from protoflow.diagrams.labels import SMALL
from protoflow.diagrams.look import FONT, READABLE, Look
from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMATS = ("svg", "png", "pdf")
_DPI, _PRINT_DPI = "192", "300"
_HIGHEST = 1000  # inches: a width is asked for, never a height
_STYLE = """\
.protoflow text { fill: var(--ink); font-family: FAMILY }
.protoflow [stroke="black"] { stroke: var(--ink) }
.protoflow [fill="black"] { fill: var(--ink) }
.protoflow [fill="#ffffff"] { fill: var(--paper) }
.protoflow a:hover text { text-decoration: underline }
"""
_INK = """\
.protoflow { color-scheme: light dark; --paper: Canvas; --ink: #1f2328 }
@media (prefers-color-scheme: dark) { .protoflow { --ink: #e6edf3 } }
"""
_INLINE_INK = ".protoflow { --ink: currentColor; --paper: transparent; max-width: 100%; height: auto }\n"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is to be drawn: arrangements of one picture as DOT texts, the first the preferred; `engine`: dot, neato.

    `narrower`: the options with which there would be less to draw.
    """

    dots: tuple[str, ...]
    engine: str
    title: str
    description: str
    look: Look
    narrower: tuple[str, ...] = ()

    def stamp(self, format: str) -> str:
        parts = (format, self.engine, self.title, self.description, _css(self.look, inline=False), *self.dots)
        return stamp.stamp((*parts, str(self.look.width)))


def draw(sheet: Sheet, format: str, *, inline: bool = False) -> bytes:
    """The picture in `format` (svg, png or pdf), with its stamp.

    `inline`: an SVG to be put into an HTML page, whose text colour it takes. Raises UsageError where there is nothing
    that can lay it out, and where its words would be too small.
    """
    dot, options = _fitted(sheet)
    if format == "svg":
        return _finish_svg(_lay_out(dot, format, sheet.engine, options).decode(), sheet, inline).encode()
    if format == "png":
        options["dpi"] = _DPI if sheet.look.width is None else _PRINT_DPI
    # Paper is white: only an SVG can follow the page it is on.
    paper = dot.replace("bgcolor=transparent", "bgcolor=white", 1)
    mark = stamp.on_png if format == "png" else stamp.on_pdf
    return mark(_lay_out(paper, format, sheet.engine, options), sheet.stamp(format))


def _fitted(sheet: Sheet) -> tuple[str, dict[str, str]]:
    """The first arrangement that is readable at the width that is asked for, and what makes it that wide."""
    width = sheet.look.width
    if width is None:
        return sheet.dots[0], {}
    narrowest = float("inf")
    for dot in sheet.dots:
        natural = _natural_width(dot, sheet.engine)
        narrowest = min(narrowest, natural * READABLE / float(SMALL))
        if narrowest <= width:
            return dot, {"size": f"{width / 72:.4f},{_HIGHEST}"}
    name, asked, needed = sheet.title.split(" ")[0], width / 72 * 2.54, narrowest / 72 * 2.54 + 0.05
    less = f"; with less in it, it is narrower: {' or '.join(sheet.narrower)}" if sheet.narrower else ""
    raise UsageError(
        f"{name} is too wide: at {asked:.1f}cm its words would be smaller than {READABLE:g} points; it needs "
        f"{needed:.1f}cm{less}"
    )


def _natural_width(dot: str, engine: str) -> float:
    """In points, as laid out without a limit."""
    found = re.search(r'<svg width="(\d+)pt"', _lay_out(dot, "svg", engine, {}).decode())
    assert found is not None
    return float(found[1])


def _lay_out(dot: str, format: str, engine: str, options: Mapping[str, str]) -> bytes:
    try:
        import pygraphviz
    except ImportError:
        return _run_dot(dot, format, engine, options)
    graph = pygraphviz.AGraph(string=dot)
    graph.graph_attr.update(options)
    with _quiet():
        return bytes(graph.draw(format=format, prog=engine))


def _run_dot(dot: str, format: str, engine: str, options: Mapping[str, str]) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise UsageError(
            f"drawing {format} needs a layout engine: pip install 'protoflow-fl[draw]', or Graphviz's `dot` on the "
            "PATH (the formats dot, mermaid and table need none)"
        )
    command = [program, f"-K{engine}", f"-T{format}", *(f"-G{name}={value}" for name, value in options.items())]
    done = subprocess.run(command, input=dot.encode(), capture_output=True, check=False)
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


def _css(look: Look, *, inline: bool) -> str:
    usual = 'Arial, "Liberation Sans", Helvetica, sans-serif'
    family = usual if look.font == FONT else f'"{look.font}", {usual}'
    return (_INLINE_INK if inline else _INK) + _STYLE.replace("FAMILY", family)


def _finish_svg(svg: str, sheet: Sheet, inline: bool) -> str:
    """Without the document type (it names a file on the web) and the generated ids that browsers show as tooltips."""
    svg = re.sub(r"<!DOCTYPE[^>]*>\s*", "", svg, count=1)
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<title>[^<]*</title>\n?", "", svg)
    value = sheet.stamp("svg")
    own = f"protoflow-{value[:8]}-"
    svg = re.sub(r'\bid="', f'id="{own}', svg)
    head = "\n".join(
        (
            f'<title id="{own}title">{escape(sheet.title)}</title>',
            f'<desc id="{own}desc">{escape(sheet.description)}</desc>',
            stamp.on_svg(value),
            f"<style>\n{_css(sheet.look, inline=inline)}</style>",
        )
    )
    opening = f'<svg class="protoflow" role="img" aria-labelledby="{own}title {own}desc"'
    svg = re.sub(r"<svg ([^>]*)>\n?", lambda found: f"{opening} {found[1]}>\n{head}\n", svg, count=1)
    return svg[svg.index("<svg") :] if inline else svg
