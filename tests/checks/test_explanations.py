"""Every explanation is true: its example gives exactly the finding it is about, and its fix is clean."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from protoflow.checks import Report, validate
from protoflow.checks.composition import Options
from protoflow.diagnostics import CODES, CONCEPTS
from protoflow.language import read_text
from protoflow.language.keys import ASSUMPTIONS

FOLDER = files("protoflow").joinpath("explanations")
ALL = {path.name.removesuffix(".md"): path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
TEXTS = {name: text for name, text in ALL.items() if name not in CONCEPTS}
SECTIONS = ["Why it matters", "Example", "Fix"]


def block(code: str, section: str) -> str:
    (text,) = re.findall(rf"^## {section}\n+```yaml\n(.*?)^```\n", TEXTS[code], re.DOTALL | re.MULTILINE)
    return text


def report(code: str, section: str) -> Report:
    reading = read_text(block(code, section), f"{code}.yaml")
    return validate(reading, handlers=code.startswith("PF3"), composition=Options(cache=False))


def test_every_code_and_word_is_explained_and_nothing_else() -> None:
    assert set(ALL) == {*CODES, *CONCEPTS}


@pytest.mark.parametrize("word", CONCEPTS)
def test_a_word_is_explained_by_its_name(word: str) -> None:
    assert ALL[word].startswith(f"# {word}: {CONCEPTS[word]}\n\n")
    named = set(re.findall(r"PF\d{3}", ALL[word]))
    assert named <= set(CODES)


def test_the_rows_that_explain_fresh_go_into_a_course() -> None:
    (rows,) = re.findall(r"^```yaml\n(.*?)^```", ALL["fresh"], re.DOTALL | re.MULTILINE)
    indented = "".join(f"      {line}\n" for line in rows.splitlines())
    old = "      - {trigger: update,      source: training, conditions: fresh}\n"
    course = block("PF209", "Fix")
    assert old in course
    assert validate(read_text(course.replace(old, indented), "fresh.yaml")).ok(strict=True)


def test_the_assumptions_that_are_explained_are_those_that_there_are() -> None:
    assert re.findall(r"^\| `(\w+):", ALL["assumptions"], re.MULTILINE) == list(ASSUMPTIONS.keys)


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
