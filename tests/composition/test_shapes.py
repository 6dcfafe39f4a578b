"""Courses that are no star, explored exactly at small sizes: peers, rings, chains, edges between server and clients."""

from __future__ import annotations

from math import comb
from pathlib import Path

import pytest

from protoflow.checks.composition import Options, check
from protoflow.checks.composition.domain import Exact
from protoflow.checks.composition.initial import Cast
from protoflow.checks.composition.model import Model
from protoflow.language import read, read_text
from protoflow.program import Program, compile_protocol

FOLDER = Path(__file__).with_name("shapes")


def program(name: str) -> Program:
    reading = read(str(FOLDER / f"{name}.yaml"))
    assert reading.protocol is not None
    return compile_protocol(reading.protocol)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("chain", "checked for N = 1..3"),
        ("secret_sharing", "checked for N = 2..4"),
        ("hierarchical", "checked for edge = 1..3, client = 1..3"),
    ],
)
def test_clean_ones(name: str, line: str) -> None:
    found, verdict = check(program(name), Options(seconds=60, cache=False))
    assert found == []
    assert verdict.line.startswith(line)
    assert verdict.terminates == "always"


def test_gossip_counts_a_share_of_the_next_round() -> None:
    """With three peers one can be a round ahead: the window takes its second share for the missing one's first."""
    found, verdict = check(program("gossip"), Options(cache=False))
    assert [each.code for each in found] == ["PF202"]
    assert (verdict.status, verdict.holds_for) == ("failed", "N = 3")
    assert found[0].participants == {"peer": 3}
    assert found[0].links == {
        "near": {"peer1": ("peer2", "peer3"), "peer2": ("peer1", "peer3"), "peer3": ("peer1", "peer2")}
    }


GRAPH = """
protoflow: 1
name: relation
messages: {word: {from: peer, to: peer}}
links: {near: {from: peer, to: peer, shape: %s}}
roles:
  peer:
    count: 1..
    states: {talking: {final: true}}
    transitions:
      - {trigger: start, source: talking, send: {word: near}}
      - {trigger: word, source: talking}
"""


@pytest.mark.parametrize(
    ("shape", "peers", "different"),
    [
        ("graph", 2, 3),  # directed graphs without loops, up to names: 1, 3, 16
        ("graph", 3, 16),
        ("one", 3, 2),  # each of three bound to another: a circle of three, or two to each other and one to one of them
        ("ring", 4, 1),
        ("next", 4, 1),
        ("chain", 4, 1),
    ],
)
def test_links_are_tried_once_up_to_names(shape: str, peers: int, different: int) -> None:
    reading = read_text(GRAPH % shape, "relation.yaml")
    assert reading.protocol is not None
    model = Model(compile_protocol(reading.protocol), reading.protocol.assumptions)
    cast = Cast(model, {0: peers}, star=model.star)
    store = cast.store(Exact())
    assert len({store.encode(work) for work in cast.configurations()}) == different


def test_two_many_roles_that_meet_at_one_server_are_a_star() -> None:
    """Proved for all numbers of both at once."""
    text = """
protoflow: 1
name: two_kinds
messages:
  sample: {from: [sensor, phone], to: server}
roles:
  server:
    states: {open: , done: {final: true}}
    events: {all_in: {received: sample, from: all}}
    transitions:
      - {trigger: sample, source: open}
      - {trigger: all_in, source: open, dest: done}
  sensor:
    count: 1..
    states: {idle: , done: {final: true}}
    transitions: [{trigger: start, source: idle, dest: done, send: sample}]
  phone:
    count: 2..
    states: {idle: , done: {final: true}}
    transitions: [{trigger: start, source: idle, dest: done, send: sample}]
"""
    reading = read_text(text, "two_kinds.yaml")
    assert reading.protocol is not None
    found, verdict = check(compile_protocol(reading.protocol), Options(cache=False))
    assert found == []
    assert (verdict.status, verdict.holds_for) == ("proved", "every sensor ≥ 1, every phone ≥ 2")


def test_participants_of_a_role_are_counted_not_named() -> None:
    """N clients, each in one of three places: as many configurations as ways to share N among three."""
    text = "protoflow: 1\nname: many\nmessages: {hello: {from: client, to: server}}\nroles:\n"
    text += "  server: {states: {on: {final: true, ignore: hello}}}\n"
    text += "  client:\n    count: 1..\n    states: {off: , on: {final: true}}\n"
    text += "    transitions: [{trigger: start, source: off, dest: on, send: hello}]\n"
    reading = read_text(text, "many.yaml")
    assert reading.protocol is not None
    from protoflow.checks.composition.explore import Budget
    from protoflow.checks.composition.search import search

    model = Model(compile_protocol(reading.protocol), reading.protocol.assumptions)
    graph, _, _ = search(model, (1, 8), Exact(), Budget(10, 1_000), reduced=False)
    assert len(graph) == comb(8 + 2, 2)  # each has not started, or has its `hello` under way, or has been heard
