"""The bench of client updates, in its quick form: ours and the plain loop, which need no other environment.

Nothing is timed. What peers would do is not tested here, but that one which does something else is found out is.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from protoflow.learning import training

if TYPE_CHECKING:
    from types import ModuleType

BENCH = Path(__file__).parents[2] / "tools" / "bench"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bench's modules, as they are for its scripts."""
    monkeypatch.syspath_prepend(str(BENCH / "peers"))
    monkeypatch.syspath_prepend(str(BENCH))


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH / "simulation.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_ours_and_the_plain_loop_end_alike() -> None:
    done = bench("--quick", "protoflow")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(
        r"^(plain torch loop|protoflow) +([\d,]+) \(([\d.]+)\) +([\d,]+) \(([\d.]+)\)$", done.stdout, re.M
    )
    assert [row[0] for row in rows] == ["plain torch loop", "protoflow"]
    assert rows[0][2] == rows[0][4] == "1.00"
    assert all(int(row[column].replace(",", "")) > 0 for row in rows for column in (1, 3))
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"Python [\d.]+, torch [\w.+]+, protoflow-fl [\d.]+", last)


@pytest.fixture
def learned(tmp_path: Path) -> Any:
    """Runs the plain loop on a column of the table, with something else where that is wanted; gives the accuracy."""
    import loop_runner
    import simulation
    from task import Clock, accuracy, write_data

    data = str(tmp_path / "data.npz")
    write_data(data, simulation.SMALL.clients, simulation.SMALL.samples, seed=0)

    def learn(column: str, **different: object) -> float:
        task = replace(simulation.COLUMNS[column], data=data, **different)
        with training.single_thread(), training.seeded(task.seed):
            return accuracy(task, loop_runner.run(task, Clock(task)))

    return learn


@pytest.mark.parametrize("column", ["MLP, 10 of 100", "logistic, 10 of 100"])
def test_chance_is_noise_and_another_training_is_not(column: str, learned: Any) -> None:
    import simulation

    accuracy, rate = learned(column), simulation.COLUMNS[column].learning_rate
    assert abs(learned(column, seed=1) - accuracy) < simulation.NOISE
    assert learned(column, batch_size=50) < accuracy - 2 * simulation.NOISE, "one step for five"
    assert learned(column, learning_rate=rate / 2) < accuracy - 2 * simulation.NOISE, "half as far"
    assert learned(column, rounds=16) < accuracy - 2 * simulation.NOISE, "half as long"


def results(simulation: ModuleType, **accuracies: list[float]) -> Any:
    measured = simulation.Measured
    return {"MLP": {name: [measured(0.001, each, {}) for each in several] for name, several in accuracies.items()}}


def test_an_accuracy_beside_that_of_the_loop_is_found() -> None:
    import simulation

    alike = results(simulation, loop=[0.70, 0.71, 0.69], protoflow=[0.50, 0.72, 0.71])
    assert simulation.disagreements(alike) == []
    other = results(simulation, loop=[0.70, 0.71, 0.69], pfl=[0.73, 0.74, 0.75])
    assert simulation.disagreements(other) == [
        "MLP: pfl-research ends with an accuracy of 0.740, the plain loop with 0.700"
    ]


def test_who_fails_is_left_out_of_its_column_and_the_bench_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import simulation

    (tmp_path / "broken.py").write_text("raise SystemExit('nothing works')", encoding="utf-8")
    broken = simulation.Peer("fluke", str(tmp_path / "broken.py"))
    monkeypatch.setitem(simulation.PEERS, "fluke", broken)
    monkeypatch.setattr(simulation, "QUICK", {"MLP": simulation.TINY})
    monkeypatch.setattr(sys, "argv", ["simulation.py", "fluke", "--quick"])
    assert simulation.main() == 1
    output = capsys.readouterr()
    assert "fluke: failed\nnothing works" in output.err
    assert re.search(r"^fluke +failed$", output.out, re.M)


def test_who_cannot_be_installed_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import simulation

    monkeypatch.setitem(simulation.PEERS, "fluke", simulation.Peer("fluke", "fluke_runner.py", ("no such thing",)))
    assert list(simulation.interpreters(["loop", "fluke"], tmp_path)) == ["loop"]
    assert re.search(r"fluke cannot be installed and is left out:\n.*no such thing", capsys.readouterr().out)
    assert not (tmp_path / "fluke" / "installed.txt").exists()


def test_a_peer_that_there_is_not() -> None:
    done = bench("flwr")
    assert done.returncode == 2
    assert "`flwr` is not a peer; there is loop, protoflow, pfl, fluke, fedlab, flower" in done.stderr


def test_the_profile_of_a_round() -> None:
    done = bench("--profile", "--quick")
    assert done.returncode == 0, done.stderr
    groups = dict(
        re.findall(r"^(torch, kernels|torch, Python|engine|learning code|else|all) +[\d,]+ +(\d+)%$", done.stdout, re.M)
    )
    assert len(groups) == 6
    assert sum(int(share) for name, share in groups.items() if name != "all") == pytest.approx(100, abs=3)
    assert "run_backward" in done.stdout.partition("torch, Python")[0]
    assert re.search(r"^  protoflow/runtime/|^  protoflow/engines/", done.stdout, re.M)


def test_a_round_trip_of_nothing() -> None:
    done = bench("--nothing", "--quick")
    assert done.returncode == 0, done.stderr
    trip, update, share = (
        float(each.replace(",", "")) for each in re.findall(r"(?::|is) ([\d.,]+)(?: µs(?:,|$)|%)", done.stdout, re.M)
    )
    assert share == pytest.approx(100 * trip / update, rel=0.02)


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_picture_of_growth(suffix: str, tmp_path: Path) -> None:
    from growth import Point, draw

    points = [Point(10**power, min(1_000, 10**power), 300 + power, 1.0, 0.5) for power in (2, 3, 4)]
    for name in ("one", "same"):
        draw(points, tmp_path / f"{name}{suffix}")
    one = (tmp_path / f"one{suffix}").read_bytes()
    assert one == (tmp_path / f"same{suffix}").read_bytes()
    assert suffix != ".svg" or b"seconds a round of 1,000" in one


def test_more_clients_train_as_many(tmp_path: Path) -> None:
    done = bench("--growth", "--quick", "--plot", tmp_path / "growth.svg")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:-1]]
    assert [row[:2] for row in rows] == [["100", "20"], ["1,000", "20"]]
    assert all(float(row[2]) > 50 for row in rows), "MiB: torch alone is more"
    assert (tmp_path / "growth.svg").stat().st_size > 1_000
