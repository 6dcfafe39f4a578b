"""Real runs of shipped protocols that have classes: each is replayed, and a path of the checker, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protoflow import trace
from protoflow.cli import main
from protoflow.language import read
from protoflow.program import compile_protocol
from protoflow.trace import Header, Step, StepKind
from tests.composition import paths
from tests.protocols.test_shipped import HAVE_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

SLOW = ["--latency", "10ms..2s", "--compute", "client=100ms..3s"]
CRASH = ["--crash", "client:3@time=4s"]
RUNS = {
    "hello": SLOW,
    "fedavg": [*SLOW, "--set", "rounds=2", "--set", "local_epochs=1"],
    "fedprox": [*SLOW, "--set", "rounds=2", "--set", "local_epochs=1"],
    "gradient_exchange": [*SLOW, "--set", "rounds=2"],
    "fedavg_deadline": [*SLOW, *CRASH, "--set", "rounds=2", "--set", "local_epochs=1", "--set", "patience=3s"],
    "fedbuff": [*SLOW, *CRASH, "--set", "rounds=3", "--set", "local_epochs=1"],
    "secure_aggregation": [*SLOW, *CRASH],
    "secure_averaging": [*SLOW, *CRASH, "--set", "rounds=2", "--set", "local_epochs=1", "--set", "patience=3s"],
}
"""What the file's assumptions allow: no message gets lost in any of them, and in four of them a client may crash."""


def test_what_is_run_has_classes() -> None:
    assert set(RUNS) <= HAVE_CLASSES


@pytest.mark.parametrize("name", RUNS)
def test_a_real_run_is_replayed_and_is_a_path_of_the_checker(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.jsonl"
    assert main(["run", name, "--clients", "4", *RUNS[name], "--trace", str(path)]) == 0
    with path.open(encoding="utf-8") as stream:
        records = list(trace.read(stream))
    steps = [record for record in records if isinstance(record, Step)]
    assert any(step.kind is StepKind.CRASH for step in steps) is ("--crash" in RUNS[name])

    capsys.readouterr()
    assert main(["run", name, "--replay", str(path)]) == 0
    assert capsys.readouterr().out.endswith("\nthe same end as that of the run\n")

    header = records[0]
    assert isinstance(header, Header)
    reading = read(name, dict(header.parameters))
    assert reading.protocol is not None
    paths.follow(compile_protocol(reading.protocol, reading.parameters), records)
