"""How reports for other programs name files: with slashes, from the working directory where that is above them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote


def relative(file: str) -> str:
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def uri(file: str) -> str:
    """The same as a URI reference (RFC 3986): a relative one, or `file://` for what is elsewhere."""
    path = Path(relative(file))
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
