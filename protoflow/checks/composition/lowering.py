"""Parameters that say nothing but how often rows are taken, such as `rounds`: a short run takes the least value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.protocol import After, Counted, Name, ParameterType, Received

if TYPE_CHECKING:
    from protoflow.program import Program
    from protoflow.protocol import Protocol


def lowered(program: Program) -> dict[str, int]:
    """Those int parameters that only `times` uses, at the least value that they can have."""
    protocol = program.protocol
    counting = {
        str(row.times) for role in protocol.roles.values() for row in role.transitions if isinstance(row.times, Name)
    }
    values = {}
    for name in sorted(counting - _used_otherwise(protocol)):
        parameter, value = protocol.parameters[name], program.parameters[name]
        if parameter.type is ParameterType.INT and isinstance(value, int):
            least = max(1, parameter.minimum) if isinstance(parameter.minimum, int) else 1
            values[name] = min(least, value)
    return values


def _used_otherwise(protocol: Protocol) -> set[str]:
    found: set[str] = set()
    for role in protocol.roles.values():
        written: list[object] = [role.count.minimum, role.count.maximum]
        for event in role.events.values():
            match event.condition:
                case Received(threshold=threshold):
                    written.append(threshold)
                case Counted(count=count):
                    written.append(count)
                case After(duration=duration):
                    written.append(duration)
        found |= {str(value) for value in written if isinstance(value, Name)}
        found |= {str(name) for row in role.transitions for name in (*row.conditions, *row.unless)}
    return found
