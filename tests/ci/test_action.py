"""The shell steps of action.yml, run as a runner of GitHub Actions runs them."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from junitparser import JUnitXml

from tests.ci.support import CONFIGURED, MISTAKEN, ROOT, project, run

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INPUT = re.compile(r"\$\{\{ inputs\.(\w+) \}\}")


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder for temporary files, with protoflow installed there by the first step."""
    folder = tmp_path_factory.mktemp("runner")
    installed = step("Install protoflow", folder, folder, {"python": sys.executable})
    assert installed.returncode == 0, installed.stderr
    return folder


def step(name: str, where: Path, temp: Path, inputs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One step, with these inputs and the other ones' defaults, in that folder."""
    (found,) = [each for each in ACTION["runs"]["steps"] if each["name"] == name]
    values = {name: declared["default"] for name, declared in ACTION["inputs"].items()} | inputs
    assert found["shell"] == "bash"
    assert "${{" not in found["run"], "what an input says must not become part of a script"
    given = {key: INPUT.sub(lambda match: values[match[1]], value) for key, value in found["env"].items()}
    places = {"RUNNER_TEMP": str(temp), "GITHUB_ACTION_PATH": str(ROOT)}
    return run(where, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"], **given, **places)


def test_every_input_is_used_and_every_step_is_run_here() -> None:
    used: set[str] = set()
    for each in ACTION["runs"]["steps"]:
        for value in each["env"].values():
            used |= set(INPUT.findall(value))
    assert used == set(ACTION["inputs"])
    assert [each["name"] for each in ACTION["runs"]["steps"]] == ["Install protoflow", "Validate", "Pictures"]


def test_a_clean_project(runner: Path, tmp_path: Path) -> None:
    project(tmp_path, CONFIGURED)
    ended = step("Validate", tmp_path, runner, {})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("protocols/mine.yaml: clean; proved for every N ≥ 1")
    assert results(tmp_path / "protoflow.sarif") == []


def test_a_project_with_a_mistake(runner: Path, tmp_path: Path) -> None:
    project(tmp_path, {**CONFIGURED, **MISTAKEN})
    ended = step(
        "Validate", tmp_path, runner, {"paths": "protocols hello", "args": "--strict -j 2", "junit": "out.xml"}
    )
    assert ended.returncode == 1
    assert ended.stderr == "1 of these can be mended for certain: --fix does it, --diff shows it\n"
    assert ended.stdout.startswith(
        "::error file=protocols/mine.yaml,line=25,endLine=25,col=80,endColumn=86,title=PF003"
    )
    assert [each["ruleId"] for each in results(tmp_path / "protoflow.sarif")] == ["PF003"]
    assert JUnitXml.fromfile(str(tmp_path / "out.xml")).failures == 1


def test_pictures_that_are_not_fresh(runner: Path, tmp_path: Path) -> None:
    """They need no Graphviz there: what is drawn bears a stamp."""
    project(tmp_path, CONFIGURED)
    protoflow = [sys.executable, "-m", "protoflow"]
    drawn = run(tmp_path, *protoflow, "diagram", "-o", "pictures", PYTHONPATH=str(ROOT))
    assert drawn.returncode == 0, drawn.stderr
    ended = step("Pictures", tmp_path, runner, {"pictures": "pictures"})
    assert (ended.returncode, ended.stdout) == (0, "2 pictures are fresh\n")
    project(tmp_path, {"protocols/mine.yaml": CONFIGURED["protocols/mine.yaml"].replace("greeting", "greetings")})
    ended = step("Pictures", tmp_path, runner, {"pictures": "pictures"})
    assert ended.returncode == 1
    assert "protoflow diagram" in ended.stdout


def test_what_an_input_says_is_not_run(runner: Path, tmp_path: Path) -> None:
    project(tmp_path, CONFIGURED)
    ended = step("Validate", tmp_path, runner, {"paths": "$(touch a) `touch b`; touch c", "args": "x & touch d"})
    assert ended.returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["protocols", "pyproject.toml"]


def results(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["runs"][0]["results"]
    return found
