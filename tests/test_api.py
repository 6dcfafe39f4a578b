"""`import protoflow`: the public names, and what they cost before they are asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import protoflow


def test_every_public_name_is_there() -> None:
    for name in protoflow.__all__:
        assert getattr(protoflow, name) is getattr(protoflow, name)
    assert dir(protoflow) == sorted(protoflow.__all__)
    assert protoflow.load("hello").name == "hello"
    with pytest.raises(AttributeError, match="module 'protoflow' has no attribute 'Curse'"):
        protoflow.Curse  # noqa: B018


def test_an_error_leads_with_the_cause_not_with_what_follows_from_it(tmp_path: Path) -> None:
    path = tmp_path / "deaf.yaml"
    path.write_text("".join(line for line in hello().splitlines(True) if "handler: listen" not in line))
    with pytest.raises(protoflow.ProtocolError) as caught:
        protoflow.Course.build(path, {"client": 2}).run()
    assert [found.code for found in caught.value.diagnostics] == ["PF201", "PF108", "PF103"], "in order of place"
    assert str(caught.value).startswith(f"{path}:24:")
    assert str(caught.value).endswith(": PF103 `answer` is sent to `server`, which handles it in no state")


def hello() -> str:
    return (Path(__file__).parents[1] / "protocols" / "hello.yaml").read_text(encoding="utf-8")


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
