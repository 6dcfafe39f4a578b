"""Commands that are shown to be typed, of a protocol that was read."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from protoflow.language.library import typed
from protoflow.language.parameters import show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from protoflow.protocol import Protocol, Value


def validating(protocol: Protocol, values: Mapping[str, Value], options: Sequence[str]) -> str:
    """The command that checks the protocol with these values of its parameters, and these options."""
    source = typed(protocol.file) if protocol.file else protocol.name
    given = [
        word
        for name, parameter in protocol.parameters.items()
        if values[name] != parameter.default
        for word in ("--set", f"{name}={show(values[name], parameter.type)}")
    ]
    return shlex.join(["protoflow", "validate", source, *given, *options])
