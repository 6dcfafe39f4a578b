"""Every example in the README and in docs/ is run, in order, in one folder a page, beside a checkout's `protocols`.

- a `yaml`, `python` or `toml` block whose first line is a comment with a file's name is written to that file
- a `python` block without a name is run, and must not fail
- a `console` block has commands after `$ `, each followed by all that it prints on standard output, and `protoflow
  validate` by what it says on standard error too (of others, that is progress); it ends with 0, or with 1 for findings
- `console about`: the same, with numbers free to differ (what training gives depends on the machine)
- `console shown`: not run (it would install, or take minutes)
- a `yaml`, `toml` or `json` block without a name is a fragment, and must be readable
- a `lua` block is for an editor, and run by the tests of editors; what the site draws (`protoflow`, `mermaid` and
  directives in braces) is drawn in `test_site`

A block of no such kind is a mistake, so that none is left out silently.

`pytest --update-golden` writes into the pages what the commands print now.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import protoflow

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# ([\w/]+\.(?:yaml|py|toml))\n")
NOT_HERE = re.compile(r"console shown|lua|protoflow\b.*|mermaid|\{.*")
READERS = {"yaml": yaml.safe_load, "toml": tomllib.loads, "json": json.loads}
NUMBER = re.compile(r"\d[\d,.]*")


def executed(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    variables = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "PYTHONPATH": f"{folder}:{ROOT}",
    }
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def printed(command: str, folder: Path) -> str:
    """What a command prints, as it stands in a page; shipped protocols are shown as from a checkout."""
    shown = f"{command} 2>&1" if command.startswith("protoflow validate ") else command
    done = executed(["bash", "-c", shown], folder)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.replace(f"{ROOT}/", "")


def session(block: str, folder: Path) -> str:
    """A console block with what its commands print now."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    assert block.startswith("$ "), "a console block begins with a command"
    return "".join(f"{command}\n{printed(command[2:], folder)}" for command in commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (tmp_path / "protocols").symlink_to(ROOT / "protocols")
    text = page.read_text(encoding="utf-8")
    changed = text
    for match in FENCE.finditer(text):
        kind, block = match.groups()
        named = FILE_NAME.match(block) if kind in ("yaml", "python", "toml") else None
        if named:
            target = tmp_path / named[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block, encoding="utf-8")
        elif kind == "python":
            done = executed([sys.executable, "-c", block], tmp_path)
            assert done.returncode == 0, done.stderr
        elif kind in ("console", "console about"):
            now = session(block, tmp_path)
            if request.config.getoption("--update-golden"):
                changed = changed.replace(match.group(0), f"```{kind}\n{now}```")
            elif kind == "console":
                assert now == block
            else:
                assert NUMBER.sub("N", now).split() == NUMBER.sub("N", block).split()
        elif kind in READERS:
            READERS[kind](block)
        else:
            assert NOT_HERE.fullmatch(kind), f"what is a block of `{kind}`?"
    if changed != text:
        page.write_text(changed, encoding="utf-8")
        pytest.fail(f"{page.name} was written anew")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_block_is_overlooked(page: Path) -> None:
    """One that is indented, or never ends, would be."""
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.match(r"\s+(```|~~~)", line)] == []
    assert len([line for line in lines if line.startswith("```")]) == 2 * len(
        FENCE.findall(page.read_text(encoding="utf-8"))
    )


def test_the_file_that_the_language_page_opens_with_is_clean(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    example = next(block for kind, block in FENCE.findall(page) if kind == "yaml")
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    report = protoflow.validate(tmp_path / "example.yaml", handlers=True)
    assert report.protocol is not None
    assert report.ok(strict=True), report.diagnostics


def links() -> list[tuple[Path, str]]:
    found = []
    for page in PAGES:
        prose = FENCE.sub("", page.read_text(encoding="utf-8"))
        found += [(page, target) for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose) if "://" not in target]
    return found


@pytest.mark.parametrize(("page", "target"), links(), ids=lambda value: getattr(value, "name", value))
def test_links_lead_somewhere(page: Path, target: str) -> None:
    assert (page.parent / target).exists()
