"""Counting in {0, .., k, many}: every concrete way is covered, and nothing that cannot be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protoflow.checks.composition.domain import MANY, Abstract, Exact

NUMBERS = st.integers(min_value=1, max_value=12)
LEVELS = st.integers(min_value=0, max_value=4)


@given(LEVELS, NUMBERS)
def test_taking_one_away(k: int, number: int) -> None:
    domain = Abstract(k)
    assert domain.close(number - 1) in domain.rest(domain.close(number))


@given(LEVELS, NUMBERS, NUMBERS)
def test_adding(k: int, left: int, right: int) -> None:
    domain = Abstract(k)
    assert domain.add(domain.close(left), domain.close(right)) == domain.close(left + right)


@given(LEVELS, NUMBERS, st.data())
def test_splitting(k: int, number: int, data: st.DataObject) -> None:
    domain = Abstract(k)
    part = data.draw(st.integers(min_value=0, max_value=number))
    assert (domain.close(part), domain.close(number - part)) in domain.splits(domain.close(number))


@given(LEVELS, NUMBERS)
def test_bounds(k: int, number: int) -> None:
    domain = Abstract(k)
    count = domain.close(number)
    assert domain.low(count) <= number <= domain.high(count)
    assert domain.low(count) == number or count == MANY


def test_none_and_some() -> None:
    domain = Abstract(0)
    assert domain.rest(MANY) == (MANY, 0)
    assert domain.splits(MANY) == ((0, MANY), (MANY, 0), (MANY, MANY))


def test_exact_counts_are_numbers() -> None:
    assert Exact().rest(3) == (2,)
    assert Exact().splits(2) == ((0, 2), (1, 1), (2, 0))
