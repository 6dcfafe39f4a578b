"""Running the real SPIN on a model."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

AVAILABLE = shutil.which("spin") is not None and shutil.which("gcc") is not None


class UnfinishedError(Exception):
    """The search reached its depth or memory before it was done."""


def verdict(model: str, folder: Path, *, defines: tuple[str, ...] = (), optimise: str = "-O0") -> dict[str, bool]:
    """Whether SPIN finds a failed assertion (PF201) and an invalid end state (PF202)."""
    (folder / "model.pml").write_text(model)
    run(["spin", *(f"-D{name}" for name in defines), "-a", "model.pml"], folder)
    flags = [optimise, "-w", "-DSAFETY", "-DNOREDUCE", "-DVECTORSZ=8192", "-DMEMLIM=1024"]
    run(["gcc", *flags, "-o", "pan", "pan.c"], folder)
    return {"PF201": search(folder, "-E"), "PF202": search(folder, "-A")}


def search(folder: Path, option: str) -> bool:
    """`-E` looks for failed assertions only, `-A` for invalid end states only."""
    output = run(["./pan", option, "-m200000", "-w20"], folder)
    errors = "errors: 0" not in output
    if not errors and ("max search depth too small" in output or "Search not completed" in output):
        raise UnfinishedError(output[:400])
    return errors


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode and command[0] != "./pan":
        raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout
