"""Parameters: their types, their values as written in a file, and as given from outside.

A value is an `int`, `float`, `str` or `bool`, a duration in seconds (float) or a share (a Fraction in (0, 1]). A plain
default tells the type by how it is written: `30s` is a duration, `80%` a share.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from protoflow.diagnostics import Help
from protoflow.errors import UsageError
from protoflow.language import keys, scalars
from protoflow.language.suggest import clip, nearest, quoted
from protoflow.language.tree import Mapping, Scalar
from protoflow.language.values import describe
from protoflow.protocol import Parameter, ParameterType

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Mapping as MappingType

    from protoflow.diagnostics import Span
    from protoflow.language.fields import Fields
    from protoflow.language.tree import Node
    from protoflow.protocol import Name, Value

_WANTS = {
    ParameterType.INT: "a whole number",
    ParameterType.FLOAT: "a number",
    ParameterType.STR: "a text",
    ParameterType.BOOL: "`true` or `false`",
    ParameterType.DURATION: f"a time with its unit ({scalars.UNITS})",
    ParameterType.SHARE: "a share such as `80%`, more than 0 and at most 100%",
}
_ORDERED = (ParameterType.INT, ParameterType.FLOAT, ParameterType.DURATION, ParameterType.SHARE)


def convert(value: object, kind: ParameterType) -> Value | None:
    """`value` (decoded, or given from Python) as a value of the type; None where it is not one."""
    match kind:
        case ParameterType.BOOL:
            return value if isinstance(value, bool) else None
        case ParameterType.INT:
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        case ParameterType.STR:
            return str(value) if isinstance(value, str) else None
        case ParameterType.SHARE:
            part = scalars.share(value) if isinstance(value, str) else value
            return part if isinstance(part, Fraction) and 0 < part <= 1 else None
        case ParameterType.DURATION if isinstance(value, str):
            return scalars.duration(value) or None
        case ParameterType.FLOAT | ParameterType.DURATION:
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                return None
            return float(value) if kind is ParameterType.FLOAT or value > 0 else None


def with_unit(value: object, kinds: Collection[ParameterType], place: Span) -> Help | None:
    """Help to give a bare number that stands at `place` the unit with which it is of one of these types."""
    if ParameterType.DURATION in kinds and (text := scalars.as_duration(value)):
        return Help(f"write the unit: {scalars.UNITS}", place, text)
    if ParameterType.SHARE in kinds and (text := scalars.as_share(value)):
        return Help("shares are written as percentages", place, text)
    return None


def show(value: Value, kind: ParameterType) -> str:
    """A value as it is written in a file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind is ParameterType.DURATION:
        return f"{value:g}s"
    if isinstance(value, Fraction):
        return f"{float(value * 100):g}%"
    return str(value)


def _inferred(node: Scalar) -> ParameterType | None:
    value = scalars.decode(node.text) if node.plain else node.text
    match value:
        case None:
            return None
        case bool():
            return ParameterType.BOOL
        case int():
            return ParameterType.INT
        case float():
            return ParameterType.FLOAT
    if node.plain and scalars.duration(value) is not None:
        return ParameterType.DURATION
    if node.plain and scalars.share(value) is not None:
        return ParameterType.SHARE
    return ParameterType.STR


class ParameterReader:
    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.findings = fields.findings

    def read(self, name: Name, node: Node) -> Parameter | None:
        """One entry under `parameters`."""
        if not isinstance(node, Mapping):
            return self._build(name, {"default": node})
        return self._build(name, self.fields.fields(node, keys.PARAMETER, f"parameter `{name}`", name.span))

    def _build(self, name: Name, found: dict[str, Node]) -> Parameter | None:
        kind = self._type(name, found)
        if kind is None or "default" not in found:
            return None
        if kind not in _ORDERED:
            for key in ("min", "max"):
                if key in found:
                    span = found.pop(key).span
                    self.findings.add("PF002", f"`{key}` has no meaning for a parameter of type `{kind}`", span)
        bounds = {key: self._value(found.get(key), key, kind) for key in ("min", "max")}
        label = "default" if "type" in found or len(found) > 1 else name
        default = self._value(found["default"], label, kind)
        if default is None:
            return None
        parameter = Parameter(
            name,
            kind,
            default,
            bounds["min"],
            bounds["max"],
            self.fields.text(found.get("help"), "help"),
            span=name.span,
            spans=self.fields.spans(found),
        )
        if outside := _outside(parameter, default):
            self.findings.add("PF002", f"the default of `{name}` {outside}", found["default"].span)
        return parameter

    def _type(self, name: Name, found: dict[str, Node]) -> ParameterType | None:
        node = found.get("type")
        if node is not None:
            word = self.fields.name(node, "type", "a type")
            if word is None:
                return None
            if str(word) in list(ParameterType):
                return ParameterType(word)
            near = keys.MEANT_TYPES.get(word)
            near = near if near in list(ParameterType) else nearest(word, ParameterType)
            message = f"`{clip(word)}` is not a type of parameters" + (f"; `{near}` is" if near else "")
            note = f"the types are {quoted(ParameterType)}"
            help = Help(f"write `{near}`", node.span, near) if near else None
            self.findings.add("PF002", message, node.span, notes=() if near else (note,), help=help)
            return None
        default = found.get("default")
        kind = _inferred(default) if isinstance(default, Scalar) else None
        if default is not None and kind is None:
            self.fields.wrong(default, name if len(found) == 1 else "default", "a value")
        return kind

    def _value(self, node: Node | None, key: str, kind: ParameterType) -> Value | None:
        if node is None:
            return None
        if kind is ParameterType.BOOL:
            before = len(self.findings)
            flag = self.fields.flag(node, key)
            return flag if len(self.findings) == before else None
        raw = (scalars.decode(node.text) if node.plain else node.text) if isinstance(node, Scalar) else None
        value = convert(raw, kind) if isinstance(raw, str | int | float) else None
        if isinstance(raw, int | float) and kind is ParameterType.DURATION:
            value = None
        if value is None:
            self.findings.add(
                "PF002",
                f"`{key}` takes {_WANTS[kind]}, not {describe(node)}",
                node.span,
                help=with_unit(raw, (kind,), node.span),
            )
        return value


def _outside(parameter: Parameter, value: Value) -> str | None:
    """How a value lies outside the bounds, for "x is …"; None where it does not."""
    low, high, kind = parameter.minimum, parameter.maximum, parameter.type
    if low is not None and value < low:  # type: ignore[operator]  # both have the parameter's type
        return f"is {show(value, kind)}, less than the least allowed, {show(low, kind)}"
    if high is not None and value > high:  # type: ignore[operator]
        return f"is {show(value, kind)}, more than the most allowed, {show(high, kind)}"
    return None


def override(parameters: MappingType[str, Parameter], given: MappingType[str, object]) -> dict[str, Value]:
    """The value of every parameter, with those given from outside in place of defaults.

    A text stands for what it would stand for in the file (`--set`). Raises UsageError for an unknown parameter, a value
    of the wrong type, or one outside its bounds.
    """
    values: dict[str, Value] = {name: parameter.default for name, parameter in parameters.items()}
    for name, raw in given.items():
        parameter = parameters.get(name)
        if parameter is None:
            near = nearest(name, parameters)
            hint = f"; `{near}` is" if near else f"; there are {quoted(parameters)}" if parameters else "; it has none"
            raise UsageError(f"`{clip(name)}` is not a parameter of this protocol{hint}")
        value = convert(_from_text(raw, parameter.type), parameter.type)
        if value is None:
            raise UsageError(f"parameter `{name}` takes {_WANTS[parameter.type]}, not `{clip(str(raw))}`")
        if outside := _outside(parameter, value):
            raise UsageError(f"parameter `{name}` {outside}")
        values[name] = value
    return values


def _from_text(raw: object, kind: ParameterType) -> object:
    if isinstance(raw, str) and kind in (ParameterType.INT, ParameterType.FLOAT, ParameterType.BOOL):
        return scalars.decode(raw.strip())
    return raw
