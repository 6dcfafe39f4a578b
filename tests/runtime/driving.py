"""Driving one interpreter by hand: a protocol in a few lines, handlers that do nothing unless a test says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.language import read_text
from protoflow.program import compile_protocol
from protoflow.runtime.behaviour import names_of
from protoflow.runtime.directory import Directory
from protoflow.runtime.interpreter import Interpreter
from protoflow.runtime.machine import RoleMachine
from protoflow.runtime.message import Message
from protoflow.runtime.payload import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protoflow.protocol import Protocol
    from protoflow.runtime.effects import Effects

HEAD = "protoflow: 1\nname: small\n"


def protocol(text: str) -> Protocol:
    reading = read_text(HEAD + text, "small.yaml")
    errors = [found.message for found in reading.diagnostics if found.severity == "error"]
    assert not errors, errors
    assert reading.protocol is not None
    return reading.protocol


def interpreters(
    text: str,
    counts: Mapping[str, int] | None = None,
    calls: Mapping[str, Callable[..., object]] | None = None,
    relations: Any = None,
    parameters: Any = None,
) -> dict[str, Interpreter]:
    """Every participant, its handlers doing nothing and its predicates false, apart from `calls`."""
    program = compile_protocol(protocol(text), parameters)
    numbers = {name: role.minimum for name, role in program.roles.items()} | dict(counts or {})
    directory = Directory(program, numbers, relations)
    made = {}
    for role, ids in directory.members.items():
        machine = RoleMachine(program.roles[role], program.parameters)
        for who in ids:
            own: dict[str, Callable[..., object]] = dict.fromkeys(names_of(program.roles[role]), lambda *_: None)
            made[who] = Interpreter(who, program.roles[role], machine, directory, own | dict(calls or {}))
    return made


def message(
    name: str, sender: str, receiver: str = "server", round: int | None = None, answers: int | None = None
) -> Message:
    """A message without fields."""
    return Message(name, sender, receiver, NOTHING, round if round is not None else answers, answers)


def settle(one: Interpreter) -> list[Effects]:
    """All that is urgent, in order."""
    done = []
    while (effects := one.urgent(one.now)) is not None:
        done.append(effects)
    return done


def sent(effects: Effects) -> list[tuple[str, tuple[str, ...]]]:
    return [(out.message, out.to) for out in effects.sends]
