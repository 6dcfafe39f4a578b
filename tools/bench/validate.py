"""How long `protoflow validate NAME` takes for each shipped protocol, whole process: from nothing, and from the cache.

    python tools/bench/validate.py [--runs 5]

From nothing: the folder of cached results is empty. From the cache: the same again, the file unchanged. Medians, in
milliseconds, `python -c pass` first; the protocols take turns, so that a busy moment hits all alike. Modules are
compiled to bytecode before anything is measured, as they are where a package is installed. Results and bytecode are
kept in a folder of the bench's own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from startup import measure

from protoflow.language import shipped

COLD = {"fedavg": 1.2}
COLD_USUALLY, CACHED = 2.0, 0.25
"""What issue 4 asks for, in seconds."""


def verdict(name: str) -> str:
    """How far the verdict reaches, in the words of `protoflow validate`."""
    command = [sys.executable, "-m", "protoflow", "validate", name]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip().rpartition("clean; ")[2]


def judged(seconds: float, aim: float) -> str:
    return f"{seconds * 1000:>7.0f}{aim * 1000:>7.0f}{'' if seconds <= aim else ' MISSED':<8}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()

    names = sorted(shipped())
    cold: dict[str, list[float]] = {name: [] for name in names}
    cached: dict[str, list[float]] = {name: [] for name in names}
    nothing: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder, "bytecode"))
        os.environ["XDG_CACHE_HOME"] = str(Path(folder, "cache"))
        verdicts = {name: verdict(name) for name in names}
        for _ in range(options.runs):
            nothing.append(measure([sys.executable, "-c", "pass"])[0])
            for name in names:
                shutil.rmtree(Path(folder, "cache"))
                for times in (cold, cached):
                    times[name].append(measure(["validate", name])[0])
    print(f"{f'median of {options.runs} runs, ms':<24}{'cold':>7}{'aim':>7}{'':<8}{'cached':>7}{'aim':>7}")
    print(f"{'python -c pass':<24}{median(nothing) * 1000:>7.0f}")
    for name in names:
        first = judged(median(cold[name]), COLD.get(name, COLD_USUALLY))
        print(f"{name:<24}{first}{judged(median(cached[name]), CACHED)}  {verdicts[name]}")


if __name__ == "__main__":
    main()
