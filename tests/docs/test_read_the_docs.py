"""Read the Docs is told to do what `make docs` does."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SETTINGS = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))


def test_its_commands_are_those_of_make_docs() -> None:
    """With nothing made before: neither the environment nor the stamp is there for `make -n`."""
    makefile = f"--file={ROOT / 'Makefile'}"
    command = ["make", "--dry-run", "--always-make", "--no-print-directory", makefile, "docs"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    made = re.findall(r"^\.venv/bin/(.*)$", done.stdout, re.MULTILINE)
    jobs = SETTINGS["build"]["jobs"]
    theirs = [*jobs["install"], *jobs["build"]["html"]]
    assert [each.replace("$READTHEDOCS_OUTPUT/html", "out/docs") for each in theirs] == made


def test_what_it_names_is_there() -> None:
    assert SETTINGS["version"] == 2
    assert (ROOT / SETTINGS["sphinx"]["configuration"]).is_file()
    minimum = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    python = SETTINGS["build"]["tools"]["python"]
    assert tuple(map(int, python.split("."))) >= tuple(map(int, minimum.removeprefix(">=").split(".")))
