"""Looking names up: what is not declared, or is declared as something else, is reported once, with all its places.

A name that stands in a part of the file that could not be read is not reported (`Findings.excused`), and nothing is
where a base is missing that may declare it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protoflow.diagnostics import Help, Label
from protoflow.language import scalars
from protoflow.language.suggest import clip, nearest, only_one_near, quoted
from protoflow.protocol import Name, ParameterType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from protoflow.diagnostics import Span
    from protoflow.language.draft import Draft
    from protoflow.language.findings import Findings
    from protoflow.language.merge import Removals
    from protoflow.protocol import MessageType

MAX_PLACES = 12
"""More places of one mistake are counted, not shown."""

_ARTICLES = {"event": "an event"}


def place(name: str) -> Span | None:
    """Where a name is written, if it is one that remembers."""
    return name.span if isinstance(name, Name) else None


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
        self._faults[key] = _Fault("PF003", message, [name], "and here", (), subject, pool, plural)
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
            text = f"parameter `{name}` is of type `{parameter.type}`, and {where} takes {quoted(types, 'or')}"
            help = None
            meant = scalars.BOOLEAN_WORDS.get(str(parameter.default).lower())
            if ParameterType.BOOL in types and meant is not None:
                why = f"`{parameter.default}` is text; the boolean is `{meant}`"
                help = Help(why, parameter.spans["default"], meant)
            self.wrong(name, text, parameter.span, subject, help)
            return False
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
        if self.settled(message):
            text = f"`{name}` goes from {quoted(message.senders)} to {quoted(message.receivers)}; `{role}` {why}"
            self.wrong(name, text, message.span, (("role", role), ("message", str(name))))

    def wrong(
        self,
        name: Name,
        text: str,
        declared: Span | None,
        subject: tuple[tuple[str, str], ...],
        help: Help | None = None,
    ) -> None:
        """A known name that cannot stand where it does (PF002): once for all places where the same is to be said."""
        fault = self._faults.get(("wrong", text))
        if fault is not None:
            fault.names.append(name)
            return
        related = (Label(declared, "declared here"),) if declared is not None else ()
        self._faults["wrong", text] = _Fault("PF002", text, [name], "and here", related, subject, help=help)

    def report(self) -> None:
        """Report what was gathered."""
        for fault in self._faults.values():
            first, *others = (span for name in fault.names if (span := place(name)) is not None)
            more: list[Span] = list(dict.fromkeys(span for span in others if span != first))
            related = (*fault.related, *(Label(span, fault.word) for span in more[:MAX_PLACES]))
            message, help, notes = fault.message, fault.help, []
            if fault.pool is not None:
                pool = [str(name) for name in fault.pool() if scalars.is_name(name)]
                near = nearest(fault.names[0], pool)
                if near is not None:
                    # At several places it may as well be the declaration that is misspelt.
                    certain = not more and only_one_near(fault.names[0], pool)
                    message, help = f"{message}; `{near}` is", Help(f"write `{near}`", first, near, certain)
                elif pool:
                    notes.append(f"the {fault.plural} are {quoted(pool)}")
                else:
                    notes.append(f"no {fault.plural} are declared")
            if len(more) > MAX_PLACES:
                notes.append(f"and in {len(more) - MAX_PLACES} more places")
            self.findings.add(
                fault.code, message, first, related=related, notes=notes, help=help, subject=fault.subject
            )
