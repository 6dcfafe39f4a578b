"""`format`: one form, and nothing of a file is lost on the way there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protoflow.authoring.format import format_text
from protoflow.errors import ProtocolError, UsageError
from protoflow.language import read_text, shipped
from tests.strategies import protocols, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from protoflow.protocol import Protocol

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "format"
SLOW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
FILES = sorted(
    path for path in (ROOT / "tests").rglob("*.yaml") if "node_modules" not in path.parts and path.stat().st_size < 9999
)


@pytest.mark.parametrize("path", shipped().values(), ids=shipped())
def test_shipped_protocols_are_in_the_one_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_text(text, path.name) == text


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.in.yaml")), ids=lambda path: path.name.split(".")[0])
def test_what_becomes_of(path: Path, golden: Callable[[Path, str], None]) -> None:
    formatted = format_text(path.read_text(encoding="utf-8"), path.name)
    golden(path.with_name(path.name.replace(".in.", ".out.")), formatted)
    assert format_text(formatted, path.name) == formatted


def comments(text: str) -> list[str]:
    """The comments that `marked` puts into a text: they can be told by their words, wherever they stand."""
    return sorted(re.findall(r"#~ \w+", text))


def marked(text: str, random: Random) -> str:
    """The text with comments and empty lines of every kind, in places where they may stand."""
    lines: list[str] = []
    number = 0
    for line in text.split("\n"):
        while random.random() < 0.15:
            number += 1
            indent = " " * random.choice([0, 2, 4, 7, len(line) - len(line.lstrip())])
            lines.append(random.choice(["", "", " ", f"{indent}#~ c{number}"]))
        if line and random.random() < 0.15:
            number += 1
            line += f"{random.choice([' ', '  ', '     '])}#~ c{number}"
        lines.append(line)
    return "\n".join(lines)


@SLOW
@given(protocol=protocols(), random=st.randoms(use_true_random=True))
def test_meaning_and_comments_are_kept_and_once_is_enough(protocol: Protocol, random: Random) -> None:
    text = marked(write(protocol, random), random)
    formatted = format_text(text, "written.yaml")
    read = read_text(formatted, "written.yaml").protocol
    assert read is not None
    assert read == protocol
    assert read.digest == protocol.digest  # which has the order of all that is declared
    assert comments(formatted) == comments(text)
    assert format_text(formatted, "written.yaml") == formatted
    assert all(line == line.rstrip() for line in formatted.split("\n"))
    assert "\n\n\n" not in formatted


@SLOW
@given(protocol=protocols(), random=st.randoms(use_true_random=True))
def test_the_form_does_not_depend_on_how_it_was_written_before(protocol: Protocol, random: Random) -> None:
    """Spaces at the ends of lines and before them, empty lines, and the kind of line ends leave no trace."""
    text = write(protocol, random)
    formatted = format_text(text, "written.yaml")
    deeper = re.sub(r"^(?=.)", "   ", text, flags=re.MULTILINE)
    assert format_text(f"\n\n{deeper}\n\n\n".replace("\n", "  \n"), "written.yaml") == formatted
    assert format_text(text.replace("\n", "\r\n"), "written.yaml") == formatted.replace("\n", "\r\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_of_the_tests_is_kept_or_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right or wrong: what is found in it, apart from places, is the same before and after."""
    monkeypatch.chdir(path.parent)
    try:
        text = path.read_bytes().decode()
        formatted = format_text(text, path.name)
    except (UnicodeDecodeError, ProtocolError, UsageError):
        return
    before, after = read_text(text, path.name), read_text(formatted, path.name)
    assert before.protocol == after.protocol
    assert sorted((f.code, f.message) for f in before.diagnostics) == sorted(
        (f.code, f.message) for f in after.diagnostics
    )
    assert format_text(formatted, path.name) == formatted
