"""A Sphinx extension: the directive `protoflow` draws a protocol in a page.

`extensions = ["protoflow.sphinx"]` in conf.py; then, in reStructuredText, `.. protoflow:: courses/my.yaml`, or the text
of the protocol as content; in MyST the same as a fence, ```` ```{protoflow} courses/my.yaml ````. A path is relative to
the page, or, with a slash before it, to the source folder; what is no path is a shipped protocol's name.

HTML gets an SVG in the page, in its text colour; LaTeX a PDF; everything else the picture as a table. What is wrong
with a block, or with the protocol in it, is a warning with file and line, and the page shows the block's text instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from protoflow import __version__
from protoflow.diagrams import embedded
from protoflow.errors import UsageError
from protoflow.language import read, read_text, shipped

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator
    from sphinx.writers.latex import LaTeXTranslator

    from protoflow.diagrams import Diagram
    from protoflow.language import Reading

logger = logging.getLogger(__name__)


class Picture(nodes.General, nodes.Element):
    """A diagram: `diagram` and `alt`, its description, "" for the diagram's own."""


class Protoflow(SphinxDirective):
    """`.. protoflow:: [PATH or NAME]`."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {  # noqa: RUF012  docutils' own way
        "kind": directives.unchanged,
        "role": directives.unchanged,
        "detail": directives.unchanged,
        "width": directives.unchanged,
        "font": directives.unchanged,
        "greyscale": directives.flag,
        "caption": directives.unchanged,
        "alt": directives.unchanged,
        "name": directives.unchanged,
        "class": directives.class_option,
        "align": lambda value: directives.choice(value, ("left", "center", "right")),
    }

    def run(self) -> list[nodes.Node]:
        try:
            asked = {name: value or "" for name, value in self.options.items() if name in embedded.OPTIONS}
            block = embedded.wanted(asked)
            reading = self._reading()
            if reading.protocol is None:
                self._warn_of(reading)
                return self._as_text()
            diagram = embedded.drawn(reading, block)
            diagram.svg()  # what cannot be laid out is said here, where the line is known
        except UsageError as error:
            self._warn(str(error), self.lineno)
            return self._as_text()
        picture = Picture("", diagram=diagram, alt=self.options.get("alt", ""))
        picture["classes"] += self.options.get("class", [])
        return self._framed(picture)

    def _reading(self) -> Reading:
        if self.content:
            if self.arguments:
                raise UsageError("a protoflow block has a path or a protocol's text, not both")
            return read_text("\n".join(self.content) + "\n", self.env.docname)
        if not self.arguments:
            raise UsageError("a protoflow block needs a path, a shipped protocol's name, or a protocol's text")
        written = self.arguments[0].strip()
        inside, path = self.env.relfn2path(written)
        if written in shipped() and not Path(path).exists():
            return read(written)
        self.env.note_dependency(inside)
        reading = read(Path(path))
        for file in reading.sources:
            self.env.note_dependency(str(Path(file).resolve()))
        return reading

    def _warn_of(self, reading: Reading) -> None:
        """Each finding at its line: of the page, if the protocol's text stands there."""
        for found in reading.diagnostics:
            said = f"{found.code}: {found.message}"
            if self.content and found.span.file == self.env.docname:
                self._warn(said, self._before_content() + found.span.line)
            else:
                self._warn(f"{found.span.file}:{found.span.line}: {said}", self.lineno)

    def _before_content(self) -> int:
        """The lines of the page before the first of the content; MyST counts its offset from the fence."""
        within = type(self.state).__module__.startswith("myst_parser")
        return self.content_offset + (self.lineno if within else 0)

    def _warn(self, message: str, line: int) -> None:
        logger.warning(message, location=(self.env.docname, line), type="protoflow")

    def _as_text(self) -> list[nodes.Node]:
        text = "\n".join(self.content) or " ".join(self.arguments)
        return [nodes.literal_block(text, text)] if text else []

    def _framed(self, picture: Picture) -> list[nodes.Node]:
        caption = self.options.get("caption")
        if caption is None and "align" not in self.options:
            self.add_name(picture)
            return [picture]
        figure = nodes.figure("", picture, align=self.options.get("align", "center"))
        if caption is not None:
            inline, messages = self.parse_inline(caption, lineno=self.lineno)
            figure += [nodes.caption(caption, "", *inline), *messages]
        self.add_name(figure)
        return [figure]


def _html(self: HTML5Translator, node: Picture) -> None:
    svg = node["diagram"].svg(inline=True, alt=node["alt"])
    self.body.append(f'<div class="{" ".join(["protoflow-diagram", *node["classes"]])}">\n{svg}\n</div>\n')
    raise nodes.SkipNode


def _latex(self: LaTeXTranslator, node: Picture) -> None:
    diagram: Diagram = node["diagram"]
    data = diagram.render("pdf")
    from protoflow.diagrams import stamp

    name = f"protoflow-{stamp.find(data)[:16]}.pdf"
    (Path(self.builder.outdir) / name).write_bytes(data)
    self.body.append(f"\n\\noindent\\sphinxincludegraphics{{{name}}}\n")
    raise nodes.SkipNode


def _text(self: Any, node: Picture) -> None:
    self.new_state(0)
    self.add_text(_words(node))
    self.end_state(wrap=False)
    raise nodes.SkipNode


def _plain(self: Any, node: Picture) -> None:
    """Where pictures cannot be (man, Texinfo) their description stands."""
    self.body.append(f"[{node['alt'] or node['diagram'].picture.description}]\n")
    raise nodes.SkipNode


def _words(node: Picture) -> str:
    from dataclasses import replace

    from protoflow.diagrams.look import Look

    diagram: Diagram = node["diagram"]
    text = replace(diagram, look=Look(detail=diagram.look.detail)).table.rstrip()
    return f"{node['alt']}\n\n{text}" if node["alt"] else text


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(
        Picture,
        html=(_html, None),
        latex=(_latex, None),
        text=(_text, None),
        man=(_plain, None),
        texinfo=(_plain, None),
    )
    app.add_directive("protoflow", Protoflow)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
