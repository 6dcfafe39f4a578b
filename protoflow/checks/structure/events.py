"""PF107, PF108 and PF110: events that few cannot bring about, that never hold, and that never come to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from protoflow.checks.structure.facts import place, role_triggers, sendings
from protoflow.checks.structure.graphs import reachable_from
from protoflow.checks.structure.sends import let_send
from protoflow.checks.structure.suggest import meant_share
from protoflow.diagnostics import Diagnostic, Help, Label, one_of
from protoflow.language.suggest import quoted
from protoflow.program import Disposition
from protoflow.protocol import Name, Raised, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from protoflow.checks.structure.facts import Sending
    from protoflow.program import Program, RoleProgram, Row, Window

_Waiting: TypeAlias = "tuple[str, tuple[str, ...]]"
"""A state, and the raised events that wait in it, first come first."""

LONGEST_QUEUE = 8
"""Raised events that wait at once; where more come together, PF110 does not look further."""


class _Reason(NamedTuple):
    why: str
    label: str
    related: tuple[Label, ...] = ()
    help: Help | None = None
    about_request: bool = False


def impossible_events(program: Program) -> Iterator[Diagnostic]:
    """PF108, for events that some row has as trigger or as target (of others PF105 says all), in a state that can be
    entered (else PF101 does)."""
    sent = sendings(program)
    for role in program.roles.values():
        waiting = _waiting_states(role)
        for window in role.windows.values():
            where = waiting.get(window.event, [])
            reason = None if role.reachable.isdisjoint(where) else _why_never(program, role, window, sent, where)
            if reason is not None:
                event = role.role.events[window.event]
                subject = {("role", role.name), ("event", window.event), ("message", window.message)}
                if reason.about_request and window.request is not None:  # those who handle it wait for it in vain too
                    receivers = program.protocol.messages[window.request].receivers
                    subject |= {("message", window.request), *(("role", str(name)) for name in receivers)}
                yield Diagnostic(
                    "PF108",
                    f"`{window.event}` of `{role.name}` can never hold: {reason.why}",
                    place(program, getattr(event.condition, "message", None), event),
                    label=reason.label,
                    related=reason.related,
                    help=reason.help,
                    subject=frozenset(subject),
                )


def _waiting_states(role: RoleProgram) -> Mapping[str, list[str]]:
    """Event -> where the role has a use for it: rows that it triggers, or that send to those it has counted."""
    found: dict[str, dict[str, None]] = {}
    for row in role.all_rows():
        for event in (row.trigger, *row.answered):
            found.setdefault(event, {})[row.source] = None
    return {event: list(states) for event, states in found.items()}


def _why_never(
    program: Program,
    role: RoleProgram,
    window: Window,
    sent: Mapping[tuple[str, str], list[Sending]],
    waiting: list[str],
) -> _Reason | None:
    message = program.protocol.messages[window.message]
    declared = (Label(message.span, "declared here"),) if message.span else ()
    places = sent.get((message.name, role.name))
    if not places:
        return _Reason(
            f"nobody sends `{message.name}` to it", "counts what never comes", declared, _send(program, message.name)
        )
    counting = [s for s in role.states if role.disposition(s, message.name) is Disposition.HANDLE]
    if not counting:
        why = f"no row ever takes `{message.name}`, and only what a row takes is counted"
        return _Reason(why, "counts what is never taken")
    return (
        _no_round(program, role, window, places)
        or _too_many(program, role, window, places)
        or _elsewhere(role, window, counting, waiting)
    )


def _senders(role: RoleProgram, window: Window, places: list[Sending]) -> set[str]:
    """Roles that the window can count: they send its message, and, `for` a request, that reaches them."""
    senders = {place.role for place in places}
    if window.request is not None:
        senders &= {
            r for row in role.all_rows() for send in row.sends if send.message == window.request for r in send.roles
        }
    return senders


def _no_round(program: Program, role: RoleProgram, window: Window, places: list[Sending]) -> _Reason | None:
    if window.request is None or _senders(role, window, places):
        return None
    written = program.protocol.messages[window.request].span
    related = (Label(written, "declared here"),) if written else ()
    if any(send.message == window.request for row in role.all_rows() for send in row.sends):
        whom = quoted(dict.fromkeys(place.role for place in places))
        return _Reason(
            f"`{window.request}`, which it counts replies to, never reaches {whom}", "no reply", related, None, True
        )
    why = f"it counts replies to `{window.request}`, which `{role.name}` never sends"
    return _Reason(why, "there is nothing to reply to", related, _send(program, window.request), True)


def _send(program: Program, message: str) -> Help | None:
    senders = quoted(program.protocol.messages[message].senders, "or")
    return one_of([*let_send(program, message), Help(f"let a row of {senders} send it: `send: {message}`")])


def _too_many(program: Program, role: RoleProgram, window: Window, places: list[Sending]) -> _Reason | None:
    senders = [program.roles[name] for name in program.roles if name in _senders(role, window, places)]
    _, most = _least_and_most(role, senders)
    if not isinstance(window.needed, int) or most is None or window.needed <= most:
        return None
    counts = tuple(Label(span, "so many there are") for s in senders if (span := s.role.spans.get("count")))
    why = f"it waits for {window.needed} senders of `{window.message}`, and there are at most {most}"
    otherwise = f"wait for all of them, or for a number up to {most}"
    span = role.role.events[window.event].spans.get("from")
    help = _as_share(role, window, otherwise) or Help(otherwise, span, "all" if span else None)
    return _Reason(why, "counts each sender once", counts, help)


def _least_and_most(role: RoleProgram, senders: list[RoleProgram]) -> tuple[int, int | None]:
    """How many of the senders there are besides the participant itself, as `count` allows."""
    itself = sum(sender.name == role.name for sender in senders)
    bounds = [sender.maximum for sender in senders if sender.maximum is not None]
    most = sum(bounds) - itself if len(bounds) == len(senders) else None
    return sum(sender.minimum for sender in senders) - itself, most


def _as_share(role: RoleProgram, window: Window, otherwise: str) -> Help | None:
    """A number that may have been meant as a share, `80` for `80%`: to type it as one, or else to do otherwise."""
    share = meant_share(role.role.events[window.event])
    span = role.role.events[window.event].spans.get("from")
    return Help(f"if a share is meant, write `{share}`; else {otherwise}", span, share) if share and span else None


def out_of_reach_of_few(program: Program) -> Iterator[Diagnostic]:
    """PF107, for events that wait for more senders than there are where no more take part than `count` asks for.

    What can never hold is PF108, and what nothing waits for is said elsewhere.
    """
    sent = sendings(program)
    for role in program.roles.values():
        waiting = _waiting_states(role)
        for window in role.windows.values():
            where = waiting.get(window.event, [])
            if not isinstance(window.needed, int) or role.reachable.isdisjoint(where):
                continue
            places = sent.get((window.message, role.name), [])
            if places and _why_never(program, role, window, sent, where) is None:
                yield from _few(program, role, window, places)


def _few(program: Program, role: RoleProgram, window: Window, places: list[Sending]) -> Iterator[Diagnostic]:
    senders = [program.roles[name] for name in program.roles if name in _senders(role, window, places)]
    least, _ = _least_and_most(role, senders)
    needed, event = window.needed, role.role.events[window.event]
    if not isinstance(needed, int) or needed <= least:
        return
    yield Diagnostic(
        "PF107",
        f"`{window.event}` of `{role.name}` might never hold: "
        f"it waits for {needed} senders of `{window.message}`, and there may be no more than {least}",
        place(program, event.spans.get("from"), event),
        label="may be more than there are",
        related=tuple(Label(span, "so few there may be") for s in senders if (span := s.role.spans.get("count"))),
        help=_enough(role, window, senders, needed),
        subject=frozenset({("role", role.name), ("event", window.event), ("message", window.message)}),
    )


def _enough(role: RoleProgram, window: Window, senders: list[RoleProgram], needed: int) -> Help:
    if window.request is not None and _to_some(role, window.request):  # however many there are, fewer may be asked
        otherwise = f"wait for all whom `{window.request}` was sent to"
        span = role.role.events[window.event].spans.get("from")
        return _as_share(role, window, otherwise) or Help(otherwise, span, "all" if span else None)
    if len(senders) > 1:
        otherwise = f"let there be at least {needed} of {quoted([sender.name for sender in senders])} together"
        return _as_share(role, window, otherwise) or Help(otherwise)
    (sender,) = senders
    maximum = sender.role.count.maximum
    number = needed + (sender.name == role.name)
    count = f"{number}.." if maximum is None else f"{number}..{maximum}"
    otherwise = f"let `{sender.name}` have at least {number}: `count: {count}`"
    span = sender.role.spans.get("count")
    written = span is not None and not isinstance(sender.role.count.minimum, Name)
    return _as_share(role, window, otherwise) or Help(otherwise, span if written else None, count if written else None)


def _to_some(role: RoleProgram, message: str) -> bool:
    """Whether some row sends the message to a choice among those who are there."""
    choices = (TargetKind.SELECTOR, TargetKind.EVENT)
    sends = (send for row in role.all_rows() for send in row.sends if send.message == message)
    return any(send.one or send.target.kind in choices for send in sends)


def _elsewhere(role: RoleProgram, window: Window, counting: list[str], waiting: list[str]) -> _Reason | None:
    """What has been counted stays counted when the state changes, so a path from where it is counted is enough. Replies
    are counted only after the round was opened."""
    if window.request is None and not set(counting).isdisjoint(waiting):
        return None
    if window.request is not None:
        opened = [r.target_state for r in role.all_rows() if any(s.message == window.request for s in r.sends)]
        counting = [state for state in counting if state in reachable_from(role, opened)]
    if not reachable_from(role, counting).isdisjoint(waiting):
        return None
    if not counting:
        why = f"no state that handles `{window.message}` comes after `{window.request}` is sent"
    elif window.request is not None:
        why = f"no state that waits for it comes after `{window.request}` is sent and `{window.message}` is handled"
    else:
        there = quoted(waiting, "or")
        why = f"`{window.message}` is handled in {quoted(counting)} only, from where no path leads to {there}"
    states = role.role.states
    related = tuple(Label(span, "handled here") for state in counting if (span := states[state].span))
    related += tuple(Label(span, "waited for here") for state in waiting if (span := states[state].span))
    return _Reason(why, "counted too late", related)


def endless_raises(program: Program) -> Iterator[Diagnostic]:
    """PF110: a circle of rows that are certain to be taken, and certain to raise, and that some other row begins.

    Followed step by step, with the queue of events that wait, as far as it is certain what happens: up to a row with a
    condition, with `times`, or with a raise that is `maybe`.
    """
    for role in program.roles.values():
        steps = _certain_steps(role)
        if not steps:
            continue
        import networkx as nx

        raising = _raising(role)
        for circle in nx.simple_cycles(nx.DiGraph(list(steps.items()))):
            rows = [role.rows(state, queue[0])[0] for state, queue in circle]
            keys = {(row.source, row.trigger) for row in rows}
            if any(raising.get(key, keys) - keys for key in keys):
                yield _endless(program, role, rows)


def _certain_steps(role: RoleProgram) -> dict[_Waiting, _Waiting]:
    """Where handling the first event that waits is certain to lead, from each (state, raised event) on."""
    steps: dict[_Waiting, _Waiting] = {}
    for state, trigger in role_triggers(role):
        if trigger in role.role.events and isinstance(role.role.events[trigger].condition, Raised):
            here: _Waiting = (state, (trigger,))
            while here not in steps and (there := _next(role, *here)) is not None:
                steps[here] = there
                here = there
    return steps


def _next(role: RoleProgram, state: str, queue: tuple[str, ...]) -> _Waiting | None:
    rows = role.rows(state, queue[0])
    if not rows or not rows[0].certain or any(maybe for _, maybe in rows[0].raises):
        return None
    queue = (*queue[1:], *(event for event, _ in rows[0].raises))
    return (rows[0].target_state, queue) if 0 < len(queue) <= LONGEST_QUEUE else None


def _raising(role: RoleProgram) -> Mapping[tuple[str, str], set[tuple[str, str]]]:
    """(state, event) -> the (source, trigger) of rows that can be taken, lead to that state and raise that event."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in role.all_rows():
        if row.source in role.reachable:
            for event, _ in row.raises:
                found.setdefault((row.target_state, event), set()).add((row.source, row.trigger))
    return found


def _endless(program: Program, role: RoleProgram, rows: list[Row]) -> Diagnostic:
    start = min(range(len(rows)), key=lambda place: rows[place].index)
    rows = rows[start:] + rows[:start]
    events = [row.trigger for row in rows]
    if len(events) == 1:
        circle = f"`{events[0]}` raises itself"
    else:
        circle = ", ".join(f"`{a}` raises `{b}`" for a, b in zip(events, [*events[1:], events[0]], strict=True))
    places = [row.declared.raises[0].event for row in rows if row.declared.raises]
    return Diagnostic(
        "PF110",
        f"once begun, this never ends in `{role.name}`: {circle}, without a condition",
        place(program, places[0], rows[0].declared),
        label="raised again and again",
        related=tuple(Label(span, "and here") for name in places[1:] if (span := name.span)),
        help=Help("give one of these rows `conditions`, or let it raise only `maybe`"),
        subject=frozenset({("role", role.name), *(("event", event) for event in events)}),
    )
