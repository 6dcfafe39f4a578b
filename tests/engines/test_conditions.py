"""Conditions as text: the file, the options, and every way to get them wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from protoflow.engines.conditions import Conditions, Crash, Signal, Span, Stragglers
from protoflow.engines.conditions_text import parse_compute, parse_crash, parse_latency, parse_loss, read_conditions
from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WHOLE = """
latency:
  '*': 10ms..50ms
  client -> server: 200ms
  client:3->server: 1.5s
compute: {client: 1s, client3: 1s..10s}
stragglers: {client: {share: 20%, slower: 10}}
loss: {update: 1%}
crashes:
  - {who: client:3, round: 2}
  - {who: client5, time: 90s}
  - client:7@time=2m
signals:
  - {who: server, event: stop, time: 1h}
"""


def test_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(WHOLE)
    assert read_conditions(path) == Conditions(
        latency={
            ("*", "*"): Span(0.01, 0.05),
            ("client", "server"): Span(0.2, 0.2),
            ("client3", "server"): Span(1.5, 1.5),
        },
        compute={"client": Span(1, 1), "client3": Span(1, 10)},
        stragglers={"client": Stragglers(0.2, 10)},
        loss={"update": 0.01},
        crashes=(Crash("client3", round=2), Crash("client5", time=90), Crash("client7", time=120)),
        signals=(Signal("server", "stop", 3600),),
    )


@pytest.mark.parametrize(("text", "expected"), [
    ("", Conditions()),
    ("# nothing\n", Conditions()),
    ("latency: 5ms", Conditions(latency={("*", "*"): Span(0.005, 0.005)})),
    ("compute: 1s..2s", Conditions(compute={"*": Span(1, 2)})),
    ("loss: 25%", Conditions(loss={"*": 0.25})),
    ("{loss: , crashes: []}", Conditions()),
])  # fmt: skip
def test_short_files(tmp_path: Path, text: str, expected: Conditions) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    assert read_conditions(path) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("latncy: 3", "1:1: `latncy` is not a key here; `latency` is"),
        (
            "- 1",
            "1:1: expected a mapping with the keys `latency`, `compute`, `stragglers`, `loss`, `crashes`, `signals`",
        ),
        ("latency: [1]", "1:10: expected a mapping"),
        ("latency: {client: 1s}", "1:11: a channel is written like `client -> server`, not `client`"),
        ("latency: {a -> b: [1]}", "1:19: expected one value"),
        ("latency: {a -> b: x}", "1:19: `x` is not a time with a unit, such as `10ms` or `2.5s`"),
        ("latency: 5s..1s", "1:10: `5s..1s` ends before it begins"),
        ("compute: -1", "1:10: `-1` is not a time with a unit, such as `10ms` or `2.5s`"),
        ("stragglers: {client: 3}", "1:22: expected a mapping with the keys `share`, `slower`"),
        ("stragglers: {client: {share: 10%}}", "1:22: `slower` is missing"),
        ("stragglers: {client: {share: 10%, slower: 0}}", "1:43: `0` is not a number above 0"),
        ("loss: 120%", "1:7: `120%` is not a share from 0% to 100%"),
        ("loss: {a: true}", "1:11: `true` is not a share from 0% to 100%"),
        ("crashes: {who: a}", "1:10: expected a list"),
        ("crashes: [{who: a}]", "1:11: a crash has one of `round` and `time`"),
        ("crashes: [{who: a, round: 1, time: 1}]", "1:11: a crash has one of `round` and `time`"),
        ("crashes: [{who: a, round: 0}]", "1:27: `0` is not a number from 1"),
        ("crashes: [a]", "1:11: a crash is written like client:3@round=2 or client:3@time=5s, not `a`"),
        ("signals: [{who: a, time: 1}]", "1:11: `event` is missing"),
        ("loss: 1%\nloss: 2%", "2:1: `loss` is given twice"),
        ("loss: [", "1:8: not YAML: a value is missing here"),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_conditions(path)
    assert str(caught.value) == f"{path}:{complaint}"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    with pytest.raises(UsageError, match=r"faults\.yaml cannot be read: No such file or directory"):
        read_conditions(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"faults\.yaml is not UTF-8 text"):
        read_conditions(path)
    path.write_text("#" * 2**20 + "#")
    with pytest.raises(UsageError, match=r"faults\.yaml is larger than 1 MiB"):
        read_conditions(path)


@pytest.mark.parametrize(("parse", "text", "value"), [
    (parse_latency, "10ms", {("*", "*"): Span(0.01, 0.01)}),
    (parse_latency, "0.05s", {("*", "*"): Span(0.05, 0.05)}),
    (parse_latency, "client:3 -> server=1s..2s", {("client3", "server"): Span(1, 2)}),
    (parse_compute, "1s", {"*": Span(1, 1)}),
    (parse_compute, "client:12=1s", {"client12": Span(1, 1)}),
    (parse_loss, "1%", {"*": 0.01}),
    (parse_loss, "update=50%", {"update": 0.5}),
    (parse_loss, "0%", {"*": 0.0}),
    (parse_crash, "client:3@round=2", Crash("client3", round=2)),
    (parse_crash, "server@time=5s", Crash("server", time=5)),
])  # fmt: skip
def test_options(parse: Callable[[str], Any], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(("parse", "text", "complaint"), [
    (parse_latency, "client=1s", "a channel is written like `client -> server`, not `client`"),
    (parse_latency, "10..20", "`10` is not a time with a unit, such as `10ms` or `2.5s`"),
    (parse_latency, "", "`` is not a time with a unit, such as `10ms` or `2.5s`"),
    (parse_loss, "often", "`often` is not a share from 0% to 100%"),
    (parse_loss, "0.05", "`0.05` is not a share from 0% to 100%; as a share it is `5%`"),
    (parse_loss, "update=5", "`5` is not a share from 0% to 100%; as a share it is `5%`"),
    (parse_loss, "1", "`1` is not a share from 0% to 100%"),
    (parse_loss, "101%", "`101%` is not a share from 0% to 100%"),
    (parse_crash, "client:3", "a crash is written like client:3@round=2 or client:3@time=5s, not `client:3`"),
    (parse_crash, "client:3@round=0", "`0` is not a number from 1"),
    (parse_crash, "client:3@time=soon", "`soon` is not a time with a unit, such as `10ms` or `2.5s`"),
])  # fmt: skip
def test_mistakes_in_options(parse: Callable[[str], Any], text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert str(caught.value) == complaint


def test_both() -> None:
    file = Conditions(latency={("*", "*"): Span(1, 1)}, loss={"*": 0.1}, crashes=(Crash("a", time=1),))
    options = Conditions(latency={("*", "*"): Span(2, 2)}, crashes=(Crash("b", time=2),))
    assert file | options == Conditions(
        latency={("*", "*"): Span(2, 2)}, loss={"*": 0.1}, crashes=(Crash("a", time=1), Crash("b", time=2))
    )
