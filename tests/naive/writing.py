"""Protocol -> YAML text, so that a failing case can be kept as a file. Reading it again gives an equal protocol."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import yaml

from protoflow.protocol import (
    EVERYTHING,
    After,
    Assumptions,
    Counted,
    Event,
    Link,
    Name,
    Parameter,
    Protocol,
    Raised,
    Received,
    Role,
    Send,
    State,
    Transition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def to_yaml(protocol: Protocol) -> str:
    """The whole file, in the language's long forms."""
    document = {
        "protoflow": 1,
        "name": str(protocol.name),
        "summary": protocol.summary,
        "source": protocol.source,
        "parameters": {str(name): _parameter(p) for name, p in protocol.parameters.items()},
        "messages": {
            str(name): _some(
                {
                    "from": _names(m.senders),
                    "to": _names(m.receivers),
                    "payload": {str(field): str(kind) for field, kind in m.payload.items()},
                    "summary": m.summary,
                }
            )
            for name, m in protocol.messages.items()
        },
        "roles": {str(name): _role(role) for name, role in protocol.roles.items()},
        "links": {str(name): _link(link) for name, link in protocol.links.items()},
        "assumptions": _assumptions(protocol.assumptions),
        "properties": {
            str(name): {"never": {str(role): _names(states) for role, states in p.never.items()}}
            for name, p in protocol.properties.items()
        },
    }
    return yaml.dump(_some(document), Dumper=_Dumper, sort_keys=False, width=120, default_flow_style=None)


class _Dumper(yaml.SafeDumper):
    """Nothing is written as an alias."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _some(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {key: value for key, value in mapping.items() if value not in (None, "", (), [], {}, False)}


def _names(values: Iterable[str]) -> str | list[str]:
    texts = [str(value) for value in values]
    return texts[0] if len(texts) == 1 else texts


def _value(value: object) -> int | float | str | bool:
    """A number, share, duration, or the name of a parameter."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, Fraction):
        return "all" if value == 1 else f"{_percent(value)}%"
    assert isinstance(value, int | float | str)
    return value


def _percent(share: Fraction) -> str:
    percent = share * 100
    return str(percent.numerator) if percent.denominator == 1 else str(float(percent))


def _duration(value: float | Name) -> str:
    return str(value) if isinstance(value, Name) else f"{value:g}s"


def _parameter(parameter: Parameter) -> dict[str, Any]:
    def written(value: object) -> Any:
        if parameter.type == "duration" and value is not None:
            return f"{value:g}s"
        if parameter.type == "share" and isinstance(value, Fraction):
            return f"{_percent(value)}%"
        return value

    bounds = {"min": written(parameter.minimum), "max": written(parameter.maximum)}
    return {
        "type": str(parameter.type),
        "default": written(parameter.default),
        **{key: value for key, value in bounds.items() if value is not None},
        **_some({"help": parameter.help}),
    }


def _role(role: Role) -> dict[str, Any]:
    least, most = role.count.minimum, role.count.maximum
    count = str(least) if least == most else f"{least}..{'' if most is None else most}"
    return _some(
        {
            "class": None if role.cls is None else str(role.cls),
            "count": int(count) if count.isdigit() else count,
            "initial": str(role.initial),
            "states": {str(name): _state(state) for name, state in role.states.items()},
            "events": {str(name): _event(event) for name, event in role.events.items()},
            "transitions": [_row(row) for row in role.transitions],
            "summary": role.summary,
        }
    )


def _state(state: State) -> dict[str, Any] | None:
    written = {
        "final": state.final,
        "ignore": _names(state.ignore),
        "defer": _names(state.defer),
        "summary": state.summary,
    }
    return _some(written) or None


def _event(event: Event) -> dict[str, Any]:
    match event.condition:
        case Received(message, threshold, link, request):
            asked = {} if request is None else {"for": str(request)}
            return {"received": str(message), **asked, "from": str(link) if link else _value(threshold)}
        case Counted(message, count):
            return {"received": str(message), "count": _value(count)}
        case After(duration):
            return {"after": _duration(duration)}
        case Raised():
            return {"raised": True}


def _row(row: Transition) -> dict[str, Any]:
    return _some(
        {
            "trigger": _names(row.triggers),
            "source": EVERYTHING if EVERYTHING in row.sources else _names(row.sources),
            "dest": None if row.dest is None else str(row.dest),
            "handler": None if row.handler is None else str(row.handler),
            "conditions": _names(row.conditions),
            "unless": _names(row.unless),
            "times": None if row.times is None else _value(row.times),
            "send": [_send(send) for send in row.sends],
            "raise": [f"maybe {raised.event}" if raised.maybe else str(raised.event) for raised in row.raises],
        }
    )


def _send(send: Send) -> dict[str, Any]:
    target = None if send.target is None else str(send.target.name)
    return _some({"message": str(send.message), "to": target, "maybe": send.maybe, "one": send.one})


def _link(link: Link) -> dict[str, Any]:
    if link.inverse is not None:
        return {"inverse": str(link.inverse)}
    return {"from": str(link.source), "to": str(link.dest), "shape": str(link.shape)}


def _assumptions(assumptions: Assumptions) -> dict[str, Any]:
    return {
        "channels": "fifo" if assumptions.fifo else "any",
        "crashes": {str(role): number for role, number in assumptions.crashes.items()},
        "early_timeouts": assumptions.early_timeouts,
        "loss": assumptions.loss,
        "duplicates": assumptions.duplicates,
    }
