"""Codes that count and codes that do not."""

from __future__ import annotations

import pytest

from protoflow.checks import validate
from protoflow.checks.composition import Options
from protoflow.checks.selection import Selection
from protoflow.diagnostics import CODES
from protoflow.errors import UsageError
from protoflow.language import read_text
from protoflow.reports.text import summary
from tests.checks.test_mistakes import MISTAKES
from tests.composition.broken_deadline import BROKEN


def test_all_codes_count_unless_said_otherwise() -> None:
    assert all(code in Selection.of() for code in CODES)


def test_beginnings_stand_for_all_codes_that_begin_so() -> None:
    some = Selection.of(select=["PF1", "PF205"], ignore=["PF10", "PF111"])
    assert [code for code in CODES if code in some and not code.startswith("PF0")] == ["PF110", "PF205"]


def test_errors_of_the_file_always_count() -> None:
    assert [code for code in CODES if code in Selection.of(select=["PF3"])] == [
        *(code for code in CODES if code.startswith("PF0") and code != "PF008"),
        "PF301",
        "PF302",
    ]


@pytest.mark.parametrize("code", ["PF001", "PF0", "PF"])
def test_errors_of_the_file_cannot_be_left_out(code: str) -> None:
    with pytest.raises(UsageError, match=f"`{code}` cannot be left out: what cannot be read cannot be checked"):
        Selection.of(ignore=[code])


@pytest.mark.parametrize("code", ["PF9", "E501", "", "P"])
def test_what_begins_no_code(code: str) -> None:
    with pytest.raises(UsageError, match=f"`{code}` is not a code of findings, nor the beginning of one"):
        Selection.of(select=[code])


def test_what_is_left_out_is_counted_and_does_not_fail() -> None:
    reading = read_text(BROKEN["no_ignore"], "mine.yaml")
    whole = validate(reading, composition=Options(seconds=60))
    assert {each.code for each in whole.diagnostics} == {"PF205"}
    rest = validate(reading, composition=Options(seconds=60), ignore=["PF205"])
    assert rest.ok(strict=True)
    assert rest.left_out == len(whole.diagnostics)
    verdict = rest.verdict and rest.verdict.line
    assert summary(rest).startswith(f"mine.yaml: clean, {rest.left_out} left out; {verdict}, assuming ")


def test_what_a_finding_explains_that_is_left_out_stands_for_itself() -> None:
    reading = read_text(MISTAKES["row-deleted-client"], "mine.yaml")
    whole = validate(reading, composition=Options(seconds=60))
    explained = [each.code for each in whole.diagnostics if each.implied_by == "PF103"]
    assert "PF201" in explained
    rest = validate(reading, composition=Options(seconds=60), ignore=["PF103"])
    assert "PF103" not in {each.code for each in rest.diagnostics}
    assert not rest.ok()
    assert "PF201" in {each.code for each in rest.shown}
