"""What the tests of diagrams share: the protocols they draw, golden files, the real Mermaid parser."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import protoflow
from protoflow.language import shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.protocol import Protocol

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
PARSER = HERE / "mermaid"
OWN = {name: HERE / f"{name}.yaml" for name in ("traps", "loose", "phases")}
"""traps: names and summaries that mean something to DOT, Mermaid, HTML; loose: every kind of line and box; phases: a
flow long enough to be grouped."""
SOURCES = {**shipped(), **OWN}
KINDS = ("states", "flow")


def load(name: str) -> Protocol:
    return protoflow.load(str(SOURCES[name]))


def mermaid_problems(texts: Sequence[str]) -> list[str]:
    """What the Mermaid parser of npm says of each text: "" where it parses."""
    if not (PARSER / "node_modules" / "mermaid").is_dir():
        pytest.fail(f"the Mermaid parser is not installed: `make test` does it (npm ci --prefix {PARSER})")
    done = subprocess.run(
        ["node", "parse.mjs"], cwd=PARSER, input=json.dumps(texts), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    problems: list[str] = json.loads(done.stdout)
    return problems


def words_of_dot(dot: str) -> str:
    """The DOT text as a reader sees it: markup away, entities resolved, lines of a label joined."""
    return html.unescape(re.sub(r"<[^<>]*>", " ", dot))


def words_of_mermaid(text: str) -> str:
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text.replace("<br/>", " "))
