"""The JSON Schema: the reader's keys, fresh under docs/, and true of every shipped protocol."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from protoflow.language import keys, read_text, shipped
from protoflow.language.schema import schema, text
from tests.language.test_hostile import EVERY_KEY
from tests.language.test_round_trip import CoreLoader

import yaml  # isort: skip

DOCS = Path(__file__).parents[2] / "docs" / "protoflow.schema.json"
VALIDATOR = jsonschema.Draft7Validator(schema())


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


def test_the_committed_file_is_fresh() -> None:
    assert DOCS.read_text(encoding="utf-8") == text(), "write it anew: protoflow schema > docs/protoflow.schema.json"


def mappings(node: Any) -> list[dict[str, Any]]:
    """The `properties` of every closed mapping in the schema."""
    if isinstance(node, list):
        return [found for item in node for found in mappings(item)]
    if not isinstance(node, dict):
        return []
    here = [node["properties"]] if node.get("additionalProperties") is False else []
    return here + [found for value in node.values() for found in mappings(value)]


def test_its_keys_and_texts_are_the_reader_s() -> None:
    found = [{key: value["description"] for key, value in each.items()} for each in mappings(schema())]
    assert sorted(found, key=str) == sorted((dict(table.keys) for table in keys.TABLES), key=str)


@pytest.mark.parametrize("table", keys.TABLES, ids=lambda table: table.title)
def test_the_reader_knows_every_key_and_no_other(table: keys.Table) -> None:
    """Each key in the document with every key is read; a misspelt one is reported in its place."""

    def with_extra(node: Any) -> bool:
        if isinstance(node, dict):
            names = set(node)
            if names and names <= set(table.keys) and (set(table.required) | set(table.telling[:1])) <= names:
                node["zzz"] = "x"
                return True
            return any(with_extra(value) for value in node.values())
        return isinstance(node, list) and any(with_extra(value) for value in node)

    document = copy.deepcopy(EVERY_KEY)
    assert with_extra(document)
    messages = [found.message for found in read_text(json.dumps(document), "f.yaml").diagnostics]
    assert messages == [f"`zzz` is not a key of {table.title}"]
    assert not VALIDATOR.is_valid(document)


def test_it_accepts_the_document_with_every_key() -> None:
    assert [error.message for error in VALIDATOR.iter_errors(EVERY_KEY)] == []


@pytest.mark.parametrize("path", shipped().values(), ids=shipped())
def test_it_accepts_every_shipped_protocol(path: Path) -> None:
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=CoreLoader)
    assert [(list(error.path), error.message) for error in VALIDATOR.iter_errors(document)] == []
