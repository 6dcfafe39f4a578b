from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protoflow.language import scalars


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("12:30:45", "12:30:45"),
        ("2026-01-01", "2026-01-01"),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5e3", -1500.0),
        ("1e-05", 1e-05),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("nan", "nan"),
        ("1..", "1.."),
        ("30s", "30s"),
        ("80%", "80%"),
        ("-", "-"),
        ("1" * 30, "1" * 30),
        ("١٢", "١٢"),
    ],
)
def test_decode(text: str, value: object) -> None:
    decoded = scalars.decode(text)
    assert decoded == value
    assert type(decoded) is type(value)


@given(st.integers(-(10**20), 10**20))
def test_whole_numbers_come_back(number: int) -> None:
    assert scalars.decode(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back(number: float) -> None:
    assert scalars.decode(repr(number)) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [("30s", 30.0), ("1.5h", 5400.0), ("250ms", 0.25), ("2m", 120.0), ("0s", 0.0)]
    + [(bad, None) for bad in ("30", "s", "30 s", "-1s", "30sec", "1e3s", "٣s", "30s\n", "9" * 40 + "s")],
)
def test_duration(text: str, value: float | None) -> None:
    assert scalars.duration(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(30, "30s"), (1.5, "1.5s"), ("30sec", "30s"), ("5 Minutes", "5m"), ("200msec", "200ms"), ("1.5 hrs", "1.5h")]
    + [(bad, None) for bad in (True, -1, "30", "sec", "3 0s", "30 days", "30  s", "1e3s", "9" * 40 + "sec", None)],
)
def test_how_a_time_was_meant(value: object, text: str | None) -> None:
    assert scalars.as_duration(value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("80%", Fraction(4, 5)), ("12.5%", Fraction(1, 8)), ("33.3%", Fraction(333, 1000)), ("120%", Fraction(6, 5))]
    + [(bad, None) for bad in ("0.8", "%", "80 %", "-1%", "1e1%")],
)
def test_share(text: str, value: Fraction | None) -> None:
    assert scalars.share(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("2..", (2, None)), ("1..8", (1, 8)), ("0..", (0, None)), ("8..1", (8, 1))]
    + [(bad, None) for bad in ("..8", "1...8", "1-8", "a..b", "1..n", "..")],
)
def test_count_range(text: str, value: tuple[int, int | None] | None) -> None:
    assert scalars.count_range(text) == value


@pytest.mark.parametrize(
    ("text", "good"),
    [("a", True), ("all_joined2", True), ("on", True), ("true", False), ("null", False), ("", False)]
    + [(bad, False) for bad in ("Join", "_a", "2a", "a-b", "a b", "é", "a\n")],
)
def test_is_name(text: str, good: bool) -> None:
    assert scalars.is_name(text) is good
