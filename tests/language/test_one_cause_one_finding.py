"""A mistake gives one finding, whatever else depends on what was mistaken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protoflow.language import read_text

PING = (Path(__file__).parent / "good" / "ping.yaml").read_text(encoding="utf-8")
LINES = PING.split("\n")


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def block_end(start: int) -> int:
    """The line after the block that line `start` begins."""
    end = start + 1
    while end < len(LINES) and (not LINES[end].strip() or indent(LINES[end]) > indent(LINES[start])):
        end += 1
    return end


def moved(start: int, end: int, shift: int) -> str:
    lines = [
        " " * max(0, indent(line) + shift) + line.lstrip() if start <= number < end and line.strip() else line
        for number, line in enumerate(LINES)
    ]
    return "\n".join(lines)


def moves() -> list[Any]:
    """Every line, alone and with what is indented below it, moved by one or two steps to either side."""
    found = []
    for start, line in enumerate(LINES):
        for end in sorted({start + 1, block_end(start)}) if line.strip() else ():
            for shift in (-4, -2, 2, 4):
                if indent(line) + shift >= 0:
                    alone = " alone" if end == start + 1 else ""
                    found.append(pytest.param(start, end, shift, id=f"{line.strip()[:20]}@{start + 1}{shift:+}{alone}"))
    return found


def test_the_file_is_clean() -> None:
    assert read_text(PING, "f.yaml").diagnostics == ()


@pytest.mark.parametrize(("start", "end", "shift"), moves())
def test_a_line_or_block_that_is_indented_wrongly(start: int, end: int, shift: int) -> None:
    found = read_text(moved(start, end, shift), "f.yaml").diagnostics
    if LINES[start].strip() == "client:" and (end, shift) == (start + 1, 2):
        # The keys of one role now stand in the other: two are given twice, which nobody can tell from a mistake.
        assert [each.code for each in found] == ["PF002", "PF004", "PF004"]
    else:
        assert len(found) == 1


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "message"),
    [
        ("send: pong", "send: pnog", "PF003", 33, "`pnog` is not a message; `pong` is"),
        ("      waiting:\n", "      wating:\n", "PF003", 33, "`waiting` is not a state of `client`; `wating` is"),
        ("  pong: {from", "  pnog: {from", "PF003", 18, "`pong` is not a message; `pnog` is"),
        ("all_answered: {", "all_answerd: {", "PF003", 25,
         "`all_answered` is not a message, or an event of `server`; `all_answerd` is"),
        ("  rounds: 3", "  round: 3", "PF003", 25, "`rounds` is not a parameter; `round` is"),
        ("  client:\n", "  clients:\n", "PF003", 10, "`client` is not a role; `clients` is"),
        ("final: true}\n    trans", "final: on}\n    trans", "PF002", 31, "`final` takes `true` or `false`, not `on`"),
        ("from: all}", "from: 120%}", "PF002", 20, "`120%` is not a share: shares are more than 0% and at most 100%"),
        ("received: pong", "received: ping", "PF002", 20,
         "`ping` goes from `server` to `client`; `server` does not receive it"),
        ("pong: {from: client, to: server", "pong: {from: server, to: client", "PF002", 11,
         "`pong` goes from `server` to `client`, but is sent by `client` and handled by `server`"),
        ("after: patience", "after: [patience]", "PF002", 21,
         "`after` takes a time with its unit, such as `30s`, or a parameter, not a list"),
        ("roles:\n", "links: [mine]\nroles:\n", "PF002", 14, "`links` takes a mapping of names, not a list"),
        ("      time_up: {after: patience}", "      time_up: {afterr: patience}", "PF002", 21,
         "`afterr` is not a key of an event; `after` is"),
        ("patience: 30s", "patience: {type: time, default: 30}", "PF002", 6,
         "`time` is not a type of parameters; `duration` is"),
        ("    count: 1..\n", "    count: 1..\n    count: 2..\n", "PF004", 29, "`count` is given twice"),
        ("name: ping", "name: Ping Pong", "PF002", 2, "`Ping Pong` cannot be the name of a protocol: names have "
         "lower-case letters, digits and `_`, and begin with a letter"),
        ("name: ping", "name: [ping]", "PF002", 2, "`name` takes a name, not a list"),
        ("name: ping", "name:", "PF002", 2, "`name` takes a name, not nothing"),
        ("roles:\n", "links:\n  mine: {from: client, to: server, shape: one}\n"
         "  ours: {from: server, inverse: mine, shape: one}\nroles:\n", "PF002", 16,
         "`from` and `shape` cannot stand beside `inverse` in link `ours`"),
        ("roles:\n", "properties: {never_so: {never: {}}}\nroles:\n", "PF002", 14,
         "`never` takes a mapping of roles to states, such as `{server: done}`, not an empty mapping"),
    ],
)  # fmt: skip
def test_one_mistake(old: str, new: str, code: str, line: int, message: str) -> None:
    assert PING.count(old) == 1
    (found,) = read_text(PING.replace(old, new), "f.yaml").diagnostics
    assert (found.code, found.span.line, found.message) == (code, line, message)


def test_roles_that_are_no_mapping_are_not_called_missing() -> None:
    (found,) = read_text("protoflow: 1\nname: x\nroles: [server, client]\n", "f.yaml").diagnostics
    assert (found.code, found.message) == ("PF002", "`roles` takes a mapping of names, not a list")


def test_a_near_name_is_what_to_type() -> None:
    (found,) = read_text(PING.replace("send: pong", "send: pnog"), "f.yaml").diagnostics
    assert found.help is not None
    assert (found.help.replacement, found.help.span) == ("pong", found.span)
    assert (found.span.column, found.span.end_column) == (65, 69)
    assert found.subject == frozenset({("message", "pnog")})


def test_all_mistakes_are_found_at_once() -> None:
    text = PING
    for old, new in [
        ("send: pong", "send: pnog"),
        ("from: all}", "from: 120%}"),
        ("final: true, ignore", "final: yes, ignore"),
        ("times: rounds", "times: 0"),
        ("  patience: 30s", "  patience: {type: duration, default: 30}"),
        ("{trigger: stop, source: waiting, dest: done}", "{trigger: stop, source: waiting, desst: done, dest: doen}"),
    ]:
        assert old in text
        text = text.replace(old, new)
    found = read_text(text, "f.yaml").diagnostics
    assert [(each.code, each.span.line) for each in found] == [
        ("PF002", 6),
        ("PF002", 18),
        ("PF002", 20),
        ("PF002", 25),
        ("PF003", 33),
        ("PF002", 34),
        ("PF003", 34),
    ]


def test_reading_stops_at_a_hundred_findings() -> None:
    rows = "".join(f"      - {{trigger: start, source: s{n}}}\n" for n in range(150))
    found = read_text(f"protoflow: 1\nname: x\nroles:\n  server:\n    states: [a]\n    transitions:\n{rows}", "f.yaml")
    assert len(found.diagnostics) == 100
    assert found.diagnostics[-1].notes[-1] == "there may be more: reading stopped at 100 findings"
