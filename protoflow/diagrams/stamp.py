"""The stamp of a drawn picture: what it was drawn from, as a digest that the picture carries.

The bytes of an SVG, PNG or PDF depend on the version of Graphviz and on the fonts of the machine; the stamp does not. A
picture is fresh when it bears the stamp of what would be drawn now, and to know that nothing has to be laid out.

It stands in the `<metadata>` of an SVG, in a text chunk of a PNG and in a comment of a PDF, where viewers pass over it.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_STAMP = re.compile(rb"protoflow[ \x00]([0-9a-f]{64})")
_PNG_HEADER = 8 + 25  # the signature, and the first chunk, which must stay the first


def stamp(parts: Iterable[str]) -> str:
    """The digest of everything that a picture is drawn from."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def find(picture: bytes) -> str:
    """The stamp that a picture bears; "" if it has none."""
    found = _STAMP.search(picture)
    return found[1].decode() if found else ""


def on_svg(value: str) -> str:
    return f"<metadata>protoflow {value}</metadata>"


def on_png(picture: bytes, value: str) -> bytes:
    body = b"tEXt" + f"protoflow\0{value}".encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return picture[:_PNG_HEADER] + chunk + picture[_PNG_HEADER:]


def on_pdf(picture: bytes, value: str) -> bytes:
    """A comment after the last thing whose place in the file is written down in the file."""
    before, mark, after = picture.rpartition(b"startxref")
    return before + f"%protoflow {value}\n".encode() + mark + after
