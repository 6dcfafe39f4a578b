"""From what a user has in hand, a protocol, a path or a name, to compiled tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.errors import ProtocolError
from protoflow.program import Program, compile_protocol
from protoflow.protocol import Protocol

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from protoflow.language import Reading


def load_program(
    source: Protocol | str | os.PathLike[str], parameters: Mapping[str, object] | None = None
) -> tuple[Program, Reading]:
    """The tables, with these parameters in place of defaults (values, or texts as in a file), and what they come from.

    Raises ProtocolError where the file has errors; UsageError where there is no such file, and for a parameter that is
    not declared, of another type, or out of bounds.
    """
    from protoflow.language import Reading, read
    from protoflow.language.parameters import override

    reading = Reading(source.file, source, {}, (), {}, ()) if isinstance(source, Protocol) else read(str(source))
    if reading.protocol is None:
        raise ProtocolError(reading.diagnostics)
    values = override(reading.protocol.parameters, parameters or {})
    return compile_protocol(reading.protocol, values), replace(reading, parameters=values)
