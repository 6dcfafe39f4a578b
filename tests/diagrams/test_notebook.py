"""A protocol in a notebook shows as its picture: in a real kernel, and as text where nothing can draw."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient

import protoflow

if TYPE_CHECKING:
    import pytest

CELLS = (
    "import protoflow\nprotocol = protoflow.load('hello')\nprotocol",
    "protoflow.diagram(protocol, 'flow')",
)


def test_a_notebook_shows_the_picture() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell, kind in zip(notebook.cells, ("states", "flow"), strict=True):
        (output,) = cell.outputs
        diagram = protoflow.diagram(protoflow.load("hello"), kind)
        assert output.output_type == "execute_result"
        assert output.data["text/plain"] == diagram.table
        assert output.data["image/svg+xml"] == diagram.svg()


def test_it_is_text_where_nothing_can_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", "")
    protocol = protoflow.load("hello")
    assert protocol._repr_mimebundle_() == {"text/plain": protoflow.diagram(protocol).table}
