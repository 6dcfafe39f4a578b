"""Who takes part, what they are called, and how links of every shape bind them."""

from __future__ import annotations

from typing import Any

import pytest

from protoflow.errors import UsageError
from protoflow.program import compile_protocol
from protoflow.runtime.directory import Directory
from tests.runtime.driving import protocol

COURSE = """
messages:
  up: {{from: client, to: [edge, cloud]}}
  beside: {{from: client, to: client}}
  down: {{from: [edge, cloud], to: client}}
links:
  bond: {{from: client, to: {dest}, shape: {shape}}}
  back: {{inverse: bond}}
roles:
  cloud:
    states: {{on: {{final: true}}}}
    transitions: [{{trigger: up, source: on, send: down}}]
  edge:
    count: {edges}
    states: {{on: {{final: true}}}}
    transitions: [{{trigger: up, source: on, send: {{down: back}}}}]
  client:
    count: 1..6
    states: {{on: {{final: true}}}}
    transitions:
      - {{trigger: start, source: on, send: [{{up: all}}, {{beside: all}}]}}
      - {{trigger: [down, beside], source: on, conditions: bond}}
"""


def directory(shape: str, clients: int, edges: int = 2, relations: Any = None) -> Directory:
    dest = "edge" if shape in ("one", "graph") else "client"
    text = COURSE.format(shape=shape, dest=dest, edges="2..")
    if dest == "client":
        text = text.replace("{down: back}", "down")
    return Directory(compile_protocol(protocol(text)), {"cloud": 1, "edge": edges, "client": clients}, relations)


def bonds(shape: str, clients: int, edges: int = 2, relations: Any = None) -> dict[str, str]:
    """Link as a text each: `1 -> 2 3`."""
    links = directory(shape, clients, edges, relations).links["bond"]
    return {
        who.removeprefix("client"): " ".join(other.removeprefix("client").removeprefix("edge") for other in links[who])
        for who in links
    }


def test_ids_are_role_names_or_numbered_from_one() -> None:
    found = directory("one", 3)
    assert found.ids == ("cloud", "edge1", "edge2", "client1", "client2", "client3")
    assert directory("one", 1).members["client"] == ("client1",), "numbered where the role may have several"
    assert found.receivers("up", "client2") == ("cloud", "edge1", "edge2")
    assert found.receivers("beside", "client2") == ("client1", "client3")
    assert found.senders("down", "client2") == ("cloud", "edge1", "edge2")
    assert found.peers("cloud") == ("client1", "client2", "client3")
    assert found.peers("client1") == ("cloud", "edge1", "edge2", "client2", "client3")


@pytest.mark.parametrize(
    ("shape", "clients", "expected"),
    [
        ("one", 5, {"1": "1", "2": "2", "3": "1", "4": "2", "5": "1"}),
        ("ring", 1, {"1": ""}),
        ("ring", 2, {"1": "2", "2": "1"}),
        ("ring", 4, {"1": "2 4", "2": "1 3", "3": "2 4", "4": "1 3"}),
        ("next", 1, {"1": ""}),
        ("next", 3, {"1": "2", "2": "3", "3": "1"}),
        ("chain", 1, {"1": ""}),
        ("chain", 3, {"1": "2", "2": "3", "3": ""}),
    ],
)
def test_shapes(shape: str, clients: int, expected: dict[str, str]) -> None:
    assert bonds(shape, clients) == expected


def test_an_inverse_link() -> None:
    assert directory("one", 3).links["back"] == {"edge1": ("client1", "client3"), "edge2": ("client2",)}
    assert directory("chain", 3).links["back"] == {"client1": (), "client2": ("client1",), "client3": ("client2",)}


def test_a_graph_is_given_by_the_program() -> None:
    relation = {"bond": {"client2": ["edge2", "edge1"]}}
    assert bonds("graph", 2, relations=relation) == {"1": "", "2": "1 2"}
    relation = {"bond": {"client1": ["edge2"], "client2": ["edge2"]}}
    assert bonds("one", 2, relations=relation) == {"1": "2", "2": "2"}


@pytest.mark.parametrize(
    ("shape", "relations", "text"),
    [
        ("graph", None, "link `bond` has the shape `graph`: the program must say who is linked to whom, with "
                        'course.link("bond", {id: [ids], ...})'),
        ("graph", {"bund": {}}, "`bund` is not a link of `small`"),
        ("graph", {"bond": {"edge1": []}}, "link `bond`: `edge1` is not a participant of role `client`"),
        ("graph", {"bond": {"client1": ["client2"]}}, "link `bond`: `client2` is not a participant of role `edge`"),
        ("graph", {"bond": {"client1": ["edge1", "edge1"]}}, "link `bond`: `client1` is linked twice to the same "
                                                             "participant"),
        ("one", {"bond": {"client1": ["edge1", "edge2"]}}, "link `bond`: `client1` must be bound to exactly one "
                                                           "`edge`"),
        ("one", {"bond": {"client1": ["edge1"]}}, "link `bond`: `client2` must be bound to exactly one `edge`"),
        ("ring", {"bond": {}}, "link `bond` has the shape `ring`: who is linked follows from that"),
    ],
)  # fmt: skip
def test_relations_that_do_not_fit(shape: str, relations: Any, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        directory(shape, 2, relations=relations)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("clients", "edges", "text"),
    [
        (0, 2, "role `client` needs 1 to 6 participants, not 0"),
        (7, 2, "role `client` needs 1 to 6 participants, not 7"),
        (1, 1, "role `edge` needs at least 2 participants, not 1"),
    ],
)
def test_numbers_that_the_protocol_does_not_allow(clients: int, edges: int, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        directory("one", clients, edges)
    assert str(caught.value) == text


CLASH = """
messages: {hi: {from: peer, to: peer1}}
roles:
  peer:  {count: 1.., states: {on: {final: true}}, transitions: [{trigger: start, source: on, send: hi}]}
  peer1: {count: %s, states: {on: {final: true}}, transitions: [{trigger: hi, source: on}]}
"""


@pytest.mark.parametrize(("count", "peers", "clashing"), [("1", 1, "peer1"), ("1..", 10, None), ("1..", 11, "peer11")])
def test_two_participants_never_have_one_id(count: str, peers: int, clashing: str | None) -> None:
    program = compile_protocol(protocol(CLASH % count))
    if clashing is None:
        assert len(set(Directory(program, {"peer": peers, "peer1": 1}).ids)) == peers + 1
        return
    with pytest.raises(UsageError) as caught:
        Directory(program, {"peer": peers, "peer1": 1})
    assert str(caught.value) == (
        f"`{clashing}` would be a participant of role `peer` and one of role `peer1`: rename one of the roles"
    )


def test_who_is_told_of_a_loss_and_who_is_left() -> None:
    found = directory("one", 4)
    assert found.watchers("client1") == (), "nobody has a row for `lost`"
    assert found.among("client", {"client2", "edge1"}) == ("client1", "client3", "client4")
    assert found.place("client3") == ("client", 2)
    assert (found.role_of["edge2"], found.order["edge2"], found.order["client1"]) == ("edge", 2, 3)
    for who in ("client5", "client0", "clouds"):
        with pytest.raises(KeyError):
            found.role_of[who]
