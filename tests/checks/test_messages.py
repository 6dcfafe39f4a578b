"""PF103, PF104, PF109, PF111 on everything that the language can say about who sends what to whom."""

from __future__ import annotations

import pytest

from tests.checks.machines import findings, shown

TEXT = """\
protoflow: 1
name: relay
messages:
  task:   {from: [server, edge], to: [edge, client]}
  result: {from: client, to: [server, edge], payload: {note: optional str}}
links:
  my_edge: {from: client, to: edge, shape: one}
  my_clients: {inverse: my_edge}
roles:
  server:
    states: {working: , done: {final: true}}
    events: {all_in: {received: result, from: 50%}}
    transitions:
      - {trigger: start, source: working, send: {task: edge}}
      - {trigger: result, source: "*"}
      - {trigger: all_in, source: working, dest: done}
  edge:
    count: 1..
    states: {working: , done: {final: true, ignore: "*"}}
    events: {all_in: {received: result, from: my_clients}}
    transitions:
      - {trigger: task, source: working, send: {task: my_clients}}
      - {trigger: result, source: working}
      - {trigger: all_in, source: working, dest: done}
  client:
    count: 1..
    states: {waiting: , done: {final: true, ignore: task}}
    transitions:
      - {trigger: task, source: waiting, dest: done, send: {result: my_edge}}
"""
REPLY = "{result: my_edge}"


def relay(*changes: tuple[str, str]) -> list[tuple[str, str]]:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return shown(text)


def test_several_senders_and_receivers() -> None:
    """The result goes to the edge only, so the server's event waits in vain."""
    assert relay() == [("PF108", "`all_in` of `server` can never hold: nobody sends `result` to it")]
    assert relay((REPLY, "result")) == []  # left out: the sender of the task, an edge or the server
    assert relay((REPLY, "{result: all}")) == []


def test_each_receiving_role_must_handle_it() -> None:
    assert relay((REPLY, "{result: all}"), ('\n      - {trigger: result, source: "*"}', "")) == [
        ("PF103", "`result` is sent to `server`, which handles it in no state")
    ]


NOTICE = """\
protoflow: 1
name: notice
messages:
  news: {from: server, to: [client, watcher]}
roles:
  server:
    states: {busy: , done: {final: true}}
    transitions: [{trigger: start, source: busy, dest: done, send: news}]
  client:
    states: {waiting: , done: {final: true}}
    transitions: [{trigger: news, source: waiting, dest: done}]
  watcher:
    states: WATCHER
    events: {bored: {after: 5s}}
    transitions: [{trigger: bored, source: looking, dest: done}]
"""


@pytest.mark.parametrize("ignore", ["news", "'*'"])
def test_a_role_that_ignores_it_before_the_end_wants_none_of_it(ignore: str) -> None:
    assert shown(NOTICE.replace("WATCHER", f"{{looking: {{ignore: {ignore}}}, done: {{final: true}}}}")) == []
    for states in (
        f"{{looking: , done: {{final: true, ignore: {ignore}}}}}",
        f"{{looking: {{defer: {ignore}}}, done: {{final: true}}}}",
    ):
        assert shown(NOTICE.replace("WATCHER", states)) == [
            ("PF103", "`news` is sent to `watcher`, which handles it in no state")
        ]


def test_what_goes_back_goes_only_to_who_has_sent_something() -> None:
    """The server may send a task to a client, but does not; so no result goes back to it."""
    text = TEXT.replace(REPLY, "result").replace('\n      - {trigger: result, source: "*"}', "")
    text = text.replace("  result: {from: client", "  over:   {from: edge, to: server}\n  result: {from: client")
    text = text.replace("received: result, from: 50%", "received: over, from: all")
    text = text.replace("dest: done}\n  edge", "dest: done}\n      - {trigger: over, source: working}\n  edge")
    text = text.replace("dest: done}\n  client", "dest: done, send: over}\n  client")
    assert shown(text) == []
    assert shown(text.replace("{task: edge}", "task")) == [
        ("PF103", "`result` is sent to `server`, which handles it in no state")
    ]


def test_handled_here_and_sent_elsewhere() -> None:
    text = TEXT.replace(REPLY, "{result: server}").replace("from: my_clients", "from: all").replace("50%", "all")
    assert shown(text) == [("PF108", "`all_in` of `edge` can never hold: nobody sends `result` to it")]
    text = text.replace(
        "      - {trigger: all_in, source: working, dest: done}\n  client",
        "      - {trigger: task, source: working, dest: done}\n  client",
    )
    text = text.replace(
        "    events: {all_in: {received: result, from: all}}\n    transitions:\n      - {trigger: task, s",
        "    transitions:\n      - {trigger: task, s",
    )
    assert ("PF104", "`edge` handles `result`, but it is sent to `server` only") in shown(text)


@pytest.mark.parametrize(
    ("send", "message"),
    [
        ("{task: my_edge}", "`task` is sent by `client`, but it comes from `server` or `edge`"),
        ("{result: client}", "`result` is sent to `client`, but it goes to `server` or `edge`"),
    ],
)
def test_who_may_send_to_whom(send: str, message: str) -> None:
    assert ("PF109", message) in relay((REPLY, f"[{send}]" if send.startswith("{result") else f"[result, {send}]"))


def test_a_message_that_comes_from_nobody_who_sends_it_is_one_mistake() -> None:
    """Whoever sends it is its sender, and where answers to it go is not looked at."""
    text = (
        TEXT.replace("[edge, client]}", "[edge, client]}\n  hint:   {from: server, to: server}")
        .replace(
            "      - {trigger: start,",
            "      - {trigger: hint, source: working, send: {task: sender}}\n      - {trigger: start,",
        )
        .replace("send: {result: my_edge}", "send: [{result: my_edge}, hint]")
    )
    (found,) = findings(text)
    assert (found.code, found.message) == ("PF109", "`hint` is sent by `client`, but it comes from `server`")
    assert found.help is not None
    assert (found.help.text, found.help.replacement) == ("let `client` be the sender of it", "client")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "{trigger: all_in, source: working, dest: done, send: {task: sender}}",
            "`task` is sent to `sender`, but `all_in` comes from nobody",
        ),
        (
            "{trigger: all_in, source: working, dest: done, send: {task: server}}",
            "`task` is sent to `server`, but it goes to `edge` or `client`",
        ),
    ],
)
def test_targets(row: str, message: str) -> None:
    old = "{trigger: all_in, source: working, dest: done}\n  client"
    assert relay((REPLY, "result"), (old, f"{row}\n  client")) == [("PF109", message)]


def test_the_sender_of_a_message_that_comes_from_elsewhere() -> None:
    old = "{trigger: task, source: working, send: {task: my_clients}}"
    new = "{trigger: task, source: working, send: {news: sender}}"
    found = relay(
        (REPLY, "result"), (old, new), ("  result: {from", "  news: {from: edge, to: client}\n  result: {from")
    )
    assert found[0] == ("PF109", "`news` is sent to the sender of `task`, `server` or `edge`, but it goes to `client`")


def test_a_lost_peer_may_be_told() -> None:
    row = "      - {trigger: lost, source: working, send: {task: sender}}\n  client"
    assert relay((REPLY, "result"), ("  client:\n", row[: -len("  client")] + "  client:\n")) == []


def test_optional_fields_may_be_left_out_and_others_not() -> None:
    found = findings(
        TEXT.replace(REPLY, "result").replace("{note: optional str}", "{note: optional str, loss: float, n: int}")
    )
    assert [(each.code, each.message) for each in found] == [
        ("PF111", "`result` is sent without `loss` and `n`: this row has no handler to fill it")
    ]
    assert found[0].help is not None
    assert found[0].help.replacement == ", handler: on_task"
