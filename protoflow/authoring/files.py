"""Files that are written anew as a whole: nobody ever finds half of one, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


def rewrite(path: Path, data: bytes) -> None:
    """Put `data` in the place of what the file holds. It keeps its permissions; a link keeps leading to it."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        shutil.copymode(target, name)
        os.replace(name, target)  # noqa: PTH105  one step, by name, as it was made
    except BaseException:
        Path(name).unlink()
        raise


def create(path: Path, data: bytes) -> None:
    """Write a new file, and the folders that it needs. Raises FileExistsError where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(data)


def difference(before: str, after: str, file: str) -> str:
    """What changes, as a unified diff with the file's name on both sides."""
    import difflib

    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), fromfile=file, tofile=file
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
