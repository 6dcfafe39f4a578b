"""Declarative state-machine protocols for federated learning: checked, drawn and run from one YAML file.

The public names, each imported when it is first asked for, so that `import protoflow` costs next to nothing and
checking or drawing never loads what only running needs:

- `load(file_or_name, **parameters) -> Protocol`, `validate(...) -> Report`, `diagram(...) -> Diagram`, `Look`
- `Course`, `Participant`, `Message`, `Send`, `Setting`, `batched`, and `machine(protocol, role)`: running a protocol
- `plot(results, file)`: curves of what was logged
- `ProtocolError` (the file is at fault), `HandlerError` (the user's Python), `CourseError` (the course as it ran),
  `UsageError` (what was asked of protoflow); all are `ProtoflowError`
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protoflow.checks.validate import Report, validate
    from protoflow.diagrams import Diagram, diagram
    from protoflow.diagrams.look import Look
    from protoflow.errors import CourseError, HandlerError, ProtocolError, ProtoflowError, UsageError
    from protoflow.language import load
    from protoflow.protocol import Protocol
    from protoflow.reports.curves import plot
    from protoflow.runtime import Course, Message, Participant, Result, Send, Setting, batched
    from protoflow.runtime.machine import machine

__version__ = "0.1.0"

_HOMES = {
    "Course": "protoflow.runtime",
    "CourseError": "protoflow.errors",
    "Diagram": "protoflow.diagrams",
    "HandlerError": "protoflow.errors",
    "Look": "protoflow.diagrams.look",
    "Message": "protoflow.runtime",
    "Participant": "protoflow.runtime",
    "Protocol": "protoflow.protocol",
    "ProtocolError": "protoflow.errors",
    "ProtoflowError": "protoflow.errors",
    "Report": "protoflow.checks",
    "Result": "protoflow.runtime",
    "Send": "protoflow.runtime",
    "Setting": "protoflow.runtime",
    "UsageError": "protoflow.errors",
    "batched": "protoflow.runtime",
    "diagram": "protoflow.diagrams",
    "load": "protoflow.language",
    "machine": "protoflow.runtime",
    "plot": "protoflow.reports.curves",
    "validate": "protoflow.checks",
}

__all__ = [
    "Course",
    "CourseError",
    "Diagram",
    "HandlerError",
    "Look",
    "Message",
    "Participant",
    "Protocol",
    "ProtocolError",
    "ProtoflowError",
    "Report",
    "Result",
    "Send",
    "Setting",
    "UsageError",
    "__version__",
    "batched",
    "diagram",
    "load",
    "machine",
    "plot",
    "validate",
]


if not TYPE_CHECKING:  # to a type checker the imports above are all there is, so that it finds names misspelt

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
