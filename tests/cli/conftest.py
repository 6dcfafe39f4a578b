"""Fixtures of the command line's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import BROKEN, CLEAN, WARNED


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a protocol that is clean, one with a warning, one with an error, and other YAML.

    What is in a hidden folder, or in one of installed packages, does not count.
    """
    monkeypatch.chdir(tmp_path)
    Path("b").mkdir()
    for name in (".hidden", "venv/lib", "node_modules"):
        Path(name).mkdir(parents=True)
    Path("venv/pyvenv.cfg").touch()
    for name, text in (
        ("a.yaml", CLEAN),
        ("b/warned.yaml", WARNED),
        ("c.yml", BROKEN),
        ("other.yaml", "# protoflow: 1\nserver: {protoflow: 1}\n"),
        (".hidden/d.yaml", BROKEN),
        ("venv/lib/e.yaml", BROKEN),
        ("node_modules/f.yaml", BROKEN),
    ):
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path
