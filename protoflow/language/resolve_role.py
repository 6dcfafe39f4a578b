"""Looking up the names of one role: in its states, its events and the rows of its table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.diagnostics import Help, Label, Span
from protoflow.language.suggest import quoted
from protoflow.protocol import (
    EVERYTHING,
    FRESH,
    LOST,
    RESERVED_TRIGGERS,
    START,
    After,
    Counted,
    Event,
    Name,
    ParameterType,
    Raised,
    Received,
    Send,
    State,
    Target,
    TargetKind,
    Transition,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.language.draft import Draft, RoleDraft
    from protoflow.language.findings import Findings
    from protoflow.language.names import Names

_INT = (ParameterType.INT,)
_DURATION = (ParameterType.DURATION,)
_BOOL = (ParameterType.BOOL,)
_THRESHOLD = (ParameterType.INT, ParameterType.SHARE)


class RoleResolver:
    def __init__(self, draft: Draft, role: RoleDraft, findings: Findings, names: Names) -> None:
        self.draft = draft
        self.role = role
        self.findings = findings
        self.names = names
        self.request_of: dict[str, Name] = {}  # reply -> the request whose rounds it is counted for
        self.certain = True  # all events are as they were meant to be, so that `request_of` is complete

    def states(self) -> dict[str, State]:
        for state in self.role.states.values():
            if state is None:
                continue
            for name in (*state.ignore, *state.defer):
                if name != EVERYTHING and self._message(name):
                    self.names.receives(self.role.name, name)
            for name in state.defer:
                if name in state.ignore and name.span is not None:
                    self.findings.add("PF002", f"state `{state.name}` both ignores and defers `{name}`", name.span)
        return {name: state for name, state in self.role.states.items() if state is not None}

    def _message(self, name: Name) -> bool:
        return self.names.known("message", name, self.draft.messages)

    # ---- events --------------------------------------------------------------------------------------------------

    def events(self) -> dict[str, Event]:
        events: dict[str, Event] = {}
        doubts, found = self.names.doubts, len(self.findings)
        for name, event in self.role.events.items():
            if event is None:
                continue
            match event.condition:
                case After(Name() as duration):
                    self.names.parameter(duration, _DURATION, "`after`")
                case Counted(message, count):
                    if self._message(message):
                        self.names.receives(self.role.name, message)
                    if isinstance(count, Name):
                        self.names.parameter(count, _INT, "`count`", least=1)
                case Received() as received:
                    event = replace(event, condition=self._received(event, received))
            events[name] = event
        self.certain = (
            len(events) == len(self.role.events)
            and "events" not in self.findings.excused
            and (doubts, found) == (self.names.doubts, len(self.findings))
        )
        return events

    def _received(self, event: Event, received: Received) -> Received:
        if self._message(received.message):
            self.names.receives(self.role.name, received.message)
        if received.request is not None and self._message(received.request):
            self.names.sends(self.role.name, received.request)
            self._request(event, received.message, received.request)
        threshold = received.threshold
        if not isinstance(threshold, Name):
            return received
        if threshold in self.draft.links:
            self._link(threshold, f"event `{event.name}`")
            self._link_leads_to(threshold, received.message)
            return Received(received.message, link=threshold, request=received.request)
        known = self.draft.parameters
        if self.names.known(
            "parameter",
            threshold,
            known,
            what="a link or a parameter",
            candidates=lambda: [*known, *self.draft.links, "all"],
        ):
            self.names.parameter(threshold, _THRESHOLD, "`from`", least=1)
        return received

    def _request(self, event: Event, reply: Name, request: Name) -> None:
        """All events that count a reply do so for the same request, which its senders receive."""
        assert request.span is not None
        other = self.request_of.setdefault(reply, request)
        if other != request:
            related = (Label(other.span, "the other"),) if other.span is not None else ()
            message = f"`{reply}` is counted for `{request}` here and for `{other}` by another event"
            self.findings.add("PF002", message, request.span, related=related)
        asked, answer = self.draft.messages.get(request), self.draft.messages.get(reply)
        if asked is None or answer is None or not self.names.settled(asked) or not self.names.settled(answer):
            return
        if self.role.name not in asked.senders or self.role.name not in answer.receivers:
            return  # said already
        if not set(asked.receivers) & set(answer.senders):
            ways = f"`{reply}` comes from {quoted(answer.senders)}, and `{request}` goes to {quoted(asked.receivers)}"
            message = f"{ways}: nobody replies"
            self.findings.add("PF002", message, request.span, subject=(("event", event.name), ("role", self.role.name)))

    def _link(self, name: Name, where: str) -> None:
        """The link must begin at this role."""
        link = self.draft.links[name]
        if link is not None and link.source != self.role.name:
            text = f"link `{name}` begins at `{link.source}`, and {where} is of `{self.role.name}`"
            self.names.wrong(name, text, link.span, (("link", str(name)),))

    def _link_leads_to(self, name: Name, message: Name) -> None:
        """Those counted on a link must be able to send what is counted."""
        link, counted = self.draft.links[name], self.draft.messages.get(message)
        if link is None or counted is None or link.dest in counted.senders or not self.names.settled(counted):
            return
        if link.source == self.role.name and self.role.name in counted.receivers:
            text = f"link `{name}` leads to `{link.dest}`, and `{message}` comes from {quoted(counted.senders)}"
            self.names.wrong(name, text, link.span, (("link", str(name)),))

    # ---- transitions ---------------------------------------------------------------------------------------------

    def transitions(self) -> tuple[Transition, ...]:
        return tuple(self._transition(row) for row in self.role.transitions)

    def _transition(self, row: Transition) -> Transition:
        self._triggers(row)
        for name in row.sources:
            if name != EVERYTHING:
                self.names.known("state", name, self.role.states, self.role.name)
        if row.dest is not None:
            self.names.known("state", row.dest, self.role.states, self.role.name)
        for name in (*row.conditions, *row.unless):
            self._condition(name, row)
        if isinstance(row.times, Name):
            self.names.parameter(row.times, _INT, "`times`", least=1)
        for raised in row.raises:
            self._raised(raised.event)
        return replace(row, sends=tuple(self._send(send) for send in row.sends))

    def _triggers(self, row: Transition) -> None:
        messages, events = [], []
        for name in row.triggers:
            if name in self.role.events or name == START:
                events.append(name)
            elif name in self.draft.messages or name == LOST:
                messages.append(name)
                if name != LOST:
                    self.names.receives(self.role.name, name)
            else:
                self.names.known(
                    "message",
                    name,
                    (),
                    what=f"a message, or an event of `{self.role.name}`",
                    candidates=lambda: [*self._received_here(), *self.role.events, *RESERVED_TRIGGERS],
                )
        if messages and events and (span := row.spans.get("trigger")) is not None:
            one = f"{quoted(messages)} {'are messages' if len(messages) > 1 else 'is a message'}"
            other = f"{quoted(events)} {'are events' if len(events) > 1 else 'is an event'}"
            self.findings.add(
                "PF002",
                f"one row has messages and events as triggers: {one}, {other}",
                span,
                notes=("a handler gets the message, or nothing where an event triggers it: these are two rows",),
            )

    def _received_here(self) -> list[str]:
        """The messages that this role may have rows for."""
        messages = self.draft.messages.items()
        return [name for name, message in messages if message is None or self.role.name in message.receivers]

    def _condition(self, name: Name, row: Transition) -> None:
        assert name.span is not None
        if name == FRESH:
            self._fresh(name, row)
        elif name in self.draft.parameters:
            self.names.parameter(name, _BOOL, "a condition")
        elif name in self.draft.links:
            self._link(name, "this row")

    def _fresh(self, name: Name, row: Transition) -> None:
        assert name.span is not None
        if not self.certain:
            return
        for trigger in row.triggers:
            known = trigger in self.role.events or trigger in self.draft.messages or trigger in RESERVED_TRIGGERS
            if known and trigger not in self.request_of:
                self.findings.add(
                    "PF002",
                    f"`{trigger}` is neither fresh nor stale: no event of `{self.role.name}` counts it `for` a message",
                    name.span,
                    help=self._counted_for(trigger),
                )
                return

    def _counted_for(self, reply: Name) -> Help:
        """Help to count a message for the one that it answers: in the event that counts it, or in a new one."""
        asked = next(iter(self._requests(reply)), None)
        if asked is None:
            return Help("take `fresh` out: it is for replies, and no row sends this on a message of this role")
        for event in self.role.events.values():
            if event is not None and isinstance(event.condition, Received) and event.condition.message == reply:
                text, place = f"count it for the message that it answers: `for: {asked}`", event.spans["received"]
                if any(span.line != place.line for span in event.spans.values()):
                    return Help(text)
                end = Span(place.file, place.line, place.end_column, place.line, place.end_column)
                return Help(text, end, f", for: {asked}")
        return Help(
            f"count it for the message that it answers, in an event: `{{received: {reply}, for: {asked}, from: all}}`"
        )

    def _requests(self, reply: Name) -> Iterator[str]:
        """Messages of this role on which others send that reply."""
        sent = dict.fromkeys(str(send.message) for row in self.role.transitions for send in row.sends)
        for other in self.draft.roles.values():
            for row in other.transitions:
                if any(send.message == reply for send in row.sends):
                    yield from (name for name in map(str, row.triggers) if name in sent)

    def _raised(self, name: Name) -> None:
        if not self.names.known("event", name, self.role.events, self.role.name):
            return
        event = self.role.events[name]
        if event is None or isinstance(event.condition, Raised) or name.span is None:
            return
        related = (Label(event.span, "declared here"),) if event.span is not None else ()
        why = "a timer" if isinstance(event.condition, After) else "an event that counts messages"
        self.findings.add(
            "PF002",
            f"`{name}` is {why}; only an event declared `{{raised: true}}` can be raised",
            name.span,
            related=related,
            subject=(("event", name), ("role", self.role.name)),
        )

    def _send(self, send: Send) -> Send:
        if not self._message(send.message) or send.target is None:
            return send
        target = send.target
        name = target.name
        if target.kind is not TargetKind.SELECTOR:
            return send
        kind = TargetKind.SELECTOR
        if name in self.draft.roles:
            kind = TargetKind.ROLE
        elif name in self.draft.links:
            kind = TargetKind.LINK
            self._link(name, "this send")
        elif name in self.role.events:
            kind = TargetKind.EVENT
            self._event_target(name)
        return replace(send, target=Target(kind, name))

    def _event_target(self, name: Name) -> None:
        event = self.role.events[name]
        if event is None or isinstance(event.condition, Received) or name.span is None:
            return
        related = (Label(event.span, "declared here"),) if event.span is not None else ()
        self.findings.add(
            "PF002",
            f"`{name}` cannot be a target: it is not an event that counts senders (`received`, `from`)",
            name.span,
            related=related,
            subject=(("event", name), ("role", self.role.name)),
        )
