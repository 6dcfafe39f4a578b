"""Scratch projects, and a copy of this repository that other tools can install from."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.support import BROKEN, CLEAN

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
INSTALLED = ("protoflow", "protocols", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
GIT = {
    "GIT_AUTHOR_NAME": "tests",
    "GIT_AUTHOR_EMAIL": "tests@example.org",
    "GIT_COMMITTER_NAME": "tests",
    "GIT_COMMITTER_EMAIL": "tests@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
OURS = ("GIT_", "PROTOFLOW_", "PYTHONPATH")
"""Variables of the tests' own surroundings."""


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return subprocess.run(
        command, cwd=folder, env={**env, **GIT, **environment}, capture_output=True, text=True, check=False
    )


def done(process: subprocess.CompletedProcess[str]) -> str:
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def copy_of_this_repository(folder: Path) -> str:
    """What is here now, as the one commit of a repository in that folder; the commit's name."""
    folder.mkdir()
    for name in INSTALLED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    done(run(folder, "git", "init", "--quiet"))
    done(run(folder, "git", "add", "--all"))
    done(run(folder, "git", "commit", "--quiet", "--message", "now"))
    return done(run(folder, "git", "rev-parse", "HEAD")).strip()


def project(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


CONFIGURED = {"pyproject.toml": '[tool.protoflow]\npaths = ["protocols"]\n', "protocols/mine.yaml": CLEAN}
MISTAKEN = {"protocols/mine.yaml": BROKEN}
