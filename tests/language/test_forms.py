"""Every form of the language means what docs say, shorthands the same as what they stand for."""

from __future__ import annotations

from fractions import Fraction

import pytest

from protoflow import protocol as model
from protoflow.language import read_text
from protoflow.protocol import Name, Target, TargetKind

HEAD = """\
protoflow: 1
name: forms
parameters: {number: 3, quorum: 80%, patience: 30s, careful: true}
messages:
  ask: {from: server, to: client}
  answer: {from: client, to: [server, client]}
links:
  ring: {from: client, to: client, shape: ring}
  mine: {from: server, to: client, shape: one}
  back: {inverse: mine}
  forth: {inverse: back}
roles:
  client: {count: 2.., states: [idle]}
  server:
"""
ROLE = """\
    states: {a: , b: {final: true}}
    events:
      all_in: {received: answer, for: ask, from: all}
      told: {raised: true}
      late: {after: patience}
    transitions:
      - %s
"""


def protocol(role: str, head: str = HEAD) -> model.Protocol:
    reading = read_text(head + role, "f.yaml")
    assert [(found.code, found.message) for found in reading.diagnostics] == []
    assert reading.protocol is not None
    return reading.protocol


def row(text: str) -> model.Transition:
    (found,) = protocol(ROLE % text).roles["server"].transitions
    return found


def target(kind: TargetKind, name: str) -> Target:
    return Target(kind, Name(name))


@pytest.mark.parametrize(
    ("text", "sends"),
    [
        ("ask", [model.Send(Name("ask"))]),
        ("maybe ask", [model.Send(Name("ask"), maybe=True)]),
        ("[ask]", [model.Send(Name("ask"))]),
        ("{message: ask}", [model.Send(Name("ask"))]),
        ("{message: ask, maybe: false, one: false}", [model.Send(Name("ask"))]),
        ("{ask: sender}", [model.Send(Name("ask"), target(TargetKind.SENDER, "sender"))]),
        ("{ask: all}", [model.Send(Name("ask"), target(TargetKind.ALL, "all"))]),
        ("{ask: client}", [model.Send(Name("ask"), target(TargetKind.ROLE, "client"))]),
        ("{ask: mine}", [model.Send(Name("ask"), target(TargetKind.LINK, "mine"))]),
        ("{ask: all_in}", [model.Send(Name("ask"), target(TargetKind.EVENT, "all_in"))]),
        ("{ask: cohort}", [model.Send(Name("ask"), target(TargetKind.SELECTOR, "cohort"))]),
        ("{ask: one cohort}", [model.Send(Name("ask"), target(TargetKind.SELECTOR, "cohort"), one=True)]),
        ("{ask: one  client}", [model.Send(Name("ask"), target(TargetKind.ROLE, "client"), one=True)]),
        (
            "{message: ask, to: client, one: true}",
            [model.Send(Name("ask"), target(TargetKind.ROLE, "client"), one=True)],
        ),
        ("{message: ask, to: one client}", [model.Send(Name("ask"), target(TargetKind.ROLE, "client"), one=True)]),
        (
            "{message: ask, to: client, maybe: true}",
            [model.Send(Name("ask"), target(TargetKind.ROLE, "client"), maybe=True)],
        ),
        (
            "[maybe answer, {ask: all}]",
            [model.Send(Name("answer"), maybe=True), model.Send(Name("ask"), target(TargetKind.ALL, "all"))],
        ),
        ("[]", []),
        ("", []),
    ],
)
def test_sends(text: str, sends: list[model.Send]) -> None:
    assert row(f"{{trigger: answer, source: a, send: {text}}}").sends == tuple(sends)


@pytest.mark.parametrize(
    ("text", "raises"),
    [
        ("told", [model.Raise(Name("told"))]),
        ("maybe told", [model.Raise(Name("told"), maybe=True)]),
        ("[told]", [model.Raise(Name("told"))]),
    ],
)
def test_raises(text: str, raises: list[model.Raise]) -> None:
    assert row(f"{{trigger: answer, source: a, raise: {text}}}").raises == tuple(raises)


def test_a_row_with_everything() -> None:
    found = row(
        '{trigger: [answer, lost], source: "*", dest: a, handler: work, conditions: [careful, ready], '
        "unless: mine, times: number}"
    )
    assert found.triggers == ("answer", "lost")
    assert found.sources == ("*",)
    assert (found.dest, found.handler, found.times) == ("a", "work", "number")
    assert (found.conditions, found.unless) == (("careful", "ready"), ("mine",))
    assert {key: (span.line, span.column, span.end_column) for key, span in found.spans.items()} == {
        "trigger": (21, 19, 33),
        "source": (21, 43, 46),
        "dest": (21, 54, 55),
        "handler": (21, 66, 70),
        "conditions": (21, 84, 100),
        "unless": (21, 110, 114),
        "times": (21, 123, 129),
    }
    assert found.span is not None
    assert (found.span.line, found.span.column, found.span.end_column) == (21, 9, 130)


def test_a_row_in_block_style_has_the_span_of_its_words() -> None:
    found = row("trigger: answer\n        source: a   # why\n        dest: b   # why\n")
    assert found.span is not None
    assert (found.span.line, found.span.column, found.span.end_line, found.span.end_column) == (21, 9, 23, 16)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("{received: answer, from: all}", model.Received(Name("answer"))),
        ("{received: answer, from: 100%}", model.Received(Name("answer"))),
        ("{received: answer, from: 80%}", model.Received(Name("answer"), Fraction(4, 5))),
        ("{received: answer, from: 0.5%}", model.Received(Name("answer"), Fraction(1, 200))),
        ("{received: answer, from: 5}", model.Received(Name("answer"), 5)),
        ("{received: answer, from: quorum}", model.Received(Name("answer"), Name("quorum"))),
        ("{received: answer, from: number}", model.Received(Name("answer"), Name("number"))),
        ("{received: answer, from: mine}", model.Received(Name("answer"), link=Name("mine"))),
        (
            "{received: answer, for: ask, from: mine}",
            model.Received(Name("answer"), Fraction(1), Name("mine"), Name("ask")),
        ),
        ("{received: answer, count: 7}", model.Counted(Name("answer"), 7)),
        ("{received: answer, count: number}", model.Counted(Name("answer"), Name("number"))),
        ("{after: 1.5m}", model.After(90.0)),
        ("{after: patience}", model.After(Name("patience"))),
        ("{raised: true}", model.Raised()),
    ],
)
def test_events(text: str, condition: object) -> None:
    role = protocol(f"    states: [a]\n    events: {{e: {text}}}\n").roles["server"]
    assert role.events["e"].condition == condition


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", model.Count(1, 1)),
        ("count: 1", model.Count(1, 1)),
        ("count: 5", model.Count(5, 5)),
        ("count: 2..", model.Count(2, None)),
        ("count: 1..8", model.Count(1, 8)),
        ("count: number", model.Count(Name("number"), Name("number"))),
    ],
)
def test_counts(text: str, count: model.Count) -> None:
    assert protocol(f"    states: [a]\n    {text}\n").roles["server"].count == count


@pytest.mark.parametrize("text", ["[a, b]", "{a: , b: }", "{a: null, b: {}}", "{a: ~, b: {final: false, ignore: []}}"])
def test_plain_states(text: str) -> None:
    role = protocol(f"    states: {text}\n").roles["server"]
    assert role.states == {"a": model.State(Name("a")), "b": model.State(Name("b"))}
    assert role.initial == "a"
    assert protocol(f"    states: {text}\n    initial: b\n").roles["server"].initial == "b"


def test_states_with_everything() -> None:
    role = protocol('    states: {a: {final: true, ignore: answer, summary: "An end."}, b: {defer: "*"}}\n').roles[
        "server"
    ]
    assert role.states["a"] == model.State(Name("a"), True, (Name("answer"),), (), "An end.")
    assert role.states["b"] == model.State(Name("b"), False, (), (Name("*"),))


def test_links_and_their_inverses() -> None:
    links = protocol("    states: [a]\n").links
    assert links["back"] == model.Link(Name("back"), Name("client"), Name("server"), model.Shape.ONE, Name("mine"))
    assert links["forth"] == model.Link(Name("forth"), Name("server"), Name("client"), model.Shape.ONE, Name("back"))
    assert links["ring"].shape is model.Shape.RING


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("int", "int"),
        ("tensors", "tensors"),
        ("optional tensors", "optional tensors"),
        ("list of int", "list of int"),
        ("dict of list of tensor", "dict of list of tensor"),
        ("optional list of optional  str", "optional list of optional str"),
    ],
)
def test_payloads(text: str, kind: str) -> None:
    head = HEAD.replace("ask: {from: server, to: client}", f"ask: {{from: server, to: client, payload: {{x: {text}}}}}")
    assert str(protocol("    states: [a]\n", head).messages["ask"].payload["x"]) == kind


def test_assumptions_when_left_out() -> None:
    assert protocol("    states: [a]\n").assumptions == model.Assumptions(True, {}, 1, 0, 0)
    given = protocol(
        "    states: [a]\nassumptions: {channels: any, crashes: {client: 2}, early_timeouts: 0, loss: 3}\n"
    )
    assert given.assumptions == model.Assumptions(False, {"client": 2}, 0, 3, 0)


def test_properties() -> None:
    found = protocol("    states: [a, b]\nproperties: {never_so: {never: {server: [a, b], client: idle}}}\n").properties
    assert found == {"never_so": model.Property(Name("never_so"), {"server": ("a", "b"), "client": ("idle",)})}


def test_states_and_handlers_may_have_the_names_that_messages_may_not() -> None:
    text = (
        "    states: [start, lost, all, one, fresh]\n    transitions: [{trigger: start, source: start, handler: all}]\n"
    )
    assert list(protocol(text).roles["server"].states) == ["start", "lost", "all", "one", "fresh"]


def test_anchors_and_aliases() -> None:
    text = "    states: &all [a, b]\n    transitions:\n      - &row {trigger: answer, source: *all, handler: work}\n"
    role = protocol(text + "      - *row\n").roles["server"]
    assert role.transitions[0] == role.transitions[1]
    assert role.transitions[0].sources == ("a", "b")
