"""The shipped protocols, found by name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def _folder() -> Path:
    """`protoflow/protocols` in a wheel; in a checkout `protocols`, beside the package."""
    installed = _PACKAGE / "protocols"
    return installed if installed.is_dir() else _PACKAGE.parent / "protocols"


def shipped() -> dict[str, Path]:
    """Name -> file of every shipped protocol, in alphabetical order."""
    return {path.stem: path for path in sorted(_folder().glob("*.yaml"))}


def display(path: Path) -> str:
    """How a path is shown: relative to the working directory where it lies below it."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
