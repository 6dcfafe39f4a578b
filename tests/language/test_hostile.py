"""Any text gives findings or a protocol: no traceback, and never more time or memory than a protocol is worth."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protoflow.language import Reading, read_text, shipped
from protoflow.language.limits import MAX_FINDINGS
from protoflow.program import compile_protocol
from tests.language.hostile import MIB, TEXTS
from tests.strategies import protocols, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from protoflow.protocol import Protocol

SECONDS = 10
MEBIBYTES = 200

CHILD = f"""
import pathlib, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({MEBIBYTES} << 20, {MEBIBYTES} << 20))
from protoflow.errors import ProtoflowError
from protoflow.language import read
from protoflow.program import compile_protocol
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    begun = time.process_time()
    reading = read(path)
    if reading.protocol is not None:
        compile_protocol(reading.protocol, reading.parameters)
    print(path.name, len(reading.diagnostics), reading.protocol is None, time.process_time() - begun, sep="\\t")
"""

CLEAN = {"states", "rows", "many sends", "many roles"}
"""Large, but nothing is wrong with them."""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on address space is Linux's")
def test_a_mebibyte_of_anything_stays_within_time_and_memory(tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        data = text.encode()
        assert len(data) <= MIB + 100_000
        (tmp_path / name.replace(" ", "_")).write_bytes(data)
    (tmp_path / "random_bytes").write_bytes(bytes((n * n * 2654435761 >> 7) & 0xFF for n in range(MIB)))
    done = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    results = {line.split("\t")[0].replace("_", " "): line.split("\t")[1:] for line in done.stdout.splitlines()}
    assert set(results) == {*TEXTS, "random bytes"}
    for name, (findings, refused, seconds) in results.items():
        assert float(seconds) < SECONDS, name
        assert (refused == "False") == (name in CLEAN), name
        assert (int(findings) == 0) == (name in CLEAN), name
        assert int(findings) <= MAX_FINDINGS, name


def survives(text: str) -> Reading:
    """Reading `text` gives either a protocol that compiles or findings with places that exist."""
    reading = read_text(text, "any.yaml")
    assert (reading.protocol is None) == bool(reading.diagnostics)
    if reading.protocol is not None:
        compile_protocol(reading.protocol, reading.parameters)
    for found in reading.diagnostics:
        for span in (found.span, *(label.span for label in found.related)):
            lines = reading.sources[span.file].split("\n")
            assert 1 <= span.line <= span.end_line <= len(lines)
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1
            assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1
            assert (span.line, span.column) <= (span.end_line, span.end_column)
        assert "\n" not in found.message
    return reading


FEDAVG = shipped()["fedavg_deadline"].read_text(encoding="utf-8")
FAST = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FAST
@given(st.text())
def test_any_text(text: str) -> None:
    survives(text)


@FAST
@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@`?, \n", max_size=60))
def test_any_text_of_yaml_marks(text: str) -> None:
    survives(f"protoflow: 1\nname: x\n{text}")


@FAST
@given(st.data())
def test_a_protocol_with_pieces_cut_out_doubled_or_moved(data: st.DataObject) -> None:
    text = FEDAVG
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        piece = text[start : start + data.draw(st.integers(1, 60))]
        rest = text[:start] + text[start + len(piece) :]
        where = data.draw(st.integers(0, len(rest)))
        text = data.draw(
            st.sampled_from([rest, text[:start] + piece + text[start:], rest[:where] + piece + rest[where:]])
        )
    survives(text)


EVERY_KEY: dict[str, Any] = {
    "protoflow": 1,
    "name": "every_key",
    "summary": "All keys of the language.",
    "source": "None.",
    "extends": ["hello"],
    "parameters": {"rounds": {"type": "int", "default": 3, "min": 1, "max": 9, "help": "Rounds."}, "quick": True},
    "messages": {"ask": {"from": ["server"], "to": ["client"], "payload": {"x": "list of int"}, "summary": "Ask."}},
    "roles": {
        "server": {
            "class": "package.module:Class",
            "count": "1..2",
            "initial": "waiting",
            "states": {"waiting": None, "extra": {"final": True, "ignore": ["answer"], "defer": [], "summary": "End."}},
            "events": {
                "all_here": {"received": "answer", "for": "ask", "from": "all"},
                "some_here": {"received": "answer", "count": 3},
                "late": {"after": "30s"},
                "told": {"raised": True},
            },
            "transitions": [
                {
                    "trigger": ["all_here", "late"],
                    "source": ["waiting"],
                    "dest": "extra",
                    "handler": "work",
                    "conditions": ["quick"],
                    "unless": ["tired"],
                    "times": "rounds",
                    "send": [{"message": "ask", "to": "one client", "maybe": True, "one": True}, {"greeting": "all"}],
                    "raise": ["maybe told"],
                }
            ],
            "summary": "Serves.",
            "remove": [{"source": "waiting", "trigger": "start"}],
        }
    },
    "links": {"near": {"from": "client", "to": "client", "shape": "ring"}, "back": {"inverse": "near"}},
    "assumptions": {"channels": "any", "crashes": {"client": 1}, "early_timeouts": 0, "loss": 1, "duplicates": 1},
    "properties": {"never_both": {"never": {"server": ["waiting"], "client": "done"}}},
    "remove": [],
}
WRONG = [5, -1, 0, 1.5, 1e300, 10**30, True, False, None, "", "a b", "*", "Ä", "x" * 500, [], {}, [[]], [{}], [None, 1],
         {"a": "b"}, {"a": {"b": {"c": []}}}, {"from": 1}, ["server", "server"]]  # fmt: skip


def places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a document."""
    if way:
        yield way
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*way, key))


def changed(way: tuple[Any, ...], value: Any) -> Any:
    document = json.loads(json.dumps(EVERY_KEY))
    node = document
    for key in way[:-1]:
        node = node[key]
    node[way[-1]] = value
    return document


def test_the_document_with_every_key_is_read() -> None:
    reading = survives(json.dumps(EVERY_KEY, indent=1))
    assert [found.message for found in reading.diagnostics] == []


def test_a_wrong_type_at_every_key() -> None:
    ways = list(places(EVERY_KEY))
    assert len(ways) > 90
    refused = 0
    for way in ways:
        for wrong in WRONG:
            reading = survives(json.dumps(changed(way, wrong), indent=1))
            refused += reading.protocol is None
    assert refused > len(ways) * len(WRONG) * 0.7


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(protocol=protocols(), random=st.randoms(use_true_random=False))
def test_words_of_a_protocol_in_each_other_s_places(protocol: Protocol, random: Random) -> None:
    """Names of the wrong kind at every place: what is not refused compiles."""
    text = write(protocol, random)
    for _ in range(10):
        places = list(re.finditer(r"\b[a-z][a-z0-9_]*\b(?!:)", text))
        changed, other = random.choice(places), random.choice(places)
        survives(text[: changed.start()] + other[0] + text[changed.end() :])
