"""The extension in real Sphinx builds: what comes out as HTML, text and LaTeX, and what is said of errors."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.diagrams.support import SOURCES

if TYPE_CHECKING:
    from pathlib import Path

HELLO = SOURCES["hello"].read_text(encoding="utf-8")
CONF = 'extensions = ["myst_parser", "protoflow.sphinx"]\nmyst_fence_as_directive = ["protoflow"]\n'


def build(folder: Path, builder: str) -> str:
    """What Sphinx says on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", builder, ".", f"out/{builder}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    (tmp_path / "courses").mkdir()
    (tmp_path / "courses" / "mine.yaml").write_text(HELLO, encoding="utf-8")
    inline = "".join(f"   {line}" if line.strip() else line for line in HELLO.splitlines(keepends=True))
    (tmp_path / "index.rst").write_text(
        "Pages\n=====\n\n.. toctree::\n\n   myst\n\n"
        ".. protoflow:: courses/mine.yaml\n   :caption: *Two* machines\n   :alt: A server greets.\n"
        "   :name: machines\n\n"
        f".. protoflow::\n   :kind: flow\n   :greyscale:\n\n{inline}\n",
        encoding="utf-8",
    )
    (tmp_path / "myst.md").write_text(
        "# MyST\n\n```{protoflow} fedavg\n:role: client\n:detail: less\n:width: 12cm\n```\n\n"
        f"```protoflow\n{HELLO}```\n",
        encoding="utf-8",
    )
    return tmp_path


def test_html_has_pictures_in_the_page(pages: Path) -> None:
    assert build(pages, "html") == ""
    page = (pages / "out/html/index.html").read_text(encoding="utf-8")
    assert page.count("<svg class=") == 2
    assert "<?xml" not in page
    assert "A server greets.</desc>" in page
    assert 'id="machines"' in page
    assert re.search(r"<figcaption>.*<em>Two</em> machines", page, re.DOTALL)
    identities = re.findall(r'<title id="([^"]*)"', page)
    assert len(set(identities)) == 2
    assert "currentColor" in page
    assert "#0072b2" not in page[page.index(identities[1]) :].lower(), "the second picture is grey"
    assert ".yaml#L" not in page
    other = (pages / "out/html/myst.html").read_text(encoding="utf-8")
    assert other.count("<svg class=") == 2
    assert "server" not in "".join(re.findall(r"font-weight=\"bold\"[^>]*>([^<]*)<", other.split("</svg>")[0]))


def test_text_has_tables_and_latex_has_files(pages: Path) -> None:
    assert build(pages, "text") == ""
    text = (pages / "out/text/index.txt").read_text(encoding="utf-8")
    assert "A server greets." in text
    assert re.search(r"^ *state +trigger +conditions +handler", text, re.MULTILINE)
    assert build(pages, "latex") == ""
    (tex,) = (pages / "out/latex").glob("*.tex")
    named = re.findall(r"\\sphinxincludegraphics\{(protoflow-[0-9a-f]{16}\.pdf)\}", tex.read_text(encoding="utf-8"))
    assert len(named) == 4
    assert all((pages / "out/latex" / name).read_bytes().startswith(b"%PDF-") for name in named)


def test_a_changed_file_or_base_is_drawn_anew(pages: Path) -> None:
    mine = pages / "courses/mine.yaml"
    base = pages / "courses/base.yaml"
    base.write_text(HELLO, encoding="utf-8")
    mine.write_text("protoflow: 1\nname: mine\nextends: base.yaml\n", encoding="utf-8")
    build(pages, "html")
    base.write_text(HELLO.replace("handler: listen", "handler: listen_well"), encoding="utf-8")
    build(pages, "html")
    assert "listen_well" in (pages / "out/html/index.html").read_text(encoding="utf-8")


def test_what_is_wrong_is_a_warning_with_its_line(pages: Path) -> None:
    broken = HELLO.replace("send: answer", "send: anwser")
    row = next(number for number, line in enumerate(broken.splitlines(), 1) if "anwser" in line)
    (pages / "courses/mine.yaml").write_text(broken, encoding="utf-8")
    (pages / "myst.md").write_text(
        f"# MyST\n\n```{{protoflow}} fedavg\n:kind: graph\n```\n\n```{{protoflow}}\n:kind: flow\n\n{broken}```\n",
        encoding="utf-8",
    )
    said = build(pages, "html")
    assert f"index.rst:8: WARNING: courses/mine.yaml:{row}: PF003" in said.replace(f"{pages}/", "")
    assert "myst.md:3: WARNING: `graph` is not a kind that a page can draw: states, flow" in said.replace(
        f"{pages}/", ""
    )
    assert f"myst.md:{9 + row}: WARNING: PF003: `anwser` is not a message" in said.replace(f"{pages}/", "")
    inline = "".join(f"   {line}" if line.strip() else line for line in broken.splitlines(keepends=True))
    (pages / "index.rst").write_text(f".. protoflow::\n\n{inline}", encoding="utf-8")
    assert f"index.rst:{2 + row}: WARNING: PF003" in build(pages, "html")
    assert "anwser" in (pages / "out/html/myst.html").read_text(encoding="utf-8")
