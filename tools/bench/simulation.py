"""What a client's update costs in federated averaging: here, in a plain loop over torch, in frameworks for simulation.

    python tools/bench/simulation.py [PEER ...] [--repetitions 5] [--quick]     times beside peers
    python tools/bench/simulation.py --growth [--plot docs/growth.svg]          memory and time with ever more clients
    python tools/bench/simulation.py --profile                                  where the time of a round of ours goes
    python tools/bench/simulation.py --nothing                                  a round trip whose handlers do nothing

All peers train the same models, from the same first weights, on the same data (784 features, 10 classes, made up: see
peers/task.py), in as many rounds of as many clients, 50 samples a client, one epoch of 5 steps of SGD. In the last
column they train for no epoch, so that what is left is the framework: weights go out, are loaded, read, come back and
are averaged. Nobody evaluates. Each draws its own cohorts and orders, by which final accuracies differ; if by more than
`NOISE`, the comparison fails.

Each peer has an environment of its own, made on the first run and kept, and is called the quick way that its documents
have: see peers/*_runner.py. Every measurement is a process of its own with one thread (Flower: two actors with one
thread each). The peers take turns, so that a busy moment hits all alike; medians are shown.

Needs torch. Exit code 1 where a peer fails, or accuracies do not agree; a peer that cannot be installed is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

RUNNERS = Path(__file__).parent / "peers"
sys.path.append(str(RUNNERS))

import growth  # noqa: E402
import nothing  # noqa: E402
import round_profile  # noqa: E402
from environments import NotInstalledError, python_of  # noqa: E402
from task import Measured, Task, write_data  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
NOISE = 0.03
"""How far a final accuracy, the median of the repetitions, may be from that of the plain loop."""
SECONDS = 900
"""For one measurement."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
SILENT = {"FLWR_TELEMETRY_ENABLED": "0", "RAY_USAGE_STATS_ENABLED": "0"}


@dataclass(frozen=True)
class Peer:
    """`requirements` are what its environment has; without any, it is run by the Python that runs this."""

    title: str
    runner: str
    requirements: tuple[str, ...] = ()


BASELINE = "loop"
PEERS = {
    BASELINE: Peer("plain torch loop", "loop_runner.py"),
    "protoflow": Peer("protoflow", "protoflow_runner.py"),
    "pfl": Peer("pfl-research", "pfl_runner.py", ("pfl==0.6.0",)),
    "fluke": Peer("fluke", "fluke_runner.py", ("fluke-fl==0.8.1",)),
    "fedlab": Peer("fedlab", "fedlab_runner.py", ("fedlab==1.3.0",)),
    "flower": Peer("Flower simulation", "flower_runner.py", ("flwr[simulation]==1.42.0",)),
}

SMALL = Task("mlp", 100, 10, samples=50, epochs=1, batch_size=10, learning_rate=0.1, rounds=32, seed=0, data="")
LARGE = replace(SMALL, clients=1000, cohort=100, rounds=12)
TINY = replace(SMALL, clients=20, cohort=5, rounds=4)
LOGISTIC: dict[str, Any] = {"model": "logistic", "learning_rate": 0.02}
COLUMNS = {
    "MLP, 10 of 100": SMALL,
    "logistic, 10 of 100": replace(SMALL, **LOGISTIC),
    "MLP, 100 of 1000": LARGE,
    "logistic, 100 of 1000": replace(LARGE, **LOGISTIC),
    "no training, 10 of 100": replace(SMALL, epochs=0),
}
"""The models: 784-64-10 with rectified units, and 784-10. Without training it is the MLP that goes round."""
QUICK = {"MLP, 5 of 20": TINY, "no training, 5 of 20": replace(TINY, epochs=0)}

Results = dict[str, dict[str, list[Measured]]]
"""Column -> peer -> its measurements."""


# --- measuring -----------------------------------------------------------------------------------------------------


def interpreters(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """Peer -> the Python that runs it, of those that can be installed."""
    found = {}
    for name in names:
        found[name] = Path(sys.executable)
        if requirements := PEERS[name].requirements:
            print(f"{name}: {', '.join(requirements)} in {folder / name}", file=sys.stderr, flush=True)
            try:
                found[name] = python_of(folder / name, requirements)
            except NotInstalledError as error:
                del found[name]
                print(f"{PEERS[name].title} cannot be installed and is left out:\n{error}\n", flush=True)
    return found


def measured(name: str, python: Path, task: Task, folder: Path) -> Measured | None:
    """One measurement; None, and why on stderr, where the peer fails."""
    environment = os.environ | ONE_THREAD | SILENT | {"FLWR_HOME": str(folder / "flower")}
    if PEERS[name].requirements:
        environment.pop("PYTHONPATH", None)
    command = [str(python), str(RUNNERS / PEERS[name].runner), json.dumps(asdict(task))]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=folder, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"{name}: not done after {SECONDS} s", file=sys.stderr)
        return None
    if done.returncode:
        print(f"{name}: failed\n" + "\n".join(done.stderr.splitlines()[-20:]), file=sys.stderr)
        return None
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def measure(pythons: Mapping[str, Path], columns: Mapping[str, Task], repetitions: int) -> Results:
    """All peers, all columns, the peers taking turns. Who fails twice running is not asked for that column again."""
    results: Results = {column: {name: [] for name in pythons} for column in columns}
    with TemporaryDirectory() as scratch:
        for clients in {task.clients for task in columns.values()}:
            write_data(str(Path(scratch) / f"{clients}.npz"), clients, SMALL.samples, seed=0)
        for column, task in columns.items():
            for seed in range(repetitions):
                for name in list(results[column]):
                    asked = replace(task, seed=seed, data=str(Path(scratch) / f"{task.clients}.npz"))
                    one = partial(measured, name, pythons[name], asked, Path(scratch))
                    found = one() or one()
                    if found is None:
                        del results[column][name]
                        continue
                    results[column][name].append(found)
                    print(
                        f"{column}, {seed + 1} of {repetitions}: {name} {found.seconds * 1e6:,.0f} µs", file=sys.stderr
                    )
    return results


# --- showing -------------------------------------------------------------------------------------------------------


def disagreements(results: Results) -> list[str]:
    """Whose final accuracy is not that of the plain loop."""
    found = []
    for column, peers in results.items():
        if BASELINE not in peers:
            continue
        accuracies = {name: median(each.accuracy for each in several) for name, several in peers.items()}
        found += [
            f"{column}: {PEERS[name].title} ends with an accuracy of {accuracy:.3f}, "
            f"the plain loop with {accuracies[BASELINE]:.3f}"
            for name, accuracy in accuracies.items()
            if abs(accuracy - accuracies[BASELINE]) > NOISE
        ]
    return found


def table(names: Iterable[str], columns: Mapping[str, Mapping[str, str]]) -> str:
    """The rows of these peers, of what each column has of them."""
    lines = [" " * 20 + "".join(f"{column:>24}" for column in columns)]
    for name in names:
        cells = "".join(f"{cells.get(name, 'failed'):>24}" for cells in columns.values())
        lines.append(f"{PEERS[name].title:<20}{cells}")
    return "\n".join(lines)


def show(names: Iterable[str], results: Results) -> None:
    times, accuracies = {}, {}
    spread = 0.0
    for column, peers in results.items():
        medians = {name: median(each.seconds for each in several) for name, several in peers.items()}
        base = medians.get(BASELINE)
        times[column] = {
            name: f"{seconds * 1e6:,.0f}" + (f" ({seconds / base:.2f})" if base else "")
            for name, seconds in medians.items()
        }
        accuracies[column] = {
            name: f"{median(each.accuracy for each in several):.3f}" for name, several in peers.items()
        }
        for name, several in peers.items():
            spread = max(spread, *(abs(each.seconds / medians[name] - 1) for each in several))
    print("microseconds for one client's update, and how many times the plain loop's")
    print(table(names, times))
    print(f"medians; the farthest measurement is {spread:.0%} away from its median\n")
    print("accuracy of the final model")
    print(table(names, accuracies), end="\n\n")
    versions = {name: version for peers in results.values() for several in peers.values() for each in several
                for name, version in each.versions.items()}  # fmt: skip
    print(f"Python {sys.version.split()[0]}, {', '.join(f'{name} {version}' for name, version in versions.items())}")


def compare(options: argparse.Namespace) -> int:
    names = list(dict.fromkeys((BASELINE, *(options.peers or PEERS))))
    columns = QUICK if options.quick else COLUMNS
    pythons = interpreters(names, options.environments)
    results = measure(pythons, columns, 1 if options.quick else options.repetitions)
    show(pythons, results)
    wrong = disagreements(results)
    for each in wrong:
        print(f"NOT THE SAME: {each}")
    return 1 if wrong or any(name not in peers for name in pythons for peers in results.values()) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", metavar="PEER", nargs="*", help=f"by default all: {', '.join(PEERS)}")
    parser.add_argument("--repetitions", type=int, default=5, help="of each measurement (default: 5)")
    parser.add_argument(
        "--environments",
        metavar="DIR",
        type=Path,
        default=ROOT / "out" / "bench",
        help="where the peers are installed (default: out/bench)",
    )
    parser.add_argument("--growth", action="store_true", help="10^2 to 10^6 clients of fedavg_cross_device")
    parser.add_argument("--plot", metavar="OUT", type=Path, help="with --growth: draw it, as .svg or .png")
    parser.add_argument("--profile", action="store_true", help="where the time of a round goes")
    parser.add_argument("--nothing", action="store_true", help="what carries the messages, alone")
    parser.add_argument("--quick", action="store_true", help="of everything a little: to try it, not to believe it")
    options = parser.parse_args()
    if unknown := [name for name in options.peers if name not in PEERS]:
        parser.error(f"`{unknown[0]}` is not a peer; there is {', '.join(PEERS)}")
    if options.growth:
        return growth.run(options.plot, options.quick)
    if options.profile:
        return round_profile.run(TINY if options.quick else SMALL)
    if options.nothing:
        return nothing.run(TINY if options.quick else SMALL, 1 if options.quick else options.repetitions)
    return compare(options)


if __name__ == "__main__":
    sys.exit(main())
