"""The bench against SPIN, in its quick form: our exact counts are pinned, and the verdicts agree. Nothing is timed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "tools" / "bench"
ROW = re.compile(
    r"^ +(?P<n>\d+)"
    r" +(?P<channels>[\d,]+) +[\d.]+ +\d+"
    r" +(?P<mailbox>[\d,]+) +[\d.]+ +\d+"
    r" +(?P<ours>[\d,]+) +[\d.]+ +\d+ +(?P<verdict>.+)$",
    re.MULTILINE,
)

pytestmark = pytest.mark.skipif(
    shutil.which("spin") is None or shutil.which("gcc") is None, reason="SPIN (apt: spin) or gcc is not installed"
)


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH / "checker.py"), "--quick", "--memory", "1", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rows(output: str) -> list[tuple[int, int, str]]:
    """N, our configurations, and the verdict of all three searches."""
    return [(int(row["n"]), int(row["ours"].replace(",", "")), row["verdict"]) for row in ROW.finditer(output)]


@pytest.mark.parametrize(
    ("course", "configurations", "proof"),
    [
        ("synchronous", (18, 25), "proved for every N ≥ 1 (14 configurations), terminates always"),
        ("crash", (48, 74), "proved for every N ≥ 2 (127 configurations), terminates always"),
        ("quorum", (73, 101), "proved for every N ≥ 1 (101 configurations), terminates always"),
    ],
)
def test_the_courses_of_the_bench(course: str, configurations: tuple[int, int], proof: str) -> None:
    done = bench(BENCH / "courses" / f"{course}.yaml")
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout) == [(n, count, "clean") for n, count in zip((2, 3), configurations, strict=True)]
    assert f"protoflow, all N at once: {proof}, in " in done.stdout


UNTOLD = """\
protoflow: 1
name: untold
extends: {base}
roles:
  server:
    remove: [{{source: joining, trigger: lost}}, {{source: training, trigger: lost}}]
"""
OVERTAKEN = """\
protoflow: 1
name: overtaken
extends: {base}
roles:
  server:
    states: {{training: }}
"""


@pytest.mark.parametrize(
    ("text", "base", "verdict"), [(UNTOLD, "crash", "PF202"), (OVERTAKEN, "quorum", "PF201")], ids=["PF202", "PF201"]
)
def test_both_find_what_is_wrong(text: str, base: str, verdict: str, tmp_path: Path) -> None:
    """A server that is never told of the crash; one to which a `join` can come late."""
    course = tmp_path / "course.yaml"
    course.write_text(text.format(base=BENCH / "courses" / f"{base}.yaml"), encoding="utf-8")
    done = bench(course)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(n, codes) for n, _, codes in rows(done.stdout)] == [(2, verdict), (3, verdict)]


def test_a_search_that_a_full_channel_ends_is_no_verdict() -> None:
    done = bench(BENCH / "courses" / "quorum.yaml", "--capacity", "1")
    assert done.returncode == 0
    for encoding in ("per-client channels", "one mailbox"):
        assert f"SPIN, {encoding}, N = 2: a channel is full (see --capacity) after " in done.stdout
    assert "the largest" not in done.stdout  # no states to compare with


TWO_AT_ONCE = """\
protoflow: 1
name: two_at_once
extends: {base}
roles:
  server:
    transitions:
      - {{trigger: updated, source: training, dest: finished, send: [model, finish]}}
"""
DEFERRED = """\
protoflow: 1
name: deferred
extends: {base}
roles:
  server:
    states: {{joining: {{defer: update}}}}
"""
PEERS = """\
protoflow: 1
name: peers
extends: {base}
messages:
  hint: {{from: client, to: client}}
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TWO_AT_ONCE, "a step that sends two messages to one receiver"),
        (DEFERRED, "messages that are lost, deferred, repeated or unordered"),
        (PEERS, "one role of clients that talk to it alone"),
        ("protoflow: 2", "course.yaml: PF002"),
    ],
)
def test_what_cannot_be_compared_is_said(text: str, reason: str, tmp_path: Path) -> None:
    course = tmp_path / "course.yaml"
    course.write_text(text.format(base=BENCH / "courses" / "synchronous.yaml"), encoding="utf-8")
    done = bench(course)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
