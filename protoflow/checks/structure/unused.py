"""PF105: what is declared and used by nothing.

A parameter or a link that no row and no event names may still be read by a handler (`self.parameters`, `self.linked`),
so these are reported only where a protocol has no Python at all. A message that is only ignored or deferred, and never
sent or handled, is used by nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.structure.facts import place
from protoflow.diagnostics import Diagnostic, Help
from protoflow.language.suggest import quoted
from protoflow.program import GuardKind
from protoflow.protocol import After, Counted, Name, Received, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.program import Program
    from protoflow.protocol import Event, Role, Transition


def unused_things(program: Program) -> Iterator[Diagnostic]:
    protocol = program.protocol
    exchanged = {str(name) for role in protocol.roles.values() for name in _messages(role)}
    for message in protocol.messages.values():
        if message.name not in exchanged:
            what = f"message `{message.name}` is declared, but nobody sends or handles it"
            help = (
                f"send it in a row of {quoted(message.senders, 'or')} and handle it in {quoted(message.receivers)}, "
                "or take it out"
            )
            yield _unused(program, message, what, ("message", message.name), help=help)
    for role in protocol.roles.values():
        used = _events(role)
        for event in role.events.values():
            if event.name not in used:
                what = f"event `{event.name}` of `{role.name}` is declared, but no row uses it"
                help = f"write a row with `trigger: {event.name}`, or take it out"
                yield _unused(program, event, what, ("role", role.name), ("event", event.name), help=help)
        named = {role.initial, *(t.dest for t in role.transitions), *(s for t in role.transitions for s in t.sources)}
        for state in role.states.values():
            if state.name not in named:
                what = f"state `{state.name}` of `{role.name}` is declared, but no row names it"
                help = "name it as the `dest` of a row, or take it out"
                yield _unused(program, state, what, ("role", role.name), ("state", state.name), help=help)
    if _has_python(program):
        return
    names = {str(name) for role in protocol.roles.values() for name in _written(role)}
    for parameter in protocol.parameters.values():
        if parameter.name not in names:
            what = f"parameter `{parameter.name}` is declared, but nothing uses it"
            yield _unused(program, parameter, what, ("parameter", parameter.name))
    names |= {str(link.inverse) for link in protocol.links.values() if link.inverse and link.name in names}
    for link in protocol.links.values():
        if link.name not in names:
            yield _unused(program, link, f"link `{link.name}` is declared, but nothing uses it", ("link", link.name))


def _unused(
    program: Program, thing: object, message: str, *subject: tuple[str, str], help: str = "take it out"
) -> Diagnostic:
    return Diagnostic(
        "PF105",
        message,
        place(program, getattr(thing, "span", None)),
        label="not used",
        help=Help(help),
        subject=frozenset(subject),
    )


def _messages(role: Role) -> Iterator[Name]:
    """Messages that the role sends, handles or counts (triggers that are events do no harm here)."""
    for transition in role.transitions:
        yield from transition.triggers
        yield from (send.message for send in transition.sends)
    for event in role.events.values():
        if isinstance(event.condition, Received | Counted):
            yield event.condition.message
            if isinstance(event.condition, Received) and event.condition.request is not None:
                yield event.condition.request


def _events(role: Role) -> set[str]:
    used: set[str] = set()
    for transition in role.transitions:
        used.update(transition.triggers)
        used.update(raised.event for raised in transition.raises)
        used.update(s.target.name for s in transition.sends if s.target and s.target.kind is TargetKind.EVENT)
    return used


def _written(role: Role) -> Iterator[object]:
    """All that may be the name of a parameter or of a link."""
    yield from (role.count.minimum, role.count.maximum)
    for event in role.events.values():
        yield from _event_values(event)
    for transition in role.transitions:
        yield from _row_values(transition)


def _event_values(event: Event) -> Iterator[object]:
    match event.condition:
        case Received(_, threshold, link, _):
            yield from (threshold, link)
        case Counted(_, count):
            yield count
        case After(duration):
            yield duration


def _row_values(transition: Transition) -> Iterator[object]:
    yield from transition.conditions
    yield from transition.unless
    yield transition.times
    yield from (send.target.name for send in transition.sends if send.target and send.target.kind is TargetKind.LINK)


def _has_python(program: Program) -> bool:
    """Whether the protocol has anything that could read a parameter or a link: a class, or a name of a function."""
    return any(role.role.cls is not None for role in program.roles.values()) or any(
        row.handler is not None
        or any(guard.kind is GuardKind.PREDICATE for guard in row.guards)
        or any(send.target.kind is TargetKind.SELECTOR for send in row.sends)
        for role in program.roles.values()
        for row in role.all_rows()
    )
