"""What is written is what is read: for any protocol, in any of the forms that mean it."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import jsonschema
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protoflow.language import read_text
from protoflow.language.schema import schema
from protoflow.program import compile_protocol
from protoflow.protocol import Name, Protocol
from tests.strategies import protocols, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SLOW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
SCHEMA = jsonschema.Draft7Validator(schema())


def all_names(value: Any) -> Iterator[Name]:
    """Every name in a model value."""
    if isinstance(value, Name):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from all_names(getattr(value, field.name))
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from all_names(key)
            yield from all_names(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from all_names(each)


@SLOW
@given(protocol=protocols(), random=st.randoms(use_true_random=False))
def test_a_written_protocol_reads_back_equal(protocol: Protocol, random: Random) -> None:
    text = write(protocol, random)
    reading = read_text(text, "written.yaml")
    assert [(found.code, found.message, found.span.line) for found in reading.diagnostics] == []
    assert reading.protocol == protocol
    assert reading.protocol is not None
    assert reading.protocol.digest == protocol.digest  # which has the order of all mappings too
    compile_protocol(reading.protocol, reading.parameters)


@SLOW
@given(protocol=protocols(), random=st.randoms(use_true_random=False))
def test_every_name_knows_the_exact_words_it_was_read_from(protocol: Protocol, random: Random) -> None:
    text = write(protocol, random)
    read = read_text(text, "written.yaml").protocol
    assert read is not None
    lines = text.split("\n")
    placed = 0
    for name in all_names(read):
        if name.span is None:
            continue
        assert name.span.line == name.span.end_line
        words = lines[name.span.line - 1][name.span.column - 1 : name.span.end_column - 1]
        assert words.strip('"') == name
        placed += 1
    assert placed >= 1 + 2 * len(protocol.roles)


class CoreLoader(yaml.SafeLoader):
    """What the YAML 1.2 reader of an editor sees: `on` and `yes` are text."""


CoreLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":int", ":float", ":null"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), ["t", "f"])


@SLOW
@given(protocol=protocols(), random=st.randoms(use_true_random=False))
def test_the_json_schema_accepts_what_can_be_read(protocol: Protocol, random: Random) -> None:
    document = yaml.load(write(protocol, random), Loader=CoreLoader)
    assert [(list(error.path), error.message) for error in SCHEMA.iter_errors(document)] == []
