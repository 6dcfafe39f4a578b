"""Looking names up: what is not declared, or is declared as something else, is reported once, with all its places.

A name that stands in a part of the file that could not be read is not reported (`Findings.excused`), and nothing is
where a base is missing that may declare it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from protoflow.diagnostics import Edit, Help, Label
from protoflow.language import scalars
from protoflow.language.parameters import with_unit
from protoflow.language.suggest import all_nearest, are, clip, listed, only_one_near, quoted, write
from protoflow.protocol import Counted, Name, ParameterType, Received

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from protoflow.diagnostics import Span
    from protoflow.language.draft import Draft
    from protoflow.language.findings import Findings
    from protoflow.language.merge import Removals
    from protoflow.protocol import MessageType, Parameter

_OF_TIME = re.compile("time|deadline|late|expire|patience|wait")
"""In the name of an event: it is a timer."""

MAX_PLACES = 12
"""More places of one mistake are counted, not shown."""

_ARTICLES = {"event": "an event"}
_WRITTEN = (ParameterType.BOOL, ParameterType.DURATION, ParameterType.SHARE)
"""Types that are told by how a value is written."""


def place(name: str) -> Span | None:
    """Where a name is written, if it is one that remembers."""
    return name.span if isinstance(name, Name) else None


def _as_meant(parameter: Parameter, types: Collection[ParameterType]) -> Help | None:
    """Help to write the default of a parameter so that it is of one of these types."""
    place = parameter.spans["default"]
    help = with_unit(parameter.default, types, place)
    meant = scalars.BOOLEAN_WORDS.get(str(parameter.default).lower())
    if ParameterType.BOOL in types and meant is not None:
        help = Help(f"`{parameter.default}` is text; the boolean is `{meant}`", place, meant)
    if help is None or "type" not in parameter.spans:
        return help
    return replace(help, more=(Edit(parameter.spans["type"], next(kind for kind in _WRITTEN if kind in types)),))


def turned_round(message: MessageType) -> Help:
    """Help to let a message go the other way."""
    text = "let it go the other way"
    start, end = message.spans.get("from"), message.spans.get("to")
    if start is None or end is None:
        return Help(text)
    back = Edit(end, listed(message.senders))
    return Help(text, start, listed(message.receivers), more=(back,))


@dataclass(slots=True)
class _Fault:
    """A name that is wrong for one reason, at all the places where it stands."""

    code: str
    message: str
    names: list[str]
    word: str  # under each further place
    related: tuple[Label, ...] = ()
    subject: tuple[tuple[str, str], ...] = ()
    pool: Callable[[], Iterable[str]] | None = None  # of an unknown name: those that can stand here
    declared: Collection[str] = ()  # and those of its own kind
    plural: str = ""  # what these are called
    help: Help | None = None


@dataclass(slots=True)
class Names:
    draft: Draft
    removals: Removals
    findings: Findings
    complete: bool
    doubts: int = 0  # how many look-ups failed, reported or not
    least: dict[str, int] = field(default_factory=dict)  # parameter -> the least value that its uses allow
    _faults: dict[tuple[str, ...], _Fault] = field(default_factory=dict)
    _used: set[tuple[str, str, str]] = field(default_factory=set)  # kind, role and name of what was found
    _fitting: set[str] = field(default_factory=set)  # parameters that are of the type which some use of them takes
    _mistyped: list[tuple[Name, Parameter, Collection[ParameterType], str]] = field(default_factory=list)

    def known(
        self,
        kind: str,
        name: str,
        declared: Collection[str],
        role: str = "",
        *,
        what: str | None = None,
        candidates: Callable[[], Iterable[str]] | None = None,
    ) -> bool:
        """Whether `name` is among those `declared`; reported if it is not.

        `role` is set for states and events, which belong to one. `what` replaces "a state" where several kinds of names
        may stand, and `candidates` then gives all that may.
        """
        if name in declared:
            self._used.add((kind, role, name))
            return True
        self.doubts += 1
        if name in self.findings.excused or not self.complete or not name:
            return False
        if kind in ("role", "state") and not declared:
            return False  # that there are none has been said
        key = ("unknown", kind, role if kind in ("state", "event") else "", name)
        if key in self._faults:
            self._faults[key].names.append(name)
            return False
        subject = ((kind, str(name)), *((("role", role),) if role else ()))
        removed = self.removals.places.get((kind, role, name))
        if removed is not None:
            message = f"{kind} `{clip(name)}` is removed but still used"
            self._faults[key] = _Fault("PF003", message, [Name(name, removed), name], "used here", subject=subject)
            return False
        of = f" of `{role}`" if role else ""
        message = f"`{clip(name)}` is not {what or _ARTICLES.get(kind, f'a {kind}') + of}"
        plural = "names that can stand here" if what else f"{kind}s{of}"
        pool = candidates or (lambda: declared)
        self._faults[key] = _Fault("PF003", message, [name], "and here", (), subject, pool, declared, plural)
        return False

    def parameter(self, name: Name, types: Collection[ParameterType], where: str, *, least: int | None = None) -> bool:
        """Whether `name` is a parameter of one of these types, and, as a number, at least `least`."""
        if not self.known("parameter", name, self.draft.parameters):
            return False
        parameter = self.draft.parameters[name]
        if parameter is None or name.span is None:
            return False
        subject = (("parameter", str(name)),)
        if parameter.type not in types:
            self._mistyped.append((name, parameter, types, where))
            return False
        self._fitting.add(name)
        if least is not None and parameter.type is ParameterType.INT:
            self.least[name] = max(least, self.least.get(name, least))
            if isinstance(parameter.default, int) and parameter.default < least:
                text = f"parameter `{name}` is {parameter.default}, and {where} takes at least {least}"
                self.wrong(name, text, parameter.span, subject)
                return False
        return True

    def settled(self, message: MessageType | None) -> bool:
        """Whether all roles that send and receive a message are known, so that its directions can be held against."""
        if message is None or not message.senders or not message.receivers:
            return False
        return all(role in self.draft.roles for role in (*message.senders, *message.receivers))

    def receives(self, role: str, name: Name) -> None:
        """`role` handles, ignores, defers or counts the message `name`: is it one that it receives?"""
        message = self.draft.messages.get(name)
        if message is not None and role not in message.receivers:
            self._wrong_way(role, name, message, "does not receive it")

    def sends(self, role: str, name: Name) -> None:
        """`role` counts replies to the message `name`: is it one that it sends?"""
        message = self.draft.messages.get(name)
        if message is not None and role not in message.senders:
            self._wrong_way(role, name, message, "does not send it")

    def _wrong_way(self, role: str, name: Name, message: MessageType, why: str) -> None:
        self.doubts += 1
        if not self.settled(message):
            return
        text = f"`{name}` goes from {quoted(message.senders)} to {quoted(message.receivers)}"
        senders, receivers = self._used_by(name)
        if {*senders} <= {*message.receivers} and {*receivers} <= {*message.senders} and (senders or receivers):
            used = [f"sent by {quoted(senders)}"] if senders else []
            used += [f"handled by {quoted(receivers)}"] if receivers else []
            text = f"{text}, but is {' and '.join(used)}"
            self.wrong(name, text, message.span, (("message", str(name)),), turned_round(message))
        else:
            self.wrong(name, f"{text}; `{role}` {why}", message.span, (("role", role), ("message", str(name))))

    def _used_by(self, name: str) -> tuple[list[str], list[str]]:
        """The roles with rows that send a message, or count replies to it, and those with rows that handle it."""
        senders: list[str] = []
        receivers: list[str] = []
        for role in self.draft.roles.values():
            sent = {send.message for row in role.transitions for send in row.sends}
            handled = {trigger for row in role.transitions for trigger in row.triggers}
            for event in role.events.values():
                if event is not None and isinstance(event.condition, Received | Counted):
                    handled.add(event.condition.message)
                    if isinstance(event.condition, Received) and event.condition.request is not None:
                        sent.add(event.condition.request)
            senders += [role.name] if name in sent else []
            receivers += [role.name] if name in handled else []
        return senders, receivers

    def wrong(
        self,
        name: Name,
        text: str,
        declared: Span | None,
        subject: tuple[tuple[str, str], ...],
        help: Help | None = None,
    ) -> None:
        """A known name that cannot stand where it does (PF002): once for all places where the same is to be said.

        `help` is to change what is declared.
        """
        fault = self._faults.get(("wrong", text))
        if fault is not None:
            fault.names.append(name)
            return
        names: list[str] = [name]
        related: tuple[Label, ...] = ()
        word = "used here"
        if help is not None and help.span is not None:  # what is to be changed is where it is declared
            names = [Name(name, help.span), name]
        elif declared is not None and declared.file == self.draft.file != (place(name) or declared).file:
            names = [Name(name, declared), name]  # else it stood in a base
        else:
            word = "and here"
            related = (Label(declared, "declared here"),) if declared is not None else ()
        self._faults["wrong", text] = _Fault("PF002", text, names, word, related, subject, help=help)

    def _unused(self, fault: _Fault, name: str) -> Span | None:
        """Where this name is declared in the file, if that is the kind of thing that was looked for, and not used."""
        kind, role = next(iter(fault.subject))[0], dict(fault.subject).get("role", "")
        if kind == "role" or (kind, role if kind in ("state", "event") else "", name) in self._used:
            return None
        there = next((place(each) for each in fault.declared if each == name), None)
        return there if there is not None and there.file == self.draft.file else None

    def _to_declare(self, fault: _Fault) -> Help | None:
        """Help to declare a message that is sent, or an event that is a trigger or raised."""
        (kind, name), role = fault.subject[0], dict(fault.subject).get("role", "")
        if kind == "event":
            return Help(f"declare it, under `events` of `{role}`: `{name}: {{raised: true}}`")
        if kind != "message":
            return None
        senders, receivers = self._used_by(name)
        if senders:
            others = receivers or [each for each in self.draft.roles if each not in senders] or senders
            return Help(f"declare it, under `messages`: `{name}: {{from: {listed(senders)}, to: {listed(others)}}}`")
        if not receivers:
            return None
        draft = self.draft
        comes = next((each for each, it in draft.messages.items() if it and receivers[0] in it.receivers), "")
        durations = (each for each, it in draft.parameters.items() if it and it.type is ParameterType.DURATION)
        timer = not comes or _OF_TIME.search(name)
        form = f"{{after: {next(durations, '30s')}}}" if timer else f"{{received: {comes}, from: all}}"
        return Help(f"declare it: as a message, or as an event of {quoted(receivers)}, such as `{name}: {form}`")

    def _wrong_type(self, name: Name, parameter: Parameter, types: Collection[ParameterType], where: str) -> None:
        """A parameter of another type than its use takes: to be declared otherwise, unless another use takes it as it
        is, or another parameter to be named.
        """
        text = f"parameter `{name}` is of type `{parameter.type}`, and {where} takes {quoted(types, 'or')}"
        help = None if name in self._fitting else _as_meant(parameter, types)
        if help is None:
            fit = [each.name for each in self.draft.parameters.values() if each is not None and each.type in types]
            help = Help(f"name a parameter of that type: {quoted(fit, 'or')}") if fit else None
        self.wrong(name, text, parameter.span, (("parameter", str(name)),), help)

    def report(self) -> None:
        """Report what was gathered."""
        for mistyped in self._mistyped:
            self._wrong_type(*mistyped)
        for fault in self._faults.values():
            first, *others = (span for name in fault.names if (span := place(name)) is not None)
            more: list[Span] = list(dict.fromkeys(span for span in others if span != first))
            related = (*fault.related, *(Label(span, fault.word) for span in more[:MAX_PLACES]))
            message, help, notes = fault.message, fault.help, []
            if fault.pool is not None:
                pool = [str(name) for name in fault.pool() if scalars.is_name(name)]
                near = all_nearest(fault.names[0], pool)
                if near:
                    # At several places it may as well be the declaration that is misspelt.
                    certain = not more and only_one_near(fault.names[0], pool)
                    message, help = f"{message}; {are(near)}", write(near, first, certain=certain)
                    if more and len(near) == 1 and (there := self._unused(fault, near[0])) is not None:
                        called = str(fault.names[0])
                        help = Help(f"call what is declared `{called}`: nothing else uses `{near[0]}`", there, called)
                elif pool:
                    notes.append(f"the {fault.plural} are {quoted(pool)}")
                else:
                    notes.append(f"no {fault.plural} are declared")
                help = help or self._to_declare(fault)
            if len(more) > MAX_PLACES:
                notes.append(f"and in {len(more) - MAX_PLACES} more places")
            self.findings.add(
                fault.code, message, first, related=related, notes=notes, help=help, subject=fault.subject
            )
