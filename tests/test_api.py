"""`import protoflow`: the public names, and what they cost before they are asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

import protoflow

if TYPE_CHECKING:
    from pathlib import Path


def test_every_public_name_is_there() -> None:
    for name in protoflow.__all__:
        assert getattr(protoflow, name) is getattr(protoflow, name)
    assert dir(protoflow) == sorted(protoflow.__all__)
    assert protoflow.load("hello").name == "hello"
    with pytest.raises(AttributeError, match="module 'protoflow' has no attribute 'Curse'"):
        protoflow.Curse  # noqa: B018


def test_the_version_is_said_in_one_place() -> None:
    assert version("protoflow-fl") == protoflow.__version__


def test_importing_it_imports_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, protoflow; print(*(n for n in sys.modules if n.startswith('protoflow')))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "protoflow\n"


def test_type_checkers_see_the_lazy_names(tmp_path: Path) -> None:
    path = tmp_path / "user.py"
    path.write_text("import protoflow\n\nreveal_type(protoflow.load('hello'))\nprotoflow.Curse\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 'Revealed type is "protoflow.protocol.Protocol"' in done.stdout
    assert 'Module has no attribute "Curse"' in done.stdout
