"""The documentation site builds without a warning, offline, and has a place for everything that it should."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import protoflow
import protoflow.testing
from protoflow.cli import COMMANDS
from protoflow.diagnostics import CODES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as by `make docs`, but in a copy: what is made from the code is written beside the pages."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("docs", "protocols", "protoflow"):
        if name == "docs":
            copied(ROOT / name, folder / name)
        else:
            (folder / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "docs", "out"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def copied(source: Path, target: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "."],
        cwd=source,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(lambda name: (source / name).is_file(), tracked.stdout.splitlines()):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((source / name).read_bytes())


def page(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


def test_each_code_has_a_page_that_others_lead_to(site: Path) -> None:
    catalogue, semantics = page(site, "generated/codes"), page(site, "semantics")
    for code, each in CODES.items():
        text = page(site, f"generated/codes/{code}")
        assert re.search(rf"<h1>{code}: ", text), each.title
        assert f'href="codes/{code}.html"' in catalogue
        assert f'href="generated/codes/{code}.html"' in semantics


def test_each_public_name_is_documented(site: Path) -> None:
    text = page(site, "generated/api")
    names = [f"protoflow.{name}" for name in protoflow.__all__ if not name.startswith("_")]
    names += [f"protoflow.testing.{name}" for name in protoflow.testing.__all__]
    assert [name for name in names if f'id="{name}"' not in text] == []
    assert 'id="protoflow.learning.sampler.Sampler.cohort"' in text
    assert 'id="protoflow.learning.learner.Learner.fit"' in text
    assert 'id="protoflow.testing.DrivenCourse.deliver"' in text
    assert 'id="protoflow.testing.DrivenCourse.steps"' in text, "what it inherits too"


def test_each_command_is_documented(site: Path) -> None:
    text = page(site, "generated/commands")
    assert [each.NAME for each in COMMANDS if f"<h2>protoflow {each.NAME}<" not in text] == []


def test_each_page_is_in_the_contents(site: Path) -> None:
    contents = page(site, "index")
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {name for name in pages - {"index"} if f'href="{name}.html"' not in contents} == set()


def test_it_asks_nothing_of_the_network(site: Path) -> None:
    loads = re.compile(r"""<(?:script|img|link|iframe)[^>]+(?:src|href)=["'](?:https?:)?//[^"']+""")
    assert [found for path in site.rglob("*.html") for found in loads.findall(path.read_text("utf-8"))] == []
