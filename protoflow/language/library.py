"""The shipped protocols, found by name, and what a name that leads nowhere was meant to be."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from protoflow.language.suggest import nearest

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


def typed(file: str) -> str:
    """What is typed for a protocol that was read from this file: the name of a shipped one."""
    return next((name for name, path in shipped().items() if display(path) == file), file)


def near(name: str) -> str | None:
    """What a name may have been meant to be where nothing is: a YAML file or a folder beside it, a shipped protocol."""
    path = Path(name)
    known = {each: each for each in shipped()}
    try:
        beside = sorted(path.parent.iterdir())
    except (OSError, ValueError):
        beside = []  # there is no such folder, or nobody may look into it
    for each in beside:
        if each.suffix in (".yaml", ".yml") or each.is_dir():
            known |= {each.stem: str(each), each.name: str(each)}
    close = nearest(path.name, known) or nearest(path.stem, known)
    return None if close is None else known[close]
