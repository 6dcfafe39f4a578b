"""An environment of its own for each peer, made once and kept: what one of them needs is not what another needs.

torch is the same in all, and is to be for the CPU: where pip would take a build for CUDA, name an index that has the
other, PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

TORCH = "torch==2.13.0"
STAMP = "installed.txt"
"""In an environment that is complete; says what is in it."""
SECONDS = 1_800
"""For one environment."""


class NotInstalledError(Exception):
    """Why an environment could not be made."""


def python_of(folder: Path, requirements: tuple[str, ...]) -> Path:
    """The Python of the environment in that folder, which has the requirements; it is made where it is not there.

    Raises NotInstalledError with the last that pip said.
    """
    python, stamp = folder / "bin" / "python", folder / STAMP
    wanted = "\n".join((f"Python {sys.version.split()[0]}", TORCH, "numpy", *requirements))
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    stamp.unlink(missing_ok=True)
    with TemporaryDirectory() as scratch:
        constraints = Path(scratch) / "constraints.txt"
        constraints.write_text(f"{TORCH}\n", encoding="utf-8")
        _do(sys.executable, "-m", "venv", "--clear", str(folder))
        install = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(constraints)]
        _do(*install, TORCH, "numpy", *requirements)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _do(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstalledError(f"not installed after {SECONDS} s") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        raise NotInstalledError("\n".join(errors[-5:]))
