"""The hooks of .pre-commit-hooks.yaml in a project that has pre-commit check its commits."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from tests.ci.support import CONFIGURED, MISTAKEN, copy_of_this_repository, done, project, run
from tests.cli.support import CLEAN

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

CONFIG = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: protoflow-validate
      - id: protoflow-format
"""


def test_a_commit_with_a_mistake_is_refused(tmp_path: Path) -> None:
    revision = copy_of_this_repository(tmp_path / "protoflow")
    mine = tmp_path / "mine"
    config = CONFIG.format(repository=tmp_path / "protoflow", revision=revision)
    project(mine, {**CONFIGURED, ".pre-commit-config.yaml": config})
    tools = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PRE_COMMIT_COLOR": "never"}
    done(run(mine, "git", "init", "--quiet"))
    done(run(mine, sys.executable, "-m", "pre_commit", "install", **tools))

    def commit(message: str) -> subprocess.CompletedProcess[str]:
        done(run(mine, "git", "add", "--all"))
        return run(mine, "git", "commit", "--message", message, **tools)

    first = commit("a protocol")
    assert re.search(r"protoflow validate\.+Passed", done(first) + first.stderr)
    project(mine, MISTAKEN)
    refused = commit("a mistake")
    assert refused.returncode == 1
    said = refused.stdout + refused.stderr
    assert re.search(r"protoflow validate\.+Failed", said)
    assert "error[PF003]: `anwser` is not a message; `answer` is" in said
    assert "--> protocols/mine.yaml:25:80" in said
    project(mine, {"protocols/mine.yaml": CLEAN.replace("    states:", "    states:  ")})
    formatted = commit("a form of its own")
    assert formatted.returncode == 1
    assert re.search(r"protoflow format\.+Failed", formatted.stdout + formatted.stderr)
    assert (mine / "protocols" / "mine.yaml").read_text(encoding="utf-8") == CLEAN
    done(run(mine, "git", "checkout", "--quiet", "HEAD", "--", "protocols"))
    project(mine, {"NOTES": "nothing to check"})
    notes = commit("notes")
    assert "(no files to check)Skipped" in done(notes) + notes.stderr
