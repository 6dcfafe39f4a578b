"""semantics.md, *Counting, precisely*: when an event that counts messages holds."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.runtime.driving import interpreters, message, settle

COURSE = """
messages:
  vote: {{from: [client, edge], to: server}}
  noise: {{from: client, to: server}}
  close: {{from: server, to: [client, edge]}}
links: {{mine: {{from: server, to: client, shape: graph}}}}
parameters: {{quorum: 2, part: 50%}}
roles:
  server:
    states: {{open: {{final: true}}}}
    events: {{enough: {event}}}
    transitions:
      - {{trigger: [vote, noise], source: open}}
      - {{trigger: enough, source: open, send: close}}
  client:
    count: 1..
    states: {{only: {{final: true}}}}
    transitions:
      - {{trigger: start, source: only, send: [vote, noise]}}
      - {{trigger: close, source: only}}
  edge:
    count: 1..
    states: {{only: {{final: true}}}}
    transitions:
      - {{trigger: start, source: only, send: vote}}
      - {{trigger: close, source: only}}
"""


def votes_needed(event: str, clients: int, edges: int, lost: int = 0, link: int = 0) -> int | None:
    """After how many votes of distinct senders, clients first, the event fires; None: not after all of them."""
    relation = {"mine": {"server": [f"client{index + 1}" for index in range(link)]}}
    server = interpreters(COURSE.format(event=event), {"client": clients, "edge": edges}, relations=relation)["server"]
    voters = [f"client{index + 1}" for index in range(clients)] + [f"edge{index + 1}" for index in range(edges)]
    for voter in voters[len(voters) - lost :]:
        server.deliver(message("lost", voter), 0.0)
    if settle(server):
        return 0
    for number, voter in enumerate(voters[: len(voters) - lost], start=1):
        server.deliver(message("vote", voter), 0.0)
        if settle(server):
            return number
    return None


@pytest.mark.parametrize(
    ("event", "needed"),
    [
        ("{received: vote, from: all}", 5),
        ("{received: vote, from: 2}", 2),
        ("{received: vote, from: quorum}", 2),
        ("{received: vote, from: part}", 3),
        ("{received: vote, from: 60%}", 3),
        ("{received: vote, from: 61%}", 4),
        ("{received: vote, from: 20.5%}", 2),
        ("{received: vote, from: 100%}", 5),
        ("{received: vote, from: 5}", 5),
        ("{received: vote, from: 6}", None),
        ("{received: vote, count: 3}", 3),
        ("{received: vote, count: quorum}", 2),
    ],
)
def test_how_many_of_five(event: str, needed: int | None) -> None:
    assert votes_needed(event, clients=3, edges=2) == needed


@pytest.mark.parametrize(("total", "needed"), [(2, 1), (3, 1), (4, 2), (6, 2), (7, 3), (100, 33)])
def test_a_share_is_rounded_up_in_integers(total: int, needed: int) -> None:
    assert votes_needed("{received: vote, from: 33%}", clients=total - 1, edges=1) == needed


@pytest.mark.parametrize(("event", "needed"), [("all", 3), ("50%", 2), ("3", 3), ("4", None)])
def test_the_lost_are_taken_out_of_what_is_expected(event: str, needed: int | None) -> None:
    assert votes_needed(f"{{received: vote, from: {event}}}", clients=3, edges=2, lost=2) == needed


def test_nothing_expected_never_holds() -> None:
    assert votes_needed("{received: vote, from: all}", clients=1, edges=1, lost=2) is None


def test_a_link_expects_those_on_it_and_counts_nobody_else() -> None:
    assert votes_needed("{received: vote, from: mine}", clients=3, edges=1, link=3) == 3
    server = interpreters(
        COURSE.format(event="{received: vote, from: mine}"),
        {"client": 2, "edge": 1},
        relations={"mine": {"server": ["client2"]}},
    )["server"]
    for voter in ("client1", "edge1"):
        server.deliver(message("vote", voter), 0.0)
        assert settle(server) == []
    server.deliver(message("vote", "client2"), 0.0)
    assert len(settle(server)) == 1


def test_senders_are_distinct_but_messages_are_messages() -> None:
    for event, fires in (("{received: vote, from: 2}", False), ("{received: vote, count: 2}", True)):
        server = interpreters(COURSE.format(event=event), {"client": 2}, relations={"mine": {}})["server"]
        server.deliver(message("vote", "client1"), 0.0)
        assert settle(server) == []
        server.deliver(message("vote", "client1"), 0.0)
        assert bool(settle(server)) is fires


def test_a_count_goes_up_to_k_and_no_further() -> None:
    server = interpreters(COURSE.format(event="{received: vote, count: 2}"), {"client": 1}, relations={"mine": {}})[
        "server"
    ]
    for _ in range(5):  # nothing fires in between: the engine would, here the messages are pressed on
        server.deliver(message("vote", "client1"), 0.0)
    assert len(settle(server)) == 1
    server.deliver(message("vote", "client1"), 0.0)
    assert settle(server) == []


def test_only_the_message_named_is_counted() -> None:
    server = interpreters(COURSE.format(event="{received: vote, count: 1}"), {"client": 1}, relations={"mine": {}})[
        "server"
    ]
    server.deliver(message("noise", "client1"), 0.0)
    assert settle(server) == []


def test_a_participant_expects_nothing_of_itself() -> None:
    text = """
messages:
  hello: {from: peer, to: peer}
roles:
  peer:
    count: 2..
    states: {on: {final: true}}
    events: {met: {received: hello, from: all}}
    transitions:
      - {trigger: start, source: on, send: hello}
      - {trigger: hello, source: on}
      - {trigger: met, source: on}
"""
    peers = interpreters(text, {"peer": 3})
    for one, other in pairwise(["peer2", "peer1", "peer3"]):
        assert settle(peers["peer2"]) == []
        if one == "peer2":
            peers["peer2"].deliver(message("hello", other, "peer2"), 0.0)
    peers["peer2"].deliver(message("hello", "peer3", "peer2"), 0.0)
    assert [step.trigger for step in settle(peers["peer2"])] == ["met"]
