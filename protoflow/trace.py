"""The trace: what happened in a course, one record a step.

A run's trace, a counterexample of the checker and a replay file are the same record. On disk it is JSON Lines: a
`Header`, then a `Step` a line, then an `End` if the run came to an end of its own, or the `Claim` of a counterexample.
A file that stops short (Ctrl-C, a full disk) is readable up to its last whole line.

Participants go by their ids: the role's name where its `count` is 1 (`server`), else role and index from 1 (`client3`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError
from protoflow.ids import Group, Ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

FORMAT = 1


class StepKind(StrEnum):
    START = "start"  # the participant starts, where its role has rows for that
    DELIVER = "deliver"  # it takes a message (or `lost`) from a channel
    RAISED = "raised"  # it handles an event that was raised
    FIRE = "fire"  # an event that holds fires
    ELAPSE = "elapse"  # a timer of its state elapses
    CRASH = "crash"  # it stops for ever
    LOSE = "lose"  # the network loses a message to it
    DUPLICATE = "duplicate"  # a message to it is delivered and stays in the channel


class Outcome(StrEnum):
    HANDLED = "handled"  # a row was taken
    NOTHING = "nothing"  # a start of which no row holds, `lost` without a row: bookkeeping only
    IGNORED = "ignored"  # the state ignores it
    STALE = "stale"  # a stale reply that no row takes: dropped
    LATE = "late"  # a final state has nothing for it: dropped, a warning
    UNHANDLED = "unhandled"  # an error


@dataclass(slots=True)  # not frozen, as `Step`
class SentMessage:
    """A message as it was sent; `round` is the round it opens, extends or answers, None where no round is counted."""

    message: str
    to: tuple[str, ...]
    round: int | None = None


@dataclass(slots=True)  # not frozen: an engine makes one a step, and freezing would make that four times as slow
class Step:
    """One participant (`receiver`) handling one thing, run to completion.

    `trigger` is the message or event; `message` and `sender` are set for deliveries and losses. `row` is the index of
    the transition that was taken. `early`: the timer elapsed while there was something else to do. `time` is virtual
    seconds, `bytes` the size of all payloads sent; a counterexample has neither. `metrics` is what the handler logged.
    """

    kind: StepKind
    receiver: str
    trigger: str | None = None
    message: str | None = None
    sender: str | None = None
    round: int | None = None
    state_before: str | None = None
    state_after: str | None = None
    outcome: Outcome | None = None
    row: int | None = None
    sends: tuple[SentMessage, ...] = ()
    raises: tuple[str, ...] = ()
    bytes: int | None = None
    early: bool = False
    time: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """What was run: enough to set the same course up again."""

    protocol: str
    digest: str
    participants: Mapping[str, int]  # role -> how many
    parameters: Mapping[str, Any]
    links: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)  # link -> id -> ids
    seed: int = 0
    engine: str = "simulation"
    file: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How it ended: `complete`, `unhandled`, `stuck`, `handler_error`, `limit`.

    `states` has who was where; whoever is not named there took no step, and was in the initial state of its role.
    """

    outcome: str
    message: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a counterexample shows: the `code` and `message` of a finding, and what that is about (kind -> names).

    From step `loop` on (counted from 0) the steps can be repeated for ever; None where they just lead there.
    """

    code: str
    message: str
    about: Mapping[str, tuple[str, ...]]
    loop: int | None = None


Record = Header | Step | End | Claim
_TAGS: Mapping[str, type] = {"header": Header, "step": Step, "end": End, "claim": Claim}
_DEFAULTS = {cls: {f.name: f.default for f in fields(cls)} for cls in (Step, SentMessage)}


def encode(record: Record) -> str:
    """One line of JSON, without the line break; byte-stable; fields at their defaults are left out of steps."""
    if isinstance(record, Step):
        data: dict[str, Any] = {"record": "step"}
        for name, default in _DEFAULTS[Step].items():
            value = getattr(record, name)
            if name == "sends":
                value = [{k: v for k, v in asdict(sent).items() if v is not None} for sent in value]
            if value != default and value not in ((), {}, []):
                data[name] = value
    else:
        tag = next(tag for tag, cls in _TAGS.items() if isinstance(record, cls))
        data = {"record": tag, **({"format": FORMAT} if tag == "header" else {}), **asdict(record)}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def decode(line: str) -> Record:
    """The record on a line. Raises UsageError where the line is not one."""
    try:
        data = json.loads(line)
        cls = _TAGS[data.pop("record")]
        if cls is Header and data.pop("format") != FORMAT:
            raise UsageError("this trace was written in another format")
        if cls is Step:
            data["kind"] = StepKind(data["kind"])
            if "outcome" in data:
                data["outcome"] = Outcome(data["outcome"])
            data["raises"] = tuple(data.get("raises", ()))
            data["sends"] = tuple(
                SentMessage(sent["message"], tuple(sent["to"]), sent.get("round")) for sent in data.get("sends", ())
            )
        if cls is Header:
            data["links"] = {
                link: {who: tuple(ids) for who, ids in relation.items()} for link, relation in data["links"].items()
            }
        if cls is Claim:
            data["about"] = {kind: tuple(map(str, names)) for kind, names in data["about"].items()}
            if type(data.get("loop")) not in (int, type(None)):
                raise TypeError
        record: Record = cls(**data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"not a protoflow trace: {line[:60]!r}") from error
    return record


def participant_ids(participants: Mapping[str, int], steps: Iterable[Step]) -> dict[str, Ids]:
    """Role -> the ids of its participants, in order.

    A role with one participant is called by its name if its `count` is 1, else `client1`: which of the two, the steps
    tell (where they name neither, nothing can depend on it).
    """
    numbered = {f"{role}1" for role, number in participants.items() if number == 1}
    found = {who for step in steps for who in _named(step) if who in numbered}
    groups, first = {}, 0
    for role, number in participants.items():
        groups[role] = Group(role, number, first, numbered=number != 1 or f"{role}1" in found)
        first += number
    return {role: Ids((group,)) for role, group in groups.items()}


def _named(step: Step) -> Iterator[str]:
    """The ids in a step."""
    yield step.receiver
    if step.sender is not None:
        yield step.sender
    for sent in step.sends:
        yield from sent.to


def roles_of(participants: Mapping[str, int], steps: Iterable[Step]) -> dict[str, str]:
    """The id of each participant -> its role."""
    return {who: role for role, ids in participant_ids(participants, steps).items() for who in ids}


def write(records: Iterable[Record], stream: TextIO) -> None:
    for record in records:
        stream.write(encode(record) + "\n")


def read(stream: Iterable[str]) -> Iterator[Record]:
    """The records of a trace, in order. A last line that was cut off is left out; another bad one is a UsageError."""
    pending: str | None = None
    for line in stream:
        if pending is not None:
            yield decode(pending)
        pending = line
    if pending is not None and pending.strip():
        if pending.endswith("\n"):
            yield decode(pending)
        else:
            try:
                yield decode(pending)
            except UsageError:
                return
