"""Conditions as text: a small YAML file, and the options of the command line that say the same.

    latency:                        # of every message, or by sender -> receiver
      '*': 10ms..50ms               # drawn evenly between the two, each time
      client -> server: 200ms
    compute: {client: 1s, client3: 10s}
    stragglers: {client: {share: 20%, slower: 10}}
    loss: {update: 1%}              # or one share for every message: `loss: 1%`
    crashes:
      - {who: client3, round: 2}
      - {who: client5, time: 90s}
    signals:                        # events raised from outside
      - {who: server, event: stop, time: 60s}

Times are `10ms`, `5s`, `2m` or `1h`; shares are `1%`: a bare number might be meant as a part of 1 or of 100, or say how
many, as `loss` does in a protocol's assumptions; `client:3` is `client3`. All mistakes are UsageErrors that say where
they are.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from protoflow.engines.conditions import EVERYBODY, Conditions, Crash, Signal, Span, Stragglers
from protoflow.errors import UsageError
from protoflow.language import scalars
from protoflow.language.findings import Findings
from protoflow.language.source import Source
from protoflow.language.suggest import clip, nearest
from protoflow.language.tree import Mapping, Node, Scalar, Sequence, compose
from protoflow.language.values import is_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    Key = TypeVar("Key")
    Read = TypeVar("Read")

KEYS = ("latency", "compute", "stragglers", "loss", "crashes", "signals")
_CRASH = re.compile(r"(?P<who>[^@]+)@(?:round=(?P<round>[0-9]+)|time=(?P<time>.+))")
_FILE_LIMIT = 1 << 20


def read_conditions(path: str | Path) -> Conditions:
    """The conditions in a file."""
    path = Path(path)
    try:
        with path.open("rb") as stream:
            text = stream.read(_FILE_LIMIT + 1).decode()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None
    if len(text) > _FILE_LIMIT:
        raise UsageError(f"{path} is larger than 1 MiB")
    findings = Findings()
    tree = compose(Source(str(path), text), findings)
    for found in findings.sorted():
        raise UsageError(f"{found.span.file}:{found.span.line}:{found.span.column}: {found.message}")
    return Conditions() if tree is None or is_nothing(tree) else _Reader().conditions(tree)


def parse_latency(text: str) -> dict[tuple[str, str], Span]:
    """`--latency 10ms..50ms`: of every message; `--latency 'client -> server=200ms'`: of one channel."""
    channel, _, span = text.rpartition("=")
    return {_channel(channel) if channel else (EVERYBODY, EVERYBODY): _span(span)}


def parse_compute(text: str) -> dict[str, Span]:
    """`--compute client=1s`."""
    who, _, span = text.rpartition("=")
    return {participant(who) if who else EVERYBODY: _span(span)}


def parse_loss(text: str) -> dict[str, float]:
    """`--loss 1%`: of all messages; `--loss update=5%`: of one type."""
    message, _, share = text.rpartition("=")
    return {message.strip() or EVERYBODY: _share(share)}


def parse_crash(text: str) -> Crash:
    """`--crash client:3@round=2`, `--crash client3@time=5s`."""
    match = _CRASH.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"a crash is written like client:3@round=2 or client:3@time=5s, not `{clip(text)}`")
    who = participant(match["who"])
    if match["round"] is not None:
        return Crash(who, round=_number(match["round"]))
    return Crash(who, time=_time(match["time"]))


def participant(text: str) -> str:
    """`client:3` is `client3`."""
    return text.strip().replace(":", "", 1)


def _channel(text: str) -> tuple[str, str]:
    if text.strip() == EVERYBODY:
        return (EVERYBODY, EVERYBODY)
    sender, arrow, receiver = text.partition("->")
    if not arrow or not sender.strip() or not receiver.strip():
        raise UsageError(f"a channel is written like `client -> server`, not `{clip(text)}`")
    return (participant(sender), participant(receiver))


def _span(text: str) -> Span:
    low, dots, high = text.partition("..")
    span = Span(_time(low), _time(high) if dots else _time(low))
    if span.high < span.low:
        raise UsageError(f"`{clip(text)}` ends before it begins")
    return span


def _time(text: str) -> float:
    seconds = scalars.duration(text.strip())
    if seconds is None:
        raise UsageError(f"`{clip(text)}` is not a time with a unit, such as `10ms` or `2.5s`")
    return seconds


def _share(text: str) -> float:
    part = scalars.share(text.strip())
    if part is None or part > 1:
        meant = scalars.as_share(scalars.decode(text.strip()))
        hint = f"; as a share it is `{meant}`" if meant else ""
        raise UsageError(f"`{clip(text)}` is not a share from 0% to 100%{hint}")
    return float(part)


def _number(text: str) -> int:
    value = scalars.decode(text.strip())
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"`{clip(text)}` is not a number from 1")
    return value


def _factor(text: str) -> float:
    value = scalars.decode(text.strip())
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise UsageError(f"`{clip(text)}` is not a number above 0")
    return float(value)


class _Reader:
    """From the tree of a file to conditions."""

    def conditions(self, tree: Node) -> Conditions:
        parts = self._fields(tree, KEYS)
        nothing = Mapping(tree.source, 0)
        return Conditions(
            latency=self._table(parts.get("latency", nothing), _channel, self._scalar(_span)),
            compute=self._table(parts.get("compute", nothing), participant, self._scalar(_span)),
            stragglers=self._table(parts.get("stragglers", nothing), str, self._stragglers),
            loss=self._table(parts.get("loss", nothing), str, self._scalar(_share)),
            crashes=tuple(self._crash(node) for node in self._items(parts.get("crashes"))),
            signals=tuple(self._signal(node) for node in self._items(parts.get("signals"))),
        )

    def _stragglers(self, node: Node) -> Stragglers:
        found = self._fields(node, ("share", "slower"), needed=("share", "slower"))
        return Stragglers(self._scalar(_share)(found["share"]), self._scalar(_factor)(found["slower"]))

    def _crash(self, node: Node) -> Crash:
        if isinstance(node, Scalar):
            return self._scalar(parse_crash)(node)
        found = self._fields(node, ("who", "round", "time"), needed=("who",))
        who = self._scalar(participant)(found["who"])
        if ("round" in found) == ("time" in found):
            _refuse(node, "a crash has one of `round` and `time`")
        if "round" in found:
            return Crash(who, round=self._scalar(_number)(found["round"]))
        return Crash(who, time=self._scalar(_time)(found["time"]))

    def _signal(self, node: Node) -> Signal:
        found = self._fields(node, ("who", "event", "time"), needed=("who", "event", "time"))
        who, event = self._scalar(participant)(found["who"]), self._scalar(str)(found["event"])
        return Signal(who, event, self._scalar(_time)(found["time"]))

    def _table(self, node: Node, key: Callable[[str], Key], value: Callable[[Node], Read]) -> dict[Key, Read]:
        """A mapping; one value alone stands for everybody's."""
        if isinstance(node, Scalar):
            return {key(EVERYBODY): value(node)}
        if not isinstance(node, Mapping):
            _refuse(node, "expected a mapping")
        return {self._scalar(key)(name): value(each) for name, each in node.entries}

    def _fields(self, node: Node, known: Iterable[str], needed: Iterable[str] = ()) -> dict[str, Node]:
        if not isinstance(node, Mapping):
            _refuse(node, f"expected a mapping with the keys {_listed(known)}")
        for key, _ in node.entries:
            if key.text not in known:
                near = nearest(key.text, known)
                _refuse(key, f"`{clip(key.text)}` is not a key here" + (f"; `{near}` is" if near else ""))
        found = {key.text: value for key, value in node.entries if not is_nothing(value)}
        for name in needed:
            if name not in found:
                _refuse(node, f"`{name}` is missing")
        return found

    def _items(self, node: Node | None) -> list[Node]:
        if node is None:
            return []
        if not isinstance(node, Sequence):
            _refuse(node, "expected a list")
        return node.items

    def _scalar(self, parse: Callable[[str], Read]) -> Callable[[Node], Read]:
        """`parse`, for a node: what it complains about gets its place."""

        def read(node: Node) -> Read:
            if not isinstance(node, Scalar):
                _refuse(node, "expected one value")
            try:
                return parse(node.text)
            except UsageError as error:
                _refuse(node, str(error))

        return read


def _refuse(node: Node, text: str) -> NoReturn:
    span = node.span
    raise UsageError(f"{span.file}:{span.line}:{span.column}: {text}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
