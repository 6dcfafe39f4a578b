"""Extending: what is replaced, what is kept, in which order, and to which file every place points."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from protoflow.errors import UsageError
from protoflow.language import Reading, read, read_text
from protoflow.program import compile_protocol

BASE = """\
protoflow: 1
name: base
summary: The base.
parameters: {rounds: 3, patience: 30s}
messages:
  ask: {from: server, to: client}
  answer: {from: client, to: server}
  stop: {from: server, to: client}
roles:
  server:
    class: base:Server
    states: {asking: , waiting: , done: {final: true}}
    events:
      all_in: {received: answer, for: ask, from: all}
      late: {after: patience}
    transitions:
      - {trigger: start, source: asking, dest: waiting, handler: zero, send: ask}
      - {trigger: answer, source: [asking, waiting], handler: one}
      - {trigger: [all_in, late], source: [asking, waiting], dest: asking, times: rounds, handler: two}
      - {trigger: [all_in, late], source: [asking, waiting], dest: done, handler: three, send: stop}
      - {trigger: late, source: "*", handler: four}
  client:
    count: 1..
    states: [busy, gone]
    transitions:
      - {trigger: ask, source: busy, handler: reply, send: answer}
      - {trigger: stop, source: busy, dest: gone}
assumptions: {crashes: {client: 1}, loss: 2}
properties:
  never_early: {never: {server: asking, client: gone}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(BASE)
    return tmp_path


def heir(text: str, base: str = "./base.yaml") -> Reading:
    Path("heir.yaml").write_text(f"protoflow: 1\nname: heir\nextends: {base}\n{text}")
    return read("heir.yaml")


def server(rows: str, more: str = "") -> str:
    return f"roles:\n  server:\n{more}    transitions:\n{rows}"


def table(reading: Reading) -> list[str]:
    """The server's rows: sources, triggers, handler."""
    assert reading.diagnostics == ()
    assert reading.protocol is not None
    compile_protocol(reading.protocol, reading.parameters)
    rows = reading.protocol.roles["server"].transitions
    return [f"{'+'.join(row.sources)} {'+'.join(row.triggers)} {row.handler}" for row in rows]


WHOLE = [
    "asking start zero",
    "asking+waiting answer one",
    "asking+waiting all_in+late two",
    "asking+waiting all_in+late three",
    "* late four",
]


def test_nothing_added_is_the_base_under_another_name(folder: Path) -> None:
    reading = heir("")
    assert table(reading) == WHOLE
    base = read("base.yaml").protocol
    assert reading.protocol is not None
    assert base is not None
    assert (reading.protocol.name, reading.protocol.summary) == ("heir", "")
    assert reading.protocol.roles == base.roles
    assert reading.protocol.messages == base.messages
    assert reading.parameters == {"rounds": 3, "patience": 30.0}


def test_new_rows_stand_after_the_base_s(folder: Path) -> None:
    rows = "      - {trigger: lost, source: waiting, handler: new}\n"
    assert table(heir(server(rows))) == [*WHOLE, "waiting lost new"]


def test_a_row_replaces_all_rows_of_its_pairs_where_the_first_stood(folder: Path) -> None:
    rows = "      - {trigger: all_in, source: [asking, waiting], handler: new}\n"
    assert table(heir(server(rows))) == [
        "asking start zero",
        "asking+waiting answer one",
        "asking+waiting all_in new",
        "asking+waiting late two",
        "asking+waiting late three",
        "* late four",
    ]


def test_of_a_row_for_several_pairs_the_others_stay(folder: Path) -> None:
    rows = "      - {trigger: answer, source: waiting, handler: new}\n"
    assert table(heir(server(rows)))[1:3] == ["waiting answer new", "asking answer one"]


def test_several_new_rows_for_a_pair_keep_their_order(folder: Path) -> None:
    rows = "".join(f"      - {{trigger: answer, source: [asking, waiting], handler: new_{n}}}\n" for n in "cab")
    assert table(heir(server(rows)))[1:4] == [f"asking+waiting answer new_{n}" for n in "cab"]


def test_rows_that_share_a_pair_keep_their_order_though_the_second_replaces_an_earlier_row(folder: Path) -> None:
    rows = "      - {trigger: late, source: asking, handler: new_a}\n"
    rows += "      - {trigger: [start, late], source: asking, handler: new_b}\n"
    found = [row for row in table(heir(server(rows, "    remove: [{source: '*', trigger: all_in}]\n"))) if "new" in row]
    assert found == ["asking late new_a", "asking start+late new_b"]


def test_a_row_for_every_state_replaces_those_of_each_state_that_is_not_final(folder: Path) -> None:
    assert table(heir(server('      - {trigger: answer, source: "*", handler: new}\n')))[1:2] == ["* answer new"]


def test_of_a_row_for_every_state_the_other_states_stay_new_ones_too(folder: Path) -> None:
    rows = "      - {trigger: late, source: [asking, waiting], handler: new}\n"
    states = "    states: {evening: , done: {final: true, summary: Replaced.}}\n"
    found = table(heir(server(rows, states)))
    assert found[2:] == [
        "asking+waiting late new",
        "asking+waiting all_in two",
        "asking+waiting all_in three",
        "evening late four",
    ]


def test_what_is_left_of_a_row_with_times_must_be_one_row(folder: Path) -> None:
    reading = heir(server("      - {trigger: late, source: asking, handler: new}\n"))
    (finding,) = reading.diagnostics
    assert finding.code == "PF002"
    assert (finding.span.file, finding.span.line) == ("base.yaml", 19)
    whole = "      - {trigger: [all_in, late], source: asking, handler: new}\n"
    assert table(heir(server(whole)))[2:4] == ["asking all_in+late new", "waiting all_in+late two"]


def test_elements_are_replaced_where_they_stand_and_new_ones_follow(folder: Path) -> None:
    reading = heir(
        "parameters: {extra: 80%, rounds: {default: 5, max: 9}}\n"
        "messages:\n  hint: {from: client, to: client}\n  ask: {from: server, to: client, payload: {x: int}}\n"
        "roles:\n  server: {count: 1..2, states: {more: }, events: {late: {after: 5s}, told: {raised: true}}}\n"
        "  watcher: {states: [idle]}\n"
        "assumptions: {loss: 0, channels: any}\nproperties: {another: {never: {client: gone}}}\n"
    )
    protocol = reading.protocol
    assert protocol is not None
    assert list(protocol.parameters) == ["rounds", "patience", "extra"]
    assert list(protocol.messages) == ["ask", "answer", "stop", "hint"]
    assert list(protocol.messages["ask"].payload) == ["x"]
    assert list(protocol.roles) == ["server", "client", "watcher"]
    role = protocol.roles["server"]
    assert (role.cls, role.count.maximum) == ("base:Server", 2)
    assert list(role.states) == ["asking", "waiting", "done", "more"]
    assert list(role.events) == ["all_in", "late", "told"]
    assert role.initial == "asking"
    assert (protocol.assumptions.fifo, protocol.assumptions.loss) == (False, 0)
    assert protocol.assumptions.crashes == {"client": 1}
    assert list(protocol.properties) == ["never_early", "another"]
    assert reading.parameters == {"rounds": 5, "patience": 30.0, "extra": Fraction(4, 5)}


def test_every_place_points_into_the_file_where_it_was_written(folder: Path) -> None:
    reading = heir(server("      - {trigger: answer, source: waiting, handler: new}\n"))
    assert reading.protocol is not None
    rows = reading.protocol.roles["server"].transitions
    places = [(row.span.file, row.span.line) for row in rows if row.span is not None]
    assert places[:3] == [("base.yaml", 17), ("heir.yaml", 7), ("base.yaml", 18)]
    assert set(reading.sources) == {"heir.yaml", "base.yaml"}
    assert reading.protocol.file == "heir.yaml"


def test_remove(folder: Path) -> None:
    reading = heir(
        "remove: [never_early, patience]\nroles:\n  server:\n    remove:\n"
        "      [late, {source: '*', trigger: [all_in, late]}, {source: asking, trigger: answer}]\n"
    )
    assert table(reading) == ["asking start zero", "waiting answer one"]
    assert reading.protocol is not None
    assert list(reading.protocol.parameters) == ["rounds"]
    assert list(reading.protocol.roles["server"].events) == ["all_in"]
    assert reading.protocol.properties == {}


def test_what_is_removed_and_given_again_is_new(folder: Path) -> None:
    reading = heir("remove: ask\nmessages: {ask: {from: server, to: client}}\n")
    assert reading.protocol is not None
    assert list(reading.protocol.messages) == ["answer", "stop", "ask"]


def test_a_list_of_bases_is_merged_in_order(folder: Path) -> None:
    Path("a.yaml").write_text("protoflow: 1\nname: a\nsummary: A.\nparameters: {p: 1, q: 1}\n")
    Path("b.yaml").write_text("protoflow: 1\nname: b\nparameters: {q: 2, r: 2}\n")
    reading = heir("", "[./base.yaml, ./a.yaml, ./b.yaml]")
    assert reading.parameters == {"rounds": 3, "patience": 30.0, "p": 1, "q": 2, "r": 2}
    assert reading.protocol is not None
    assert reading.protocol.summary == ""  # each file says of itself what it is


def test_a_base_of_two_bases_is_merged_once(folder: Path) -> None:
    change = server("      - {trigger: start, source: asking, handler: changed}\n")
    Path("a.yaml").write_text(f"protoflow: 1\nname: a\nextends: ./base.yaml\n{change}")
    Path("b.yaml").write_text("protoflow: 1\nname: b\nextends: base.yaml\nparameters: {r: 2}\n")
    assert table(heir("", "[./a.yaml, ./b.yaml]"))[0] == "asking start changed"


def test_paths_are_relative_to_the_file_that_names_them(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "middle.yaml").write_text("protoflow: 1\nname: middle\nextends: ../base.yaml\n")
    (folder / "heir.yaml").write_text("protoflow: 1\nname: heir\nextends: sub/middle.yaml\n")
    assert set(read("heir.yaml").sources) == {"heir.yaml", "sub/middle.yaml", "base.yaml"}
    (folder / "elsewhere").mkdir()
    reading = read(str(folder / "heir.yaml"))
    assert reading.protocol is not None
    assert read_text((folder / "heir.yaml").read_text(), "<stdin>").protocol == reading.protocol


def test_a_shipped_protocol_is_named_by_its_name(folder: Path) -> None:
    reading = heir("", "hello")
    assert reading.protocol is not None
    hello = read("hello").protocol
    assert hello is not None
    assert reading.protocol.roles == hello.roles


def test_a_missing_base_is_the_only_finding(folder: Path) -> None:
    reading = heir(
        server("      - {trigger: unknown, source: nowhere, dest: there, times: many, send: word}\n"), "./x.yaml"
    )
    assert [finding.code for finding in reading.diagnostics] == ["PF005"]


def test_findings_of_a_base_are_findings(folder: Path) -> None:
    Path("base.yaml").write_text(BASE.replace("dest: gone", "dest: gome"))
    (finding,) = heir("").diagnostics
    assert (finding.code, finding.span.file, finding.span.line) == ("PF003", "base.yaml", 27)


def test_a_fragment_can_be_a_base(folder: Path) -> None:
    part = "protoflow: 1\nname: part\nroles: {server: {events: {told: {raised: true}}}}\n"
    Path("part.yaml").write_text(part)
    assert [found.message for found in read("part.yaml").diagnostics] == ["`states` is missing in role `server`"]
    reading = heir("", "[./base.yaml, ./part.yaml]")
    assert reading.protocol is not None
    assert "told" in reading.protocol.roles["server"].events


@pytest.mark.parametrize("source", ["nothing", "./nothing.yaml", ".", "a\0b", "x" * 5000])
def test_what_is_not_there_is_a_usage_error(folder: Path, source: str) -> None:
    with pytest.raises(UsageError):
        read(source)
