"""How long a command takes from the shell, whole process, and how much memory.

    python tools/bench/startup.py [--runs 9] [--files 1000]

Prints for each command the median of several runs in milliseconds, its ratio to `python -c pass` in the same session
(machines differ, ratios less so) and the most memory of any run. The commands take turns, so that a busy moment hits
all alike. With `--files`, also the static checks of that many copies of fedavg in one process, milliseconds a file.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

BASELINE = "python -c pass"
COMMANDS = {
    BASELINE: [sys.executable, "-c", "pass"],
    "import networkx": [sys.executable, "-c", "import networkx"],
    "protoflow --help": ["--help"],
    "protoflow explain PF103": ["explain", "PF103"],
    "protoflow schema": ["schema"],
    "protoflow diagram fedavg": ["diagram", "fedavg"],
    "protoflow validate fedavg": ["validate", "fedavg"],
}
LIMITS = {  # what issue 3 asks for: seconds, MiB
    "protoflow --help": (0.25, None),
    "protoflow explain PF103": (0.25, None),
    "protoflow schema": (0.25, None),
    "protoflow diagram fedavg": (0.25, None),
    "protoflow validate fedavg": (0.9, 80),
}
MANY = """
import sys, time
from protoflow import validate
started = time.perf_counter()
reports = [validate(path, composition=False) for path in sys.argv[1:]]
assert all(report.ok(strict=True) for report in reports)
print((time.perf_counter() - started) / len(reports))
"""


def measure(arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak MiB of one process."""
    command = arguments if arguments[0] == sys.executable else [sys.executable, "-m", "protoflow", *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def many(files: int) -> float:
    """Seconds a file for the static checks of `files` different protocols in one process."""
    from protoflow.language import shipped

    text = shipped()["fedavg"].read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"course_{number}.yaml") for number in range(files)]
        for number, path in enumerate(paths):
            path.write_text(text.replace("name: fedavg", f"name: course_{number}"), encoding="utf-8")
        result = subprocess.run(
            [sys.executable, "-c", MANY, *map(str, paths)], check=True, capture_output=True, text=True
        )
    return float(result.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--files", type=int, default=0)
    options = parser.parse_args()

    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(options.runs):
        for name, arguments in COMMANDS.items():
            samples[name].append(measure(arguments))
    baseline = median(seconds for seconds, _ in samples[BASELINE])
    print(f"{'median of ' + str(options.runs) + ' runs':<28}{'ms':>7}{'ratio':>8}{'MiB':>7}  aim")
    for name, runs in samples.items():
        seconds, memory = median(seconds for seconds, _ in runs), max(memory for _, memory in runs)
        limit_s, limit_mib = LIMITS.get(name, (None, None))
        aim = ", ".join(
            [*([f"{limit_s * 1000:.0f} ms"] if limit_s else []), *([f"{limit_mib} MiB"] if limit_mib else [])]
        )
        missed = (limit_s and seconds > limit_s) or (limit_mib and memory > limit_mib)
        verdict = f"  {aim}{' MISSED' if missed else ''}" if aim else ""
        print(f"{name:<28}{seconds * 1000:>7.0f}{seconds / baseline:>8.1f}{memory:>7.0f}{verdict}")
    if options.files:
        print(f"static checks of {options.files} files in one process: {many(options.files) * 1000:.1f} ms a file")


if __name__ == "__main__":
    main()
