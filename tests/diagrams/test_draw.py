"""Pictures come out whole, with pygraphviz and no `dot`, with a `dot` and no pygraphviz, and not without either."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

import protoflow
from tests.diagrams.support import KINDS, SOURCES, load

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("kind", KINDS)
def test_svg(name: str, kind: str) -> None:
    protocol = load(name)
    root = ET.fromstring(protoflow.diagram(protocol, kind).svg())
    assert root.tag == f"{SVG}svg"
    title, description, _, style = list(root)[:4]
    assert title.text == f"{protocol.name} {protocol.digest[:8]}"
    assert description.text
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert "prefers-color-scheme: dark" in (style.text or "")
    assert len(list(root.iter(f"{SVG}title"))) == 1, "no generated ids as tooltips"
    backgrounds = [p for p in root.iter(f"{SVG}polygon") if p.get("fill") == "white"]
    assert backgrounds == []
    shown = "\n".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))
    states = {state for role in protocol.roles.values() for state in role.states}
    assert [word for word in (*protocol.roles, *(states if kind == "states" else ())) if word not in shown] == []


def test_names_are_text_in_svg_and_never_markup() -> None:
    for kind in KINDS:
        svg = protoflow.diagram(load("traps"), kind).svg()
        assert "<script" not in svg
        shown = "".join("".join(e.itertext()) for e in ET.fromstring(svg).iter(f"{SVG}text"))
        assert "\\N" in shown
        assert "<b>v</b>" in shown


def test_png_and_pdf() -> None:
    diagram = protoflow.diagram(load("fedavg"))
    assert diagram.render("png").startswith(b"\x89PNG\r\n\x1a\n")
    assert diagram.render("pdf").startswith(b"%PDF-")


def python(code: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = None if path is None else {"PATH": path}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)


DRAW = "import protoflow; print(protoflow.diagram(protoflow.load('hello')).svg()[:40])"
WITHOUT_WHEEL = "import sys; sys.modules['pygraphviz'] = None\n"


def test_no_dot_on_the_path_still_draws_and_says_nothing_on_stderr() -> None:
    done = python(DRAW, path="")
    assert done.stdout.startswith("<?xml")
    assert done.stderr == ""


def test_without_the_wheel_dot_draws() -> None:
    done = python(WITHOUT_WHEEL + DRAW)
    assert done.stdout.startswith("<?xml"), done.stderr


def test_without_either_the_error_says_what_to_install() -> None:
    done = python(WITHOUT_WHEEL + DRAW, path="")
    assert "UsageError" in done.stderr
    assert "pip install 'protoflow-fl[draw]'" in done.stderr


def test_mermaid_imports_neither_graphviz_nor_networkx() -> None:
    heavy = "{'graphviz', 'pygraphviz', 'networkx', 'numpy', 'torch', 'transitions'}"
    done = python(
        "import sys, protoflow; d = protoflow.diagram(protoflow.load('fedavg')); d.mermaid; d.table;"
        f"print(sorted({heavy} & set(sys.modules)))"
        "; d.dot; print('networkx' in sys.modules)"
    )
    assert done.stdout == "[]\nFalse\n", done.stderr
