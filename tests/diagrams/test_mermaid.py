"""Generated Mermaid goes through the real parser (npm package `mermaid`)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import protoflow
from protoflow.diagrams.mermaid import escaped
from protoflow.language import shipped
from tests.diagrams.support import KINDS, SOURCES, load, mermaid_problems, words_of_mermaid


def test_every_diagram_parses() -> None:
    cases = [(name, kind) for name in SOURCES for kind in KINDS]
    texts = [protoflow.diagram(load(name), kind).mermaid for name, kind in cases]
    problems = dict(zip(cases, mermaid_problems(texts), strict=True))
    assert {case: said for case, said in problems.items() if said} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_every_course_of_the_field_parses(kind: str) -> None:
    courses = [*shipped().values(), *sorted((Path(__file__).parents[1] / "courses").rglob("*.yaml"))]
    problems = mermaid_problems([protoflow.diagram(protoflow.load(path), kind).mermaid for path in courses])
    assert len(courses) > 50
    assert {path.stem: said for path, said in zip(courses, problems, strict=True) if said} == {}


def test_the_parser_does_refuse() -> None:
    assert all(
        mermaid_problems(["flowchart TB\n  a --> end\n", 'flowchart TB\n  a["x"y"]\n', "sequenceDiagram\n  a->>b\n"])
    )


def test_any_text_may_stand_in_a_label_or_a_message() -> None:
    awkward = ["end", "1. one", "- one", "* one", "x --> y", "%% c", "a;b#c", '"', "#35;", "`x`", "note over p0: x"]
    chance = random.Random(1)
    characters = (
        "".join(map(chr, range(32, 127))) * 3 + "éß中𝔘∑→…¹²½٣\u0301\ufeff" + "".join(map(chr, range(0xA1, 0x180)))
    )
    samples = awkward + ["".join(chance.choices(characters, k=chance.randint(1, 30))) for _ in range(400)]
    texts = [escaped(sample) for sample in samples]
    assert [words_of_mermaid(text) for text in texts] == samples
    flow = "".join(f'  s{i}["{text}"] -->|"{text}"| t{i}\n' for i, text in enumerate(texts))
    sequence = "".join(f"  p0->>p1: {text}.\n  Note over p0: {text}.\n" for text in texts)
    assert mermaid_problems([f"flowchart TB\n{flow}", f"sequenceDiagram\n{sequence}"]) == ["", ""]
