"""`new`: what it writes is free of errors, typed, tidy and green, whatever it starts from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.authoring.format import format_text
from protoflow.authoring.new import check_name
from protoflow.cli import main
from protoflow.errors import UsageError
from protoflow.language import load, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTS = ["", *sorted(shipped())]


def tool(folder: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a new protocol from each shipped one, and one from nothing."""
    folder = tmp_path_factory.mktemp("new")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for start in STARTS:
            assert main(["new", f"my_{start or 'own'}", *(["--from", start] if start else [])]) == 0
        yield folder


def test_the_tests_that_it_writes_pass(written: Path) -> None:
    tool(written, "pytest", "-q", "-p", "no:cacheprovider", "--strict-config", ".")


def test_the_modules_that_it_writes_are_typed_and_tidy(written: Path) -> None:
    tool(written, "mypy", "--strict", "--config-file=", "--follow-imports=silent", ".")
    tool(written, "ruff", "check", "--isolated", ".")
    tool(written, "ruff", "format", "--isolated", "--check", ".")


@pytest.mark.parametrize("start", STARTS)
def test_the_copy_is_what_it_started_from(start: str, written: Path) -> None:
    path = written / f"my_{start or 'own'}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=protoflow.schema.json\nprotoflow: 1\n")
    assert text.count("yaml-language-server") == 1
    assert format_text(text, path.name) == text
    copy = load(path)
    assert [role.cls for role in copy.roles.values()] == [f"{path.stem}:{role.capitalize()}" for role in copy.roles]
    if start:
        original = load(start)
        assert copy.name == f"my_{start}"
        assert (copy.messages, copy.parameters, copy.summary) == (
            original.messages,
            original.parameters,
            original.summary,
        )
        for name, role in original.roles.items():
            assert copy.roles[name].transitions == role.transitions
        comments = [line for line in shipped()[start].read_text().splitlines()[1:] if line.lstrip().startswith("#")]
        assert all(line in text.splitlines() for line in comments)


def test_the_schema_is_beside_them(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert (written / "protoflow.schema.json").read_text(encoding="utf-8") == capsys.readouterr().out


FORMS = {
    "no classes": """\
protoflow: 1
name: odd
extends: base/ping.yaml
roles:
  relay: {states: {only: {final: true}}, count: 2}
  quiet:
    states: {only: {final: true}}
""",
    "no roles": "protoflow: 1\nname: odd\nextends: [base/ping.yaml]\n",
    "roles in braces": """\
protoflow: 1
name: 'odd'
extends: "base/ping.yaml"
roles: {server: {class: 'elsewhere:Server'}}
""",
}


def test_copies_of_files_that_start_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = (Path(__file__).parents[1] / "language" / "good" / "ping.yaml").read_text(encoding="utf-8")
    (tmp_path / "there" / "base").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "base" / "ping.yaml").write_text(base, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    for form, text in FORMS.items():
        name = form.replace(" ", "_")
        (tmp_path / "there" / "odd.yaml").write_text(text, encoding="utf-8")
        assert main(["new", name, "--from", "../there/odd.yaml"]) == 0
        copy, original = load(f"{name}.yaml"), load("../there/odd.yaml")
        assert "../there/base/ping.yaml" in Path(f"{name}.yaml").read_text(encoding="utf-8")
        assert [role.cls for role in copy.roles.values()] == [f"{name}:{role.capitalize()}" for role in original.roles]
        assert [each.transitions for each in copy.roles.values()] == [
            each.transitions for each in original.roles.values()
        ]
    tool(tmp_path / "here", "pytest", "-q", "-p", "no:cacheprovider", ".")


@pytest.mark.parametrize("name", ["MyCourse", "my-course", "2fast", "class", "", "a/b", "null"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be the name of a protocol: names have lower-case letters"):
        check_name(name)


@pytest.mark.parametrize("name", ["random", "yaml", "protoflow", "pytest"])
def test_names_of_modules_that_are_there(name: str) -> None:
    with pytest.raises(UsageError, match=f"there is a Python module `{name}` already"):
        check_name(name)


def test_names_of_packages_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    check_name("mine")
    Path("mine/__init__.py").touch()
    with pytest.raises(UsageError, match="there is a Python package `mine` in this folder"):
        check_name("mine")


def test_names_of_shipped_protocols() -> None:
    with pytest.raises(UsageError, match="choose another name, and start from it with --from fedavg"):
        check_name("fedavg")
