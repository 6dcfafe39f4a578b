"""PF107, PF108, PF110 and PF105: events that few cannot bring about, never hold, never rest, and are never used."""

from __future__ import annotations

import pytest

from tests.checks.machines import findings, shown

TEXT = """\
protoflow: 1
name: votes
messages:
  ask:  {from: chair, to: member}
  vote: {from: member, to: chair}
roles:
  chair:
    states: {early: , open: , late: , closed: {final: true}}
    events:
      enough: {EVENT}
      time_up: {after: 10s}
    transitions:
      - {trigger: start,   source: early, dest: open, send: ask}
      - {trigger: vote,    source: HANDLED}
      - {trigger: time_up, source: open, dest: late}
      - {trigger: enough,  source: WAITED, dest: closed}
      - {trigger: time_up, source: late, dest: closed}
  member:
    count: COUNT
    states: {waiting: , done: {final: true}}
    transitions:
      - {trigger: ask, source: waiting, dest: done, send: vote}
"""


def votes(
    event: str,
    handled: str = "open",
    waited: str = "open",
    count: str = "1..",
    *changes: tuple[str, str],
    code: str = "PF108",
) -> list[str]:
    text = TEXT.replace("EVENT", event).replace("HANDLED", handled).replace("WAITED", waited).replace("COUNT", count)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return [message for each, message in shown(text) if each == code]


@pytest.mark.parametrize(
    ("count", "least"),
    [("1..", 1), ("4..", 4), ("2..7", 2), ("1..4", None), ("5..", None), ("6..9", None), ("5", None), ("3", None)],
)
def test_a_number_that_few_cannot_reach(count: str, least: int | None) -> None:
    """Where `count` allows fewer and not only fewer: what never can hold is PF108."""
    for event in ("received: vote, from: 5", "received: vote, for: ask, from: 5"):
        why = f"it waits for 5 senders of `vote`, and there may be no more than {least}"
        expected = [] if least is None else [f"`enough` of `chair` might never hold: {why}"]
        assert votes(event, count=count, code="PF107") == expected
    for event in ("received: vote, from: all", "received: vote, from: 80%", "received: vote, count: 5"):
        assert votes(event, count=count, code="PF107") == []


def test_a_number_of_peers_leaves_oneself_out() -> None:
    text = """
protoflow: 1
name: gossip
messages: {rumour: {from: peer, to: peer}}
roles:
  peer:
    count: 2..
    states: {open: , done: {final: true, ignore: rumour}}
    events: {heard: {received: rumour, from: 2}}
    transitions:
      - {trigger: start, source: open, send: {rumour: all}}
      - {trigger: rumour, source: open}
      - {trigger: heard, source: open, dest: done}
"""
    said = "`heard` of `peer` might never hold: it waits for 2 senders of `rumour`, and there may be no more than 1"
    assert [message for code, message in shown(text) if code == "PF107"] == [said]
    assert [code for code, _ in shown(text.replace("2..", "3.."))] == []
    (found,) = [each for each in findings(text) if each.code == "PF107"]
    assert found.help is not None
    assert found.help.text == "let `peer` have at least 3: `count: 3..`"


@pytest.mark.parametrize(
    "event", ["received: vote, from: all", "received: vote, count: 3", "received: vote, for: ask, from: 80%"]
)
def test_what_is_counted_stays_counted_when_the_state_changes(event: str) -> None:
    assert votes(event) == []
    assert votes(event, "open", "late") == []
    assert votes(event, "[open, late]", "late") == []


def test_counted_only_where_no_path_leads_on() -> None:
    assert votes("received: vote, from: all", "late", "open") == [
        "`enough` of `chair` can never hold: `vote` is handled in `late` only, from where no path leads to `open`"
    ]


def test_replies_are_counted_only_after_the_request() -> None:
    assert votes("received: vote, for: ask, from: all", "late", "open") == [
        "`enough` of `chair` can never hold: no state that waits for it comes after `ask` is sent and `vote` is handled"
    ]
    assert votes("received: vote, for: ask, from: all", "early", "open") == [
        "`enough` of `chair` can never hold: no state that handles `vote` comes after `ask` is sent"
    ]
    assert votes("received: vote, from: all", "early", "open") == []  # without a round it might


@pytest.mark.parametrize(
    ("number", "count", "most"),
    [("5", "3", 3), ("4", "1..3", 3), ("3", "3", None), ("5", "2..", None), ("5", "5", None)],
)
def test_more_senders_than_there_are(number: str, count: str, most: int | None) -> None:
    expected = (
        f"`enough` of `chair` can never hold: it waits for {number} senders of `vote`, and there are at most {most}"
    )
    assert votes(f"received: vote, for: ask, from: {number}", count=count) == ([] if most is None else [expected])


def test_peers_do_not_count_themselves() -> None:
    text = """\
protoflow: 1
name: gossip
messages: {rumour: {from: peer, to: peer}}
roles:
  peer:
    count: 3
    states: {talking: , done: {final: true}}
    events: {heard: {received: rumour, from: NUMBER}}
    transitions:
      - {trigger: start, source: talking, send: rumour}
      - {trigger: rumour, source: talking}
      - {trigger: heard, source: talking, dest: done}
"""
    assert shown(text.replace("NUMBER", "2")) == []
    assert shown(text.replace("NUMBER", "3")) == [
        ("PF108", "`heard` of `peer` can never hold: it waits for 3 senders of `rumour`, and there are at most 2")
    ]


def test_messages_are_counted_whoever_sent_them() -> None:
    assert votes("received: vote, count: 9", count="1") == []


def test_a_request_that_is_never_sent_or_never_reaches_who_replies() -> None:
    changes = ("  vote: {from", "  poll: {from: chair, to: member}\n  vote: {from")
    assert votes("received: vote, for: poll, from: all", "open", "open", "1..", changes) == [
        "`enough` of `chair` can never hold: it counts replies to `poll`, which `chair` never sends"
    ]
    poll = ("  vote: {from", "  poll: {from: chair, to: [guest, member]}\n  vote: {from")
    sent = ("send: ask}", "send: [ask, {poll: guest}]}")
    guest = (
        "  member:\n",
        "  guest:\n    states: {idle: {final: true}}\n    transitions: [{trigger: poll, source: idle}]\n  member:\n",
    )
    assert votes("received: vote, for: poll, from: all", "open", "open", "1..", poll, sent, guest) == [
        "`enough` of `chair` can never hold: `poll`, which it counts replies to, never reaches `member`"
    ]


RAISING = """\
protoflow: 1
name: mood
roles:
  solo:
    states: {calm: , loud: , over: {final: true}}
    events: {a: {raised: true}, b: {raised: true}, c: {raised: true}, tick: {after: 1s}}
    transitions:
      - {trigger: tick, source: calm, raise: a}
      - {trigger: tick, source: loud, dest: over}
"""


def circles(*rows: str) -> list[str]:
    text = RAISING + "".join(f"      - {row}\n" for row in rows)
    return [message for code, message in shown(text) if code == "PF110"]


def test_a_circle_of_raises() -> None:
    assert circles("{trigger: a, source: calm, raise: a}") == [
        "once begun, this never ends in `solo`: `a` raises itself, without a condition"
    ]
    assert circles(
        "{trigger: a, source: calm, dest: loud, raise: b}",
        "{trigger: b, source: loud, dest: loud, raise: c}",
        "{trigger: c, source: loud, dest: calm, raise: a}",
    ) == ["once begun, this never ends in `solo`: `a` raises `b`, `b` raises `c`, `c` raises `a`, without a condition"]


@pytest.mark.parametrize(
    "rows",
    [
        ["{trigger: a, source: calm, raise: maybe a}"],
        ["{trigger: a, source: calm, raise: a, conditions: p}", "{trigger: a, source: calm, unless: p}"],
        ["{trigger: a, source: calm, raise: a, times: 3}", "{trigger: a, source: calm}"],
        ["{trigger: a, source: calm, dest: loud, raise: a}", "{trigger: a, source: loud}"],
        ["{trigger: a, source: calm, raise: b}", "{trigger: b, source: calm}"],
        # nobody begins it: `b` and `c` raise each other only
        ["{trigger: a, source: calm}", "{trigger: b, source: loud, raise: c}", "{trigger: c, source: loud, raise: b}"],
        # `b` waits before `a`, and leads to a state in which `a` raises nothing
        [
            "{trigger: a, source: calm, raise: [b, a]}",
            "{trigger: b, source: calm, dest: loud}",
            "{trigger: a, source: loud}",
        ],
    ],
)
def test_what_comes_to_rest(rows: list[str]) -> None:
    assert circles(*rows) == []


def test_what_is_used() -> None:
    text = RAISING + "      - {trigger: [a, b], source: calm, dest: loud}\n"
    assert shown(text) == [("PF105", "event `c` of `solo` is declared, but no row uses it")]
    assert shown(text.replace("raise: a}", "raise: [a, c]}")) == []  # that no row takes it is PF201
