"""Ids of a great many participants: a sequence like a tuple of them, of which none is made before it is asked for."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protoflow.ids import Group, Ids, Lookup

COUNTS = st.lists(st.integers(0, 12), max_size=4)


def groups(counts: list[int]) -> list[Group]:
    """Roles `a`, `b` ..., the second with exactly one participant, called by its role's name."""
    made, first = [], 0
    for place, count in enumerate(counts):
        number = min(count, 1) if place == 1 else count
        made.append(Group("abcd"[place], number, first, numbered=place != 1))
        first += number
    return made


@given(COUNTS, st.data())
def test_they_are_a_sequence_like_the_tuple_of_them(counts: list[int], data: st.DataObject) -> None:
    everybody = tuple(group.name(place) for group in groups(counts) for place in range(group.count))
    without = data.draw(st.lists(st.sampled_from(everybody), unique=True)) if everybody else []
    ids, listed = Ids(groups(counts), [*without, "nobody7"]), tuple(who for who in everybody if who not in without)
    assert tuple(ids) == ids.listed == listed
    assert ids == listed
    assert listed == ids
    assert (len(ids), bool(ids)) == (len(listed), bool(listed))
    assert [ids[place] for place in range(-len(listed), len(listed))] == [*listed, *listed]
    assert [ids.index(who) for who in listed] == list(range(len(listed)))
    assert all((who in ids) is (who in listed) for who in (*everybody, "nobody7", 7, None))
    bounds = st.integers(-15, 15) | st.none()
    cut = slice(data.draw(bounds), data.draw(bounds), data.draw(st.sampled_from([None, 1, 2, -1, -3])))
    assert ids[cut] == listed[cut]
    assert (ids == (*listed, "more")) is False
    assert (ids == listed[:-1]) is (not listed)
    for place in (len(listed), -len(listed) - 1):
        with pytest.raises(IndexError):
            ids[place]
    for who in (*without, "nobody7"):
        with pytest.raises(ValueError, match="is not one of these ids"):
            ids.index(who)


def test_what_is_no_id() -> None:
    ids = Ids([Group("client", 12, 0, numbered=True), Group("server", 1, 12, numbered=False)])
    assert all(who in ids for who in ("client1", "client12", "server"))
    strange = ["client0", "client01", "client13", "client", "client-1", "client 1", "client1 ", "client1.0", "client+1"]
    strange += ["client\u0661", "client\u00b2", "clientele", "server1", "servers", "serv", "", "client" + "9" * 5000]
    assert not [who for who in strange if who in ids]


def test_a_cohort_of_a_million_makes_only_its_own() -> None:
    made: list[str] = []

    class Counting(Group):
        def name(self, place: int) -> str:
            made.append(super().name(place))
            return made[-1]

    ids = Ids([Counting("device", 10**6, 0, numbered=True)], without=["device17"])
    cohort = random.Random(0).sample(ids, 1000)
    assert len(set(cohort)) == len(made) == 1000
    assert all(who in ids for who in cohort)
    assert ids.index("device1000000") == 999_998
    assert len(made) == 1000


def test_what_belongs_to_an_id_is_made_once() -> None:
    made: list[str] = []

    def make(who: str) -> str:
        if who not in ("a1", "a2"):
            raise KeyError(who)
        made.append(who)
        return who.upper()

    found = Lookup(make)
    assert (found["a2"], found["a2"], found["a1"]) == ("A2", "A2", "A1")
    assert made == ["a2", "a1"]
    assert dict(found) == {"a2": "A2", "a1": "A1"}
    with pytest.raises(KeyError):
        found["a3"]
