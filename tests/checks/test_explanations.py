"""Every explanation is true: its example gives exactly the finding it is about, and its fix is clean."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from protoflow.checks import Report, validate
from protoflow.checks.composition import Options
from protoflow.diagnostics import CODES
from protoflow.language import read_text

FOLDER = files("protoflow").joinpath("explanations")
TEXTS = {path.name.removesuffix(".md"): path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
SECTIONS = ["Why it matters", "Example", "Fix"]


def block(code: str, section: str) -> str:
    (text,) = re.findall(rf"^## {section}\n+```yaml\n(.*?)^```\n", TEXTS[code], re.DOTALL | re.MULTILINE)
    return text


def report(code: str, section: str) -> Report:
    reading = read_text(block(code, section), f"{code}.yaml")
    return validate(reading, handlers=code.startswith("PF3"), composition=Options(cache=False))


def test_every_code_is_explained_and_nothing_else() -> None:
    assert set(TEXTS) == set(CODES)


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_the_text_has_its_parts(code: str) -> None:
    text = TEXTS[code]
    assert text.startswith(f"# {code}: {CODES[code].title}\n\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_the_example_gives_exactly_this_finding(code: str) -> None:
    shown = [found.code for found in report(code, "Example").diagnostics if found.implied_by is None]
    assert shown == [code]


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_the_fix_is_clean(code: str) -> None:
    assert [(found.code, found.message) for found in report(code, "Fix").diagnostics] == []
