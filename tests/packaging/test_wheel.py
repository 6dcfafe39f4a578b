"""What is built and installed elsewhere finds its protocols, its explanations and its types."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.name for path in (ROOT / "protocols").glob("*.yaml"))
EXPLAINED = sorted(path.name for path in (ROOT / "protoflow" / "explanations").glob("*.md"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as for an index."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `protoflow` command of a fresh environment that has the wheel, and this one's libraries behind it."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(folder), "install", "--no-deps", "--quiet", str(wheel)],
        check=True,
    )
    import yaml

    (packages / "libraries.pth").write_text(str(Path(yaml.__file__).parents[1]) + "\n", encoding="utf-8")
    return folder / "bin" / "protoflow"


def test_the_wheel_has_everything(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "protoflow/py.typed" in names
    assert {f"protoflow/protocols/{name}" for name in SHIPPED} <= names
    assert {f"protoflow/explanations/{name}" for name in EXPLAINED} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "tools/", "protocols/")) for name in names)


def test_installed_elsewhere_it_finds_its_protocols_by_name(installed: Path, tmp_path: Path) -> None:
    listed = subprocess.run([installed, "list", "--paths"], cwd=tmp_path, check=True, capture_output=True, text=True)
    paths = [Path(line.split()[1]) for line in listed.stdout.splitlines()]
    assert sorted(path.name for path in paths) == SHIPPED
    (packages,) = installed.parents[1].glob("lib/python*/site-packages")
    assert {path.parent for path in paths} == {packages / "protoflow" / "protocols"}
    checked = subprocess.run(
        [installed, "validate", "fedavg", "gradient_exchange", "--strict"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.stdout.count(".yaml: clean") == 2


def test_installed_elsewhere_it_explains(installed: Path, tmp_path: Path) -> None:
    said = subprocess.run([installed, "explain", "PF103"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert said.stdout.startswith("# PF103: ")


def test_installed_elsewhere_it_begins_a_protocol(installed: Path, tmp_path: Path) -> None:
    subprocess.run([installed, "new", "mine"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run([installed, "validate", "mine.yaml", "--handlers"], cwd=tmp_path, check=True, capture_output=True)
