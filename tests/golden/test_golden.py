"""Each finding as people see it: `CODE[-variant].yaml` gives exactly `.txt`; `CODE[-variant].fixed.yaml` is clean.

Findings of structure and of Python are shown without the composition check, which may find the same mistake another
way; what is fixed is clean in every way. `pytest --update-golden` writes the texts anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.checks import validate
from protoflow.checks.composition import Options
from protoflow.reports import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.checks import Report

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("PF*.yaml") if not path.stem.endswith(".fixed"))
OTHERWISE = {"PF107": ["PF201"], "PF107-times": ["PF201"]}
"""What the composition check makes of it: an error with a run that shows it, instead of the warning."""


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Report]:
    monkeypatch.chdir(FOLDER)
    monkeypatch.syspath_prepend(FOLDER)
    return lambda file, composition: validate(
        file, handlers=file.startswith("PF3"), composition=Options(cache=False) if composition else False
    )


def shown(report: Report) -> list[str]:
    return sorted({found.code for found in report.diagnostics if found.implied_by is None})


@pytest.mark.parametrize("name", NAMES)
def test_the_finding_reads_so(name: str, check: Callable[..., Report], golden: Callable[[Path, str], None]) -> None:
    found = check(f"{name}.yaml", composition=name.startswith("PF2"))
    assert shown(found) == [name.partition("-")[0]]
    golden(FOLDER / f"{name}.txt", text.render(found))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_only_one(name: str, check: Callable[..., Report]) -> None:
    """One mistake, one finding, whatever else is looked for."""
    assert shown(check(f"{name}.yaml", composition=True)) == OTHERWISE.get(name, [name.partition("-")[0]])


@pytest.mark.parametrize("name", NAMES)
def test_the_fixed_file_is_clean(name: str, check: Callable[..., Report]) -> None:
    found = check(f"{name}.fixed.yaml", composition=True)
    assert [(each.code, each.message) for each in found.diagnostics] == []
