"""The composition check against SPIN, on the models that `protoflow export` writes.

    python tools/bench/checker.py [COURSE ...] [--set rounds=1] [--memory 6] [--seconds 120] [--quick]

For each course (by default those in tools/bench/courses) and N = 2, 3, ...: how many states SPIN stores, in how many
seconds and MiB, with its own partial-order reduction on, in two encodings (`spin_models`); and how many configurations
our exact search of the same N sees. SPIN goes on until it is out of memory or time, and is not asked for more then.
Below, the proof for every N.

Both look for the same here: unhandled and late messages and deadlocks (PF201, PF205, PF202); what ours finds besides is
in its counts too. Seconds are those of the search alone, without writing, compiling or reading anything; memory is that
of the whole process. Needs SPIN and gcc (apt-get install spin gcc). Exit code 1 where the two do not agree.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from spin_models import CLEAN, DEADLOCK, ENCODINGS, UNHANDLED, NotAStarError, Search
from spin_models import search as spin_search

from protoflow.checks.composition import Options, Verdict
from protoflow.checks.composition import check as prove
from protoflow.checks.composition.analyses import alarms
from protoflow.checks.composition.domain import Exact
from protoflow.checks.composition.explore import Budget, OutOfBudgetError
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.search import search
from protoflow.errors import ProtoflowError
from protoflow.language import read
from protoflow.program import Program, compile_protocol

if TYPE_CHECKING:
    from collections.abc import Callable

COURSES = [Path(__file__).parent / "courses" / f"{name}.yaml" for name in ("synchronous", "crash", "quorum")]
IN_SPIN = {"PF201": UNHANDLED, "PF205": UNHANDLED, "PF202": DEADLOCK}
"""Codes that the exported model expresses, and how SPIN's searches end that find one."""
AIM = 1_000
"""How many times fewer configurations than SPIN's states, at the largest N that SPIN finishes (issue 4)."""
ALWAYS = 8
"""Ours explores at least so many clients; as many as `validate` does."""
MOST = 14
"""The exported model's most."""
SEARCH_BOUND = 1_000_000
"""Configurations that our exact search may hold."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ours:
    codes: frozenset[str]
    configurations: int
    seconds: float
    memory: float

    @property
    def outcomes(self) -> set[str]:
        """What SPIN, which stops at the first error, may come to."""
        return {IN_SPIN[code] for code in self.codes if code in IN_SPIN} or {CLEAN}


# --- ours, each in a process of its own ---------------------------------------------------------------------------


def compiled(source: str, overrides: dict[str, str]) -> Program:
    reading = read(source, overrides)
    if reading.protocol is None:
        raise SystemExit("\n".join(f"{source}: {found.code}: {found.message}" for found in reading.diagnostics))
    return compile_protocol(reading.protocol, reading.parameters)


def explore(source: str, overrides: dict[str, str], clients: int, seconds: float) -> Ours | None:
    """Our exact search for one N, with reduction, and all that is looked for in its graph; None if it takes longer."""
    program = compiled(source, overrides)
    started = time.perf_counter()
    model = Model(program, program.protocol.assumptions)
    sizes = tuple(1 if role.single else clients for role in model.roles)
    try:
        graph, _, _ = search(model, sizes, Exact(), Budget(seconds, SEARCH_BOUND))
    except OutOfBudgetError:
        return None
    codes = frozenset(alarm.code for alarm in alarms(graph, model))
    taken = time.perf_counter() - started
    return Ours(codes, len(graph), taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def every_number(source: str, overrides: dict[str, str]) -> tuple[Verdict, float]:
    """The verdict of `protoflow validate` and its seconds, nothing cached."""
    program = compiled(source, overrides)
    started = time.perf_counter()
    _, verdict = prove(program, Options(cache=False))
    return verdict, time.perf_counter() - started


def apart(function: Callable[..., T], *arguments: object) -> T:
    """In a fresh process, so that memory is its own and nothing is warm."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


# --- the comparison -----------------------------------------------------------------------------------------------


class Comparison:
    """One course: a row for each N, then what it comes to."""

    def __init__(self, source: str, options: argparse.Namespace) -> None:
        self.source, self.options = source, options
        self.overrides = dict(pair.split("=", 1) for pair in options.set)
        self.program = compiled(source, self.overrides)
        self.spin: dict[str, dict[int, Search]] = {name: {} for name in ENCODINGS}
        self.ours: dict[int, Ours | None] = {}
        self.agrees = True

    def run(self) -> bool:
        """Print it; whether SPIN and ours agree."""
        given = ", ".join(f"{name} = {value}" for name, value in self.program.parameters.items())
        print(f"{self.program.protocol.name}: {self.program.protocol.summary}\n{given}\n")
        print(
            "    ".join([" " * 3, *(f"{'SPIN, ' + name:<28}" for name in ENCODINGS), "protoflow, exactly N"]).rstrip()
        )
        head = f"{'states':>13}{'s':>8}{'MiB':>7}"
        print("    ".join(["  N", *(head for _ in ENCODINGS), f"{'configurations':>14}{'s':>8}{'MiB':>7}", "verdict"]))
        least = max(2, *(table.minimum for table in self.program.roles.values()))
        for clients in range(least, (3 if self.options.quick else MOST) + 1):
            going = [name for name in ENCODINGS if all(each.finished for each in self.spin[name].values())]
            if not going and clients > ALWAYS:
                break
            for name in going:
                self.spin[name][clients] = self.ask_spin(name, clients)
            self.ours[clients] = apart(explore, self.source, self.overrides, clients, float(self.options.seconds))
            print(self.row(clients), flush=True)
        self.conclude()
        return self.agrees

    def ask_spin(self, encoding: str, clients: int) -> Search:
        model = ENCODINGS[encoding](self.program, clients, self.options.capacity)
        with tempfile.TemporaryDirectory() as folder:
            memory, optimise = round(self.options.memory * 1024), "-O0" if self.options.quick else "-O2"
            return spin_search(model, Path(folder), self.options.seconds, memory, optimise)

    def row(self, clients: int) -> str:
        cells = [f"{clients:>3}"]
        ours = self.ours[clients]
        outcomes = set()
        for searches in self.spin.values():
            if clients not in searches:
                cells.append(" " * 27 + "-")
                continue
            found = searches[clients]
            states = f"{'' if found.finished else '>'}{found.states:,}"
            cells.append(f"{states:>13}{found.seconds:>8.1f}{found.memory:>7.0f}")
            outcomes |= {found.outcome} if found.finished else set()
        if ours is None:
            cells.append(f"{'out of budget':>14}{'':>15}")
        else:
            cells.append(f"{ours.configurations:>14,}{ours.seconds:>8.3f}{ours.memory:>7.0f}")
        if ours is not None and not outcomes <= ours.outcomes:
            self.agrees = False
            cells.append(f"THEY DO NOT AGREE: SPIN says {' and '.join(sorted(outcomes))}, protoflow")
        cells.append(" ".join(sorted(ours.codes)) or CLEAN if ours else " ".join(outcomes))
        return "    ".join(cells)

    def conclude(self) -> None:
        print()
        for name, searches in self.spin.items():
            stopped = [(clients, found) for clients, found in searches.items() if not found.finished]
            for clients, found in stopped:
                print(
                    f"SPIN, {name}, N = {clients}: {found.outcome} after {found.states:,} states, {found.seconds:.0f} s"
                )
            done = [clients for clients, found in searches.items() if found.outcome == CLEAN]
            ours = self.ours[done[-1]] if done else None
            if ours is None:
                continue
            times = searches[done[-1]].states / ours.configurations
            largest = "the largest that it finished" if stopped else "the largest that was tried"
            judged = f"; aim {AIM:,}{'' if times >= AIM else ': MISSED'}" if stopped or times >= AIM else ""
            print(
                f"SPIN, {name}, N = {done[-1]}, {largest}: {searches[done[-1]].states:,} states,"
                f" {times:,.0f} times our {ours.configurations:,}{judged}"
            )
        verdict, seconds = apart(every_number, self.source, self.overrides)
        print(f"protoflow, all N at once: {verdict.line}, in {seconds:.2f} s\n", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("courses", metavar="COURSE", nargs="*", default=COURSES, help="a file or a shipped protocol")
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="a parameter of the courses")
    parser.add_argument("--memory", type=float, default=6, metavar="GB", help="SPIN's, for each N (default: 6)")
    parser.add_argument("--seconds", type=float, default=120, help="for each N (default: 120)")
    parser.add_argument("--capacity", type=int, default=3, help="messages in a channel of the model (default: 3)")
    parser.add_argument("--quick", action="store_true", help="N up to 3 only, SPIN compiled with -O0")
    options = parser.parse_args()
    try:
        results = [Comparison(str(course), options).run() for course in options.courses]
    except (NotAStarError, ProtoflowError) as error:
        raise SystemExit(f"error: {error}") from None
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
