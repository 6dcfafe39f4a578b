from __future__ import annotations

import pytest

from protoflow.language import read_text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("name: x # protoflow: ignore[PF105] on purpose", [(("PF105",), "on purpose", 9)]),
        ("name: x  #protoflow:ignore[PF105,PF101]", [(("PF105", "PF101"), "", 10)]),
        ("# protoflow: ignore[PF105] alone", [(("PF105",), "alone", 1)]),
        ("name: x # protoflow: ignore", [((), "", 9)]),
        ("name: x # protoflow: ignore PF105", [((), "PF105", 9)]),
        ("name: x # protoflow: ignored[PF105]", []),
        ("name: x# protoflow: ignore[PF105]", []),
        ('summary: "x # protoflow: ignore[PF105]"', []),
        ("summary: 'x # protoflow: ignore[PF105]'", []),
        ('summary: "x" # protoflow: ignore[PF105]', [(("PF105",), "", 14)]),
        ("summary: | # protoflow: ignore[PF105] header", [(("PF105",), "header", 12)]),
        ("summary: |\n  # protoflow: ignore[PF105]", []),
        ("summary: >-\n  text\n  # protoflow: ignore[PF105]\n  more", []),
        ("summary: [a, # protoflow: ignore[PF105]\n  b]", [(("PF105",), "", 14)]),
        ('"# protoflow: ignore[PF105]": 1', []),
    ],
)
def test_silences(line: str, expected: list[tuple[tuple[str, ...], str, int]]) -> None:
    found = read_text(f"protoflow: 1\n{line}\n", "f.yaml").silences
    assert [(each.codes, each.reason, each.span.column) for each in found] == expected
    assert all(each.line == each.span.line == 2 for each in found)


def test_the_span_is_the_comment() -> None:
    text = "name: é # protoflow: ignore[PF105] why  \r\n"
    (silence,) = read_text(text, "f.yaml").silences
    assert text[silence.span.column - 1 : silence.span.end_column - 1] == "# protoflow: ignore[PF105] why"
