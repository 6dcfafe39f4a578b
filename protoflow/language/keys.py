"""The keys of every kind of mapping in a protocol file: the one list that the reader, the JSON Schema and the formatter
share.

They stand in the order in which `protoflow format` writes them. Texts are what an editor shows beside a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Table:
    """The keys of one kind of mapping.

    `title` is what such a mapping is called, `place` where it stands; `section` is the key under which elements of this
    kind are declared by name, "" where there is none. A mapping with one of the `telling` keys is of this kind. What
    the keys `texts` take is prose. `meant` has words that people who come from other notations write.
    """

    title: str
    place: str
    keys: Mapping[str, str]
    required: tuple[str, ...] = ()
    section: str = ""
    telling: tuple[str, ...] = ()
    texts: tuple[str, ...] = ("summary", "help")
    meant: Mapping[str, str] = field(default_factory=dict)


PROTOCOL = Table(
    "the top level",
    "at the top level",
    {
        "protoflow": "Format version, `1`.",
        "name": "Name of the protocol: lower-case letters, digits and `_`.",
        "summary": "One line, shown in diagrams and reports.",
        "source": "Where the course comes from: paper and section.",
        "extends": "Another protocol, or a list of them, that this one starts from: a path relative to this file, "
        "or the name of a shipped protocol.",
        "parameters": "Name -> default value, or `{type, default, min, max, help}`.",
        "messages": "Message types: name -> `{from, to, payload, summary}`.",
        "roles": "Who takes part: name -> role, with one state machine each.",
        "links": "Fixed relations between participants.",
        "assumptions": "What the network and the participants may do to the course; the checker explores exactly that.",
        "properties": "Name -> `{never: PREDICATE}`: what must not happen.",
        "remove": "With `extends`: names of messages, parameters, links, properties or roles of the base to drop.",
    },
    required=("protoflow",),
    texts=("summary", "source"),
)

PARAMETER = Table(
    "a parameter",
    "in a parameter",
    {
        "type": "`int`, `float`, `str`, `bool`, `duration` or `share`; left out, the default's own.",
        "default": "The value unless another is given (`--set name=value`).",
        "min": "The least value allowed.",
        "max": "The greatest value allowed.",
        "help": "One line on what it does.",
    },
    required=("default",),
    section="parameters",
    telling=("default",),
)

MESSAGE = Table(
    "a message",
    "in a message",
    {
        "from": "The role that sends it, or a list of roles.",
        "to": "The role that receives it, or a list of roles.",
        "payload": "Field -> type: `int float bool str bytes tensor tensors any`, `list of T`, `dict of T`, "
        "`optional T`.",
        "summary": "One line, shown in diagrams and reports.",
    },
    required=("from", "to"),
    section="messages",
    telling=("from", "to", "payload"),
    meant={"sender": "from", "receiver": "to", "fields": "payload"},
)

ROLE = Table(
    "a role",
    "in a role",
    {
        "class": "Default Python behaviour, `package.module:Class`; only running imports it.",
        "summary": "One line, shown in diagrams and reports.",
        "count": "How many participants: a number, a range (`1..`, `2..8`) or a parameter; `1` if left out.",
        "initial": "The state in which participants begin; the first one if left out.",
        "states": "Name -> nothing or `{final, ignore, defer, summary}`; or a plain list of names.",
        "events": "Conditions that the engine watches: messages counted, times, raised events.",
        "transitions": "The rows of the table: what each trigger does in each state.",
        "remove": "With `extends`: names of states or events of the base, or `{source, trigger}` rows, to drop.",
    },
    section="roles",
    telling=("states", "transitions", "count"),
)

STATE = Table(
    "a state",
    "in a state",
    {
        "final": "`true`: a participant may rest here when the course is over.",
        "ignore": 'Messages received and dropped here, on purpose: a name, a list or `"*"`.',
        "defer": 'Messages left in the queue, to be handled in a later state: a name, a list or `"*"`.',
        "summary": "One line, shown in diagrams and reports.",
    },
    section="states",
    telling=("final", "ignore", "defer"),
)

EVENT = Table(
    "an event",
    "in an event",
    {
        "received": "The message that is counted.",
        "for": "Count only replies to the open round of this message.",
        "from": "How many distinct senders: `all`, a share (`80%`), a number, a link or a parameter.",
        "count": "How many messages, whoever sent them.",
        "after": "How long after the state was entered (`30s`), or a parameter.",
        "raised": "`true`: a handler raises it, or the program from outside.",
    },
    section="events",
    telling=("received", "after", "raised"),
)

TRANSITION = Table(
    "a transition",
    "in a transition",
    {
        "trigger": "Message types (or `lost`), or events (or `start`), that this row handles: a name or a list.",
        "source": 'The states it is for: a name, a list, or `"*"` (every state that is not final).',
        "dest": "The state afterwards; left out, the participant stays and its timers run on.",
        "handler": "Name of the function that does the work.",
        "send": "Messages that the handler sends, in this order.",
        "raise": "Events of this role that the handler raises; `maybe name`: it may.",
        "conditions": "Names that must all hold: predicates, `fresh`, bool parameters, links.",
        "unless": "Names that must all not hold.",
        "times": "Each participant takes this row at most that many times: a number or a parameter. Each row "
        "counts for itself.",
    },
    required=("trigger", "source"),
    meant={
        "from": "source",
        "to": "dest",
        "target": "dest",
        "on": "trigger",
        "event": "trigger",
        "message": "trigger",
        "guard": "conditions",
        "if": "conditions",
        "action": "handler",
        "do": "handler",
    },
)

SEND = Table(
    "a send",
    "in a send",
    {
        "message": "The message type.",
        "to": "Whom it goes to: `sender`, `all`, a role, a link, an event of this role, or a selector.",
        "maybe": "`true`: the handler may send it or not.",
        "one": "`true`: it goes to exactly one of them.",
    },
    required=("message",),
)

LINK = Table(
    "a link",
    "in a link",
    {
        "from": "The role that it begins at.",
        "to": "The role that it leads to.",
        "shape": "`one`, `ring`, `next`, `chain` or `graph`.",
        "inverse": "Another link, of which this is the other direction.",
    },
    section="links",
    telling=("shape", "inverse"),
)

ASSUMPTIONS = Table(
    "assumptions",
    "under `assumptions`",
    {
        "channels": "`fifo`, or `any`: unordered.",
        "crashes": "Role -> how many of it may stop for ever in a run.",
        "early_timeouts": "How many timers may elapse in a run while there is still something else to do.",
        "loss": "How many messages may vanish in a run.",
        "duplicates": "How many messages may be delivered twice in a run.",
    },
)

PROPERTY = Table(
    "a property",
    "in a property",
    {"never": "Role -> state or states: this must never hold, for live participants of each role at once."},
    required=("never",),
    section="properties",
    telling=("never",),
)

REMOVED_ROW = Table(
    "a row to remove",
    "in a row to remove",
    {
        "source": "The states of the base's rows to drop.",
        "trigger": "The triggers of the base's rows to drop.",
    },
    required=("source", "trigger"),
)

MEANT_TYPES = {
    "integer": "int",
    "integers": "int",
    "number": "float",
    "double": "float",
    "real": "float",
    "string": "str",
    "text": "str",
    "boolean": "bool",
    "percentage": "share",
    "percent": "share",
    "fraction": "share",
    "time": "duration",
    "seconds": "duration",
    "array": "tensor",
    "weights": "tensors",
    "state_dict": "tensors",
}
"""Types by the names they have elsewhere."""

TABLES = (PROTOCOL, PARAMETER, MESSAGE, ROLE, STATE, EVENT, TRANSITION, SEND, LINK, ASSUMPTIONS, PROPERTY, REMOVED_ROW)

PAYLOAD_KINDS = ("int", "float", "bool", "str", "bytes", "tensor", "tensors", "any")
