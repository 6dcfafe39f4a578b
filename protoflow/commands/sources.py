"""From what was typed to protocols that were read: files, folders, shipped names, standard input."""

from __future__ import annotations

import os
import re
import sys
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from protoflow.language import Reading

_PROTOCOL_KEY = re.compile(rb"^(?:\{\s*)?[\"']?protoflow[\"']?\s*:", re.MULTILINE)
"""A top-level `protoflow:` key, also of a file in flow style or in JSON."""


def read_all(
    sources: Iterable[str], overrides: Mapping[str, str], stdin_filename: str | None = None
) -> Iterator[Reading]:
    """Each protocol that `sources` name, in that order; a folder's in the order of their paths.

    What comes from standard input is read as if it were the file of that name.
    """
    from protoflow.language import read, read_text

    for source in sources:
        if source == "-":
            path = Path(stdin_filename) if stdin_filename is not None else None
            yield read_text(standard_input(), stdin_filename or "<stdin>", overrides, path)
        elif Path(source).is_dir():
            for path in protocols_in(Path(source)):
                yield read(str(path), overrides)
        else:
            yield read(source, overrides)


def standard_input() -> str:
    """All of it. Raises UsageError where it is no text, or too much."""
    from protoflow.language.limits import MAX_BYTES

    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UsageError(f"standard input is larger than {MAX_BYTES >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("standard input is not UTF-8 text") from None


def protocols_in(folder: Path) -> list[Path]:
    """The protocol files in a folder and its subfolders: not in hidden ones, and not in those of installed packages."""
    found = [path for path in _yaml_files(folder) if _is_protocol(path)]
    if not found:
        raise UsageError(f"no protocol in {folder}: none of its .yaml files has a top-level `protoflow:` key")
    return found


def _yaml_files(folder: Path) -> list[Path]:
    found = []
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and not _has_packages(Path(here, name))]
        found += [Path(here, name) for name in files if name.endswith((".yaml", ".yml")) and not name.startswith(".")]
    return sorted(path for path in found if path.is_file())


def _has_packages(folder: Path) -> bool:
    """Whether a folder is a virtual environment, or one of Node: what was installed there is not the user's."""
    return folder.name == "node_modules" or (folder / "pyvenv.cfg").is_file()


def _is_protocol(path: Path) -> bool:
    """What cannot be read counts: reading it again says why."""
    from protoflow.language.limits import MAX_BYTES

    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES)
    except OSError:
        return True
    return _PROTOCOL_KEY.search(data.removeprefix(BOM_UTF8)) is not None


def look_here_for_classes() -> None:
    """Let classes in the working directory be imported, however the command was started."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
