"""A corpus of bad files, a distinct mistake each: what people see is what stands in the .txt beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.checks import validate
from protoflow.language import read
from protoflow.reports.text import render

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))

SEVERAL = {"several_mistakes.yaml": 4, "words_of_other_notations.yaml": 3, "remove_unknown.yaml": 3}
"""Files in which more than one thing is wrong. In all others, one cause must give one finding."""


def test_the_corpus_is_large() -> None:
    assert len(FILES) >= 150


@pytest.mark.parametrize("name", FILES)
def test_bad_file(name: str, monkeypatch: pytest.MonkeyPatch, golden: Callable[[Path, str], None]) -> None:
    monkeypatch.chdir(FOLDER)
    reading = read(name)
    assert reading.protocol is None
    assert len(reading.diagnostics) == SEVERAL.get(name, 1)
    for found in reading.diagnostics:
        assert found.code in ("PF001", "PF002", "PF003", "PF004", "PF005", "PF006")
        assert found.span.file in reading.sources
    report = render(validate(reading))
    golden(FOLDER / name.replace(".yaml", ".txt"), report)
