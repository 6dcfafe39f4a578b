"""What `make` says on a machine that lacks something."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder that can be the whole PATH: a shell, a user who is not root, no sudo, an old python3, nothing else."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "bash", "env", "make"):
        (tools / name).symlink_to(str(shutil.which(name)))
    for name, body in (("id", "echo 1000"), ("sudo", "exit 1"), ("apt-get", "exit 1"), ("python3", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    return tools


def test_without_a_python_that_is_new_enough(bare: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    done = subprocess.run(
        [bare / "make", "run"], cwd=tmp_path, env={"PATH": str(bare)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "protoflow needs Python 3.11 or newer, with its venv module; none was found on the PATH." in done.stderr
    assert "make run PYTHON=/path/to/python3" in done.stderr


def test_missing_system_packages_are_named(bare: Path) -> None:
    done = subprocess.run(
        [bare / "bash", ROOT / "tools" / "system_packages.sh"],
        env={"PATH": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "The tests need these packages (named as in Debian), and this script may not install them: "
        "graphviz spin chromium gcc npm neovim\n"
    )
