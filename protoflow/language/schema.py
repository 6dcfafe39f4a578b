"""The JSON Schema (draft-07) of protocol files, for editors: completion, help texts and errors while typing.

Made from the tables of `keys`, so that it has the reader's keys and texts. It knows forms, not meanings: whether a name
is declared is for validation to say. Everything that validates is accepted by it; not everything it accepts validates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from protoflow.language import keys, scalars
from protoflow.protocol import ParameterType, Shape

if TYPE_CHECKING:
    from protoflow.language.keys import Table

Schema: TypeAlias = dict[str, Any]

_NAME = f"^{scalars.NAME.pattern}$"
_SHARE = f"^{scalars.SHARE.pattern}$"
_DURATION = f"^{scalars.DURATION.pattern}$"
_RANGE = f"^{scalars.RANGE.pattern}$"
_CALLED = f"{scalars.NAME.pattern}$"
_PAYLOAD = rf"^(optional )?((list|dict) of (optional )?)*({'|'.join(keys.PAYLOAD_KINDS)})$"
_CLASS = r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*$"

_TEXT: Schema = {"type": ["string", "number", "boolean", "null"]}
_FLAG: Schema = {"type": "boolean"}
_COUNTING: Schema = {"type": "integer", "minimum": 0}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _some(item: Schema, least: int = 0) -> Schema:
    """One, or a list of them."""
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": least, "uniqueItems": True}]}


def _named(item: Schema) -> Schema:
    """A mapping of names to elements."""
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": item,
    }


def _mapping(table: Table, values: dict[str, Schema]) -> Schema:
    """A mapping with the keys of `table`, and no others. (Draft-07 ignores what stands beside a `$ref`.)"""
    described = {key: {"allOf": [value]} if "$ref" in value else value for key, value in values.items()}
    result: Schema = {
        "type": "object",
        "properties": {key: {"description": text, **described[key]} for key, text in table.keys.items()},
        "additionalProperties": False,
    }
    if table.required:
        result["required"] = list(table.required)
    return result


def schema() -> Schema:
    """The JSON Schema of a protocol file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "protoflow protocol, version 1",
        "description": "A federated-learning course: who takes part, which messages they exchange, and one state "
        "machine per role.",
        **_mapping(
            keys.PROTOCOL,
            {
                "protoflow": {"const": 1},
                "name": _ref("name"),
                "summary": _TEXT,
                "source": _TEXT,
                "extends": _some({"type": "string"}, least=1),
                "parameters": _named(_ref("parameter")),
                "messages": _named(_ref("message")),
                "roles": _named(_ref("role")),
                "links": _named(_ref("link")),
                "assumptions": {"anyOf": [{"type": "null"}, _ref("assumptions")]},
                "properties": _named(_ref("property")),
                "remove": _some(_ref("name")),
            },
        ),
        "definitions": _definitions(),
    }


def _definitions() -> dict[str, Schema]:
    name, names = _ref("name"), _some(_ref("name"))
    some_names = _some(_ref("name"), least=1)
    number = {"anyOf": [{"type": "integer", "minimum": 1}, name]}
    value = {"type": ["string", "number", "boolean"]}
    everything = {"const": "*"}
    return {
        "name": {"type": "string", "pattern": _NAME},
        "parameter": {
            "anyOf": [
                value,
                _mapping(
                    keys.PARAMETER,
                    {
                        "type": {"enum": [kind.value for kind in ParameterType]},
                        "default": value,
                        "min": {"type": ["string", "number"]},
                        "max": {"type": ["string", "number"]},
                        "help": _TEXT,
                    },
                ),
            ]
        },
        "message": _mapping(
            keys.MESSAGE,
            {
                "from": some_names,
                "to": some_names,
                "payload": _named({"type": "string", "pattern": _PAYLOAD}),
                "summary": _TEXT,
            },
        ),
        "role": {
            "anyOf": [
                {"type": "null"},
                _mapping(
                    keys.ROLE,
                    {
                        "class": {"type": "string", "pattern": _CLASS},
                        "count": {"anyOf": [number, {"type": "string", "pattern": _RANGE}]},
                        "initial": name,
                        "states": {
                            "anyOf": [
                                _named({"anyOf": [{"type": "null"}, _ref("state")]}),
                                {"type": "array", "items": name, "uniqueItems": True},
                            ]
                        },
                        "events": _named(_ref("event")),
                        "transitions": {"type": ["array", "null"], "items": _ref("transition")},
                        "summary": _TEXT,
                        "remove": _some({"anyOf": [name, _ref("removed_row")]}),
                    },
                ),
            ]
        },
        "state": _mapping(
            keys.STATE,
            {
                "final": _FLAG,
                "ignore": {"anyOf": [everything, names, {"type": "null"}]},
                "defer": {"anyOf": [everything, names, {"type": "null"}]},
                "summary": _TEXT,
            },
        ),
        "event": {
            **_mapping(
                keys.EVENT,
                {
                    "received": name,
                    "from": {"anyOf": [number, {"type": "string", "pattern": _SHARE}]},
                    "for": name,
                    "count": number,
                    "after": {"anyOf": [{"type": "string", "pattern": _DURATION}, name]},
                    "raised": {"const": True},
                },
            ),
            "oneOf": [
                {"required": ["received", "from"], "not": {"required": ["count"]}},
                {"required": ["received", "count"]},
                {"required": ["after"]},
                {"required": ["raised"]},
            ],
        },
        "transition": _mapping(
            keys.TRANSITION,
            {
                "trigger": some_names,
                "source": {"anyOf": [everything, some_names]},
                "dest": name,
                "handler": name,
                "conditions": {"anyOf": [names, {"type": "null"}]},
                "unless": {"anyOf": [names, {"type": "null"}]},
                "times": number,
                "send": {"anyOf": [_some(_ref("send")), {"type": "null"}]},
                "raise": {"anyOf": [_some({"type": "string", "pattern": f"^(maybe )?{_CALLED}"}), {"type": "null"}]},
            },
        ),
        "send": {
            "anyOf": [
                {"type": "string", "pattern": f"^(maybe )?{_CALLED}"},
                _mapping(keys.SEND, {"message": name, "to": _ref("target"), "maybe": _FLAG, "one": _FLAG}),
                {
                    "type": "object",
                    "propertyNames": {"pattern": _NAME},
                    "additionalProperties": _ref("target"),
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ]
        },
        "target": {"type": "string", "pattern": f"^(one )?{_CALLED}"},
        "link": {
            **_mapping(
                keys.LINK,
                {"from": name, "to": name, "shape": {"enum": [shape.value for shape in Shape]}, "inverse": name},
            ),
            "oneOf": [{"required": ["from", "to", "shape"]}, {"required": ["inverse"]}],
        },
        "assumptions": _mapping(
            keys.ASSUMPTIONS,
            {
                "channels": {"enum": ["fifo", "any"]},
                "crashes": {**_named(_COUNTING)},
                "early_timeouts": _COUNTING,
                "loss": _COUNTING,
                "duplicates": _COUNTING,
            },
        ),
        "property": _mapping(keys.PROPERTY, {"never": {**_named(some_names), "type": "object", "minProperties": 1}}),
        "removed_row": _mapping(
            keys.REMOVED_ROW, {"source": {"anyOf": [everything, some_names]}, "trigger": some_names}
        ),
    }


def text() -> str:
    """The schema as the text that `protoflow schema` prints and docs/protoflow.schema.json has."""
    import json

    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
