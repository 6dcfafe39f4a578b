"""Stubs: the Python of a handler, predicate or selector that does as little as its rows allow, with types.

A stub returns what its rows need, with nothing in it: zeros, empty texts, no tensors. So a course of stubs runs from
the start, and each stub says in its docstring what it gets and what is sent.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from protoflow.checks.uses import uses_of
from protoflow.errors import UsageError
from protoflow.language.suggest import quoted
from protoflow.protocol import LOST, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protoflow.checks.uses import Use
    from protoflow.program import Program, RoleProgram, Row, RowSend
    from protoflow.protocol import MessageType, PayloadType

_LONGEST = 88
"""Characters to a line, as Black and Ruff have it."""

_EMPTY = {
    "int": "0",
    "float": "0.0",
    "bool": "False",
    "str": '""',
    "bytes": 'b""',
    "tensor": "numpy.zeros(1)",
    "tensors": "{}",
    "any": "None",
    "list": "[]",
    "dict": "{}",
}


_Value: TypeAlias = "str | Mapping[str, _Value]"
"""An expression, or a dict of them."""


@dataclass(frozen=True, slots=True)
class Stub:
    """One method. `lines` begin at no indentation, and indent by `INDENT`; `modules` are what it needs to import."""

    name: str
    lines: tuple[str, ...]
    modules: frozenset[str]


INDENT = "    "


def stubs_of(program: Program, role: RoleProgram, protoflow: str = "protoflow") -> list[Stub]:
    """A stub for everything that the role's table calls; `protoflow` is what that module is called there.

    Raises UsageError for a name that no Python method can have.
    """
    return [_Writer(program, role, use, protoflow).stub() for use in uses_of(role)]


def class_lines(program: Program, role: RoleProgram, name: str, base: str, stubs: Iterable[Stub]) -> list[str]:
    """A class with these stubs."""
    what = role.role.summary or f"What `{role.name}` does in {program.protocol.name}."
    lines = [f"class {name}({base}):", f'{INDENT}"""{_plain(what)}"""']
    for stub in stubs:
        lines += ["", *(INDENT + line if line else "" for line in stub.lines)]
    return lines


def class_names(roles: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Role -> the name of its class, `EdgeServer` for `edge_server`: no two have the same, and none is taken."""
    names: dict[str, str] = {}
    others = set(taken)
    for role in roles:
        name = "".join(part.capitalize() for part in role.split("_"))
        name = f"{name}Role" if keyword.iskeyword(name) else name
        while name in others:
            name += "_"
        others.add(name)
        names[role] = name
    return names


def _plain(text: str) -> str:
    """Text that may stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"', "'")


class _Writer:
    def __init__(self, program: Program, role: RoleProgram, use: Use, protoflow: str) -> None:
        self.messages: Mapping[str, MessageType] = program.protocol.messages
        self.role = role
        self.use = use
        self.protoflow = protoflow

    def stub(self) -> Stub:
        use = self.use
        if keyword.iskeyword(use.name):
            span = use.name.span
            where = f"{span.file}:{span.line}: " if span else ""
            raise UsageError(f"{where}{use.kind} `{use.name}` cannot be a method: the word is Python's own")
        returns, body = {"handler": self.handler, "predicate": self.predicate, "selector": self.selector}[use.kind]()
        lines = [f"def {use.name}({', '.join(filter(None, ('self', self.parameter())))}) -> {returns}:"]
        lines += [INDENT + line for line in (f'"""{_plain(self.words())}"""', *body)]
        names = {"numpy": "numpy", self.protoflow: "protoflow"}
        needed = {module for name, module in names.items() if any(f"{name}." in line for line in (lines[0], *body))}
        return Stub(use.name, tuple(lines), frozenset(needed))

    def parameter(self) -> str:
        kind = f"message: {self.protoflow}.Message"
        if len(self.use.calls) == 2:
            return f"{kind} | None = None"
        return kind if True in self.use.calls else ""

    # ---- what it is about --------------------------------------------------------------------------------------------

    def words(self) -> str:
        triggers = list(dict.fromkeys(row.trigger for row in self.use.rows))
        shown = [self.shown(trigger) for trigger in triggers]
        on = f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]
        if self.use.kind == "predicate":
            return f"Whether that is so, on {on}."
        if self.use.kind == "selector":
            return f"Who gets {_by_row([self.asked(row) for row in self.use.rows])}, on {on}: ids."
        sends = _by_row([[send for send in row.sends if not send.maybe] for row in self.use.rows])
        maybe = dict.fromkeys(send.message for row in self.use.rows for send in row.sends if send.maybe)
        raised = dict.fromkeys(event for row in self.use.rows for event, possibly in row.raises if possibly)
        said = [f"On {on}."]
        if sends:
            said.append(f"Sends {sends}.")
        if maybe:
            said.append(f"May send {quoted(maybe, 'or')}.")
        if raised:
            said.append(f"May raise {quoted(raised, 'or')}.")
        return " ".join(said)

    def shown(self, trigger: str) -> str:
        message = self.messages.get(trigger)
        if message is None or trigger in self.role.role.events or trigger == LOST:
            return f"`{trigger}`"
        fields = ", ".join(f"{name}: {kind}" for name, kind in message.payload.items())
        return f"`{trigger}` ({fields})" if fields else f"`{trigger}`"

    # ---- what it does ------------------------------------------------------------------------------------------------

    def predicate(self) -> tuple[str, list[str]]:
        return "bool", ["return False"]

    def asked(self, row: Row) -> list[RowSend]:
        """The sends that this selector is asked for."""
        kind, name = TargetKind.SELECTOR, self.use.name
        return [send for send in row.sends if send.target.kind is kind and send.target.name == name]

    def selector(self) -> tuple[str, list[str]]:
        sends = [send for row in self.use.rows for send in self.asked(row)]
        roles = dict.fromkeys(str(role) for role in sends[0].roles)
        peers = ", ".join(f'*self.peers("{role}")' for role in roles)
        return "list[str]", [f"return [{peers}]{'[:1]' if any(send.one for send in sends) else ''}"]

    def handler(self) -> tuple[str, list[str]]:
        body = [f'self.raise_event("{event}")' for event, maybe in self.use.row.raises if not maybe]
        rows = [row for row in self.use.rows if row.sends]
        if not any(self.messages[send.message].payload for row in rows for send in row.sends):
            return "None", body
        first = rows[0]
        if len(rows) < len(self.use.rows) or not all(self.alike(first, row) for row in rows):
            body.append("# Its rows do not send the same: return what the row at hand sends.")
        if len(first.sends) == 1:
            send, fields = first.sends[0], self.fields([row.sends[0] for row in rows if len(row.sends) == 1])
            whom = self.one_of(send)
            if whom is None:
                return "dict[str, object]", [*body, *_literal("return ", fields)]
            payload = _literal("payload: dict[str, object] = ", fields)
            return f"{self.protoflow}.Send", [*body, *payload, f"return {self.protoflow}.Send(payload, to={whom})"]
        alike = [row for row in rows if self.alike(first, row)]
        answer: dict[str, _Value] = {}
        for index, send in enumerate(first.sends):
            fields, whom = self.fields([row.sends[index] for row in alike]), self.one_of(send)
            answer[send.message] = f"{self.protoflow}.Send({_text(fields)}, to={whom})" if whom else fields
        return "dict[str, object]", [*body, *_literal("return ", answer)]

    def alike(self, one: Row, other: Row) -> bool:
        """Whether both rows can be given the same answer."""
        if len(one.sends) != len(other.sends):
            return False
        if len(one.sends) > 1 and [send.message for send in one.sends] != [send.message for send in other.sends]:
            return False
        return all(
            {name for name, kind in self.messages[a.message].payload.items() if not kind.optional}
            <= set(self.messages[b.message].payload)
            for pair in zip(one.sends, other.sends, strict=True)
            for a, b in (pair, pair[::-1])
        )

    def fields(self, sends: Iterable[RowSend]) -> dict[str, _Value]:
        """Field -> an empty value, for the fields that all these messages have."""
        payloads: list[Mapping[str, PayloadType]] = [self.messages[send.message].payload for send in sends]
        values: dict[str, _Value] = {}
        for name in payloads[0]:
            found = [payload[name] for payload in payloads if name in payload]
            if len(found) == len(payloads) or not found[0].optional:
                kind = next((each for each in found if not each.optional), found[0])
                values[name] = "None" if kind.optional else _EMPTY[kind.kind]
        return values

    def one_of(self, send: RowSend) -> str | None:
        """For a send to one of several that the handler chooses: the first of them, as an expression."""
        kind, name = send.target.kind, send.target.name
        if not send.one or kind in (TargetKind.SELECTOR, TargetKind.SENDER):
            return None
        if kind is TargetKind.LINK:
            return f'self.linked("{name}")[0]'
        return f'self.peers("{next(iter(send.roles))}")[0]'


def _by_row(sends: Iterable[Sequence[RowSend]]) -> str:
    """What is sent, given the sends of each row; "" where there are none."""
    found = dict.fromkeys(tuple(send.message for send in each) for each in sends)
    several = any(len(messages) > 1 for messages in found)
    each = [quoted(messages) for messages in found if messages] + ["nothing"] * (() in found)
    if len(found) < 2:
        return quoted(next(iter(found), ()))
    last = f", or {each[-1]}" if several else f" or {each[-1]}"
    return f"{', '.join(each[:-1])}{last}, depending on the row"


def _text(value: _Value) -> str:
    if isinstance(value, str):
        return value
    return "{" + ", ".join(f'"{key}": {_text(each)}' for key, each in value.items()) + "}"


def _literal(head: str, value: _Value, tail: str = "", indent: str = "") -> list[str]:
    """A dict as an expression, over several lines where one is too long (it stands two levels deep in the module)."""
    line = f"{indent}{head}{_text(value)}{tail}"
    if isinstance(value, str) or not value or len(line) + 2 * len(INDENT) <= _LONGEST:
        return [line]
    inner = [each for key, item in value.items() for each in _literal(f'"{key}": ', item, ",", indent + INDENT)]
    return [f"{indent}{head}{{", *inner, f"{indent}}}{tail}"]
