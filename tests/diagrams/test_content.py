"""Nothing of a protocol is missing from its pictures."""

from __future__ import annotations

import re

import pytest

import protoflow
from protoflow.diagrams.model import BoxKind, Dash, LineKind
from protoflow.program import compile_protocol
from tests.diagrams.support import SOURCES, load, words_of_dot, words_of_mermaid


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


@pytest.mark.parametrize("name", SOURCES)
def test_states_show_every_state_row_and_condition(name: str) -> None:
    protocol = load(name)
    diagram = protoflow.diagram(protocol, "states")
    for shown in (words_of_dot(diagram.dot), words_of_mermaid(diagram.mermaid), diagram.table):
        for role in protocol.roles.values():
            expected = {role.name, *role.states}
            for row in role.transitions:
                expected |= {*row.triggers, *row.conditions, *row.unless, *(s.message for s in row.sends)}
                expected |= {row.handler} if row.handler else set()
                expected |= {raised.event for raised in row.raises}
            for state in role.states.values():
                expected |= {m for m in (*state.ignore, *state.defer) if m != "*"}
            assert expected <= words(shown)


@pytest.mark.parametrize("name", SOURCES)
def test_there_is_a_line_in_a_label_for_each_row_that_can_be_taken(name: str) -> None:
    program = compile_protocol(load(name))
    picture = protoflow.diagram(program.protocol, "states").picture
    for cluster, role in zip(picture.clusters, program.roles.values(), strict=True):
        triggers = [row.trigger for row in role.all_rows()]
        labels = [block.text for edge in cluster.edges for block in edge.blocks]
        for trigger in set(triggers):
            mentioned = sum(len(re.findall(rf"\b{trigger}(?=[ ,:\n]|$)", label)) for label in labels)
            assert mentioned >= triggers.count(trigger)
        ends = {(e.source, e.dest) for e in cluster.edges if e.kind is not LineKind.INITIAL}
        ids = {box.name: box.id for box in cluster.boxes}
        assert ends == {(ids[row.source], ids[row.target_state]) for row in role.all_rows()}


@pytest.mark.parametrize("name", SOURCES)
def test_flow_shows_every_message_field_and_role(name: str) -> None:
    protocol = load(name)
    diagram = protoflow.diagram(protocol, "flow")
    expected = {*protocol.roles, *protocol.messages}
    expected |= {field for message in protocol.messages.values() for field in message.payload}
    for shown in (words_of_dot(diagram.dot), words_of_mermaid(diagram.mermaid), diagram.table):
        assert expected <= words(shown)


@pytest.mark.parametrize("name", SOURCES)
def test_the_legend_has_what_occurs_and_nothing_else(name: str) -> None:
    for kind in ("states", "flow"):
        picture = protoflow.diagram(load(name), kind).picture
        kinds = {kind for edge in picture.edges for block in edge.blocks for kind in block.kinds}
        assert set(picture.line_legend) == kinds - {LineKind.START}
        finals = any(box.kind is BoxKind.FINAL for box in picture.boxes)
        assert ("final" in dict(picture.box_legend)) == finals


def test_marks_of_states_and_lines() -> None:
    picture = protoflow.diagram(load("loose"), "states").picture
    server, client = picture.clusters
    boxes = {box.name: box for box in server.boxes}
    assert [box.kind for box in server.boxes] == [BoxKind.INITIAL, BoxKind.STATE, BoxKind.STATE, BoxKind.FINAL]
    assert boxes["island"].muted
    assert boxes["island"].lines == ("unreachable",)
    assert not boxes["waiting"].muted
    assert boxes["done"].lines == ("ignored: hello",)
    loop = next(e for e in server.edges if e.source == e.dest)
    assert loop.kind is LineKind.MIXED
    assert [block.text for block in loop.blocks] == [
        "hello [at most 4 times]\n/ greet",
        "hello\n[else, known, not full]\n/ count",
        "○ ↻ patience: after 90s",
    ]
    others = {block.text: edge.kind for edge in server.edges if edge is not loop for block in edge.blocks}
    assert others == {
        "◆ half: 50% of hello / close\n→ senders of half ! part": LineKind.EVENT,
        "◇ stop: raised": LineKind.RAISED,
        "✗ lost / give_up": LineKind.LOST,
    }
    assert client.name == "client × 3..8"


def test_a_row_for_triggers_of_several_kinds_is_one_line_with_the_marks_of_all() -> None:
    diagram = protoflow.diagram(load("fedavg_deadline"), "states", "server")
    (cluster,) = diagram.picture.clusters
    (mixed,) = (edge for edge in cluster.edges if edge.kind is LineKind.MIXED and edge.source != edge.dest)
    assert [block.text for block in mixed.blocks] == [
        "◆ enough: 80% (quorum) of\nupdate for model,\n○ time_up: after 30s\n(patience)\n[else] / aggregate\n"
        "→ every client ! finish"
    ]
    assert [line.strong for line in mixed.blocks[0].lines] == [8, 0, 9, 0, 0, 0]
    assert (mixed.stroke.dash, mixed.stroke.tail) == (Dash.DASHED, "diamondodot")
    assert "arrowtail=diamondodot" in diagram.dot
    assert re.search(r"-\.->.*◆ enough", diagram.mermaid)
    (loop,) = (edge for edge in cluster.edges if edge.kind is LineKind.MIXED and edge is not mixed)
    assert sum("at most 20 times" in block.text for block in loop.blocks) == 1


def test_one_role_alone() -> None:
    diagram = protoflow.diagram(load("fedavg"), role="client")
    assert [cluster.name for cluster in diagram.picture.clusters] == ["client × N"]
    with pytest.raises(protoflow.UsageError, match="`clint` is not a role of fedavg: server, client"):
        protoflow.diagram(load("fedavg"), role="clint")
    with pytest.raises(protoflow.UsageError, match="one role alone is drawn as `states`, not as `flow`"):
        protoflow.diagram(load("fedavg"), kind="flow", role="client")
    with pytest.raises(protoflow.UsageError, match="`graph` is not a kind of diagram"):
        protoflow.diagram(load("fedavg"), kind="graph")
    with pytest.raises(protoflow.UsageError, match="`gif` is not a format of diagrams"):
        diagram.render("gif")


def test_the_title_has_name_and_digest_and_a_click_leads_to_the_line() -> None:
    protocol = load("fedavg")
    diagram = protoflow.diagram(protocol)
    assert diagram.picture.title == f"fedavg {protocol.digest[:8]}"
    span = protocol.roles["server"].states["training"].span
    assert span is not None
    assert f"#L{span.line}" in diagram.dot
    assert f'href "{span.file}#L{span.line}"' in diagram.mermaid


def test_flow_numbers_directions_in_order_of_first_occurrence() -> None:
    table = protoflow.diagram(load("loose"), "flow").picture.clusters[0].rows
    assert [(row[0], row[1], row[5]) for row in table] == [
        ("1", "hello", "to one"),
        ("2", "orphan", "not handled"),
        ("3", "whisper", "to several"),
        ("4", "part", "to several"),
        ("", "wish", "never sent"),
        ("", "unheard", "never sent, not handled"),
    ]


def test_a_long_flow_is_grouped_by_the_servers_phases() -> None:
    picture = protoflow.diagram(load("phases"), "flow").picture
    assert [(cluster.name, [row[1] for row in cluster.rows]) for cluster in picture.clusters] == [
        ("enlisting", ["register", "enlist"]),
        ("training", ["global_model", "local_model", "update", "gossip", "alarm", "edge_update"]),
        ("evaluating", ["evaluate", "measure", "metrics", "edge_metrics"]),
        ("finished", ["stop", "leave", "bye"]),
    ]
    assert not any(cluster.framed for cluster in protoflow.diagram(load("fedavg"), "flow").picture.clusters)


def test_a_crowded_picture_is_said_to_be_one() -> None:
    rows = "".join(f"      - {{trigger: m, source: s{i}, dest: s{i + 1}}}\n" for i in range(41))
    text = (
        "protoflow: 1\nname: crowd\nmessages: {m: {from: b, to: a}}\nroles:\n  a:\n"
        f"    states: [{', '.join(f's{i}' for i in range(42))}]\n    transitions:\n{rows}"
        "  b:\n    states: [only]\n    transitions:\n      - {trigger: start, source: only, send: m}\n"
    )
    protocol = protoflow.language.read_text(text, "crowd.yaml").protocol
    assert protocol is not None
    assert protoflow.diagram(protocol).crowded
    assert not protoflow.diagram(protocol, role="b").crowded
    assert not protoflow.diagram(protocol, "flow").crowded
