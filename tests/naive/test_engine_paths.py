"""Every run of the engine is a path of the semantics and of the checker, whatever handlers, latencies and faults do.

The trace of a random course is followed step by step with the naive explorer's steps, and with the checker's, budgets
unlimited.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow import trace
from protoflow.language import read
from tests.composition import paths
from tests.naive.paths import NotAPathError, follow
from tests.naive.random_courses import play, run

if TYPE_CHECKING:
    from pathlib import Path


@settings(max_examples=300, deadline=None, derandomize=True)
@given(seed=st.integers(min_value=0, max_value=10**6))
def test_every_run_is_a_path(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    program, records = run(seed, tmp_path_factory.mktemp("run") / "trace.jsonl")
    follow(program, records)
    paths.follow(program, records)


def test_a_step_left_out_is_found(tmp_path: Path) -> None:
    """In `hello` every step is needed by a later one, or by the end: the test above can fail."""
    protocol = read("hello").protocol
    assert protocol is not None
    program, records = play(random.Random(0), protocol, {"server": 1, "client": 2}, tmp_path / "trace", faults=False)
    course, configs = follow(program, records)
    assert any(course.complete(config) for config in configs)
    steps = {place: record for place, record in enumerate(records) if isinstance(record, trace.Step)}
    assert len(steps) == 6  # the server's start, 2 greetings, 2 answers, all_answered
    for place in steps:
        with pytest.raises(NotAPathError):
            follow(program, records[:place] + records[place + 1 :])
        with pytest.raises(NotAPathError):
            paths.follow(program, records[:place] + records[place + 1 :])
