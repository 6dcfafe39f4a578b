"""One cause, one finding: which findings follow from which.

A finding that another explains keeps its place in the report, marked with the other's code (`implied_by`), and reports
for people leave it out. An error is never explained by a warning: what fails a check must be seen.

Two kinds of rule. Most say that two findings speak of the same role and the same message, event or state. The others
follow from a row that is missing in a role (PF101, PF102, PF103), or sends the wrong thing (PF109): states that are
then not entered, events that are then not used, messages that are then not sent and not counted, or sent on and on to
those who are done. And where somebody waits for ever for answers (PF202) to a message that nobody sends, it is the
sending that was forgotten.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from protoflow.diagnostics import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from protoflow.diagnostics import Diagnostic
    from protoflow.protocol import Protocol

# What explains what, where both are about the same role and the same thing in it; an incomplete choice among rows
# (PF107) is one thing only together with its state, and explains nothing: an event for which there may be too few does.
_SAME_THING: Mapping[str, tuple[str, ...]] = {
    "PF101": ("PF105", "PF207"),
    "PF102": ("PF107", "PF201", "PF202", "PF203", "PF206"),
    "PF103": ("PF108", "PF201", "PF205"),
    "PF104": ("PF207",),
    "PF106": ("PF107", "PF207"),
    "PF107": ("PF207",),
    "PF108": ("PF104", "PF106", "PF202", "PF207", "PF209"),
    "PF201": ("PF107",),
    "PF202": ("PF107",),
    "PF203": ("PF107",),
}
_THINGS = ("message", "event", "state", "row")

# What else the row that is missing, or wrong, in a role explains: in that role, and of messages that it may send.
_IN_THE_ROLE: Mapping[str, tuple[str, ...]] = {"PF102": ("PF101", "PF105", "PF203"), "PF103": ("PF101", "PF102")}
_OF_ITS_MESSAGES: Mapping[str, tuple[str, ...]] = {
    "PF101": ("PF104",),
    "PF102": ("PF104", "PF108", "PF205"),
    "PF103": ("PF104", "PF108"),
    "PF109": ("PF104", "PF108"),
}
# What explains that nobody sends the message on which, in the role, the one that is waited for is sent.
_FOR_WANT_OF_IT: Mapping[str, tuple[str, ...]] = {"PF202": ("PF104",)}

_CAUSES: Mapping[str, frozenset[str]] = {
    code: frozenset(
        cause
        for rules in (_SAME_THING, _IN_THE_ROLE, _OF_ITS_MESSAGES, _FOR_WANT_OF_IT)
        for cause, effects in rules.items()
        if code in effects
    )
    for code in CODES
}


def mark_implied(diagnostics: Iterable[Diagnostic], protocol: Protocol) -> tuple[Diagnostic, ...]:
    """The same findings in the same order, those that another explains marked with the code of the first cause."""
    found = tuple(diagnostics)
    about = [_names(diagnostic) for diagnostic in found]
    places: dict[str, list[int]] = {}
    for place, diagnostic in enumerate(found):
        places.setdefault(diagnostic.code, []).append(place)

    def cause_of(effect: int) -> int | None:
        for code in sorted(_CAUSES[found[effect].code] & places.keys()):
            for cause in places[code]:
                if _explains(code, about[cause], found[effect].code, about[effect], protocol):
                    return cause
        return None

    causes = [cause_of(place) for place in range(len(found))]
    marked = []
    for effect, cause in zip(found, causes, strict=True):
        root = None
        while cause is not None:
            root, cause = found[cause], causes[cause]
        marked.append(replace(effect, implied_by=root.code) if root is not None else effect)
    return tuple(marked)


_Names: TypeAlias = "Mapping[str, set[str]]"


def _explains(cause: str, by: _Names, effect: str, of: _Names, protocol: Protocol) -> bool:
    """Whether a finding with code `cause` about `by` explains one with code `effect` about `of`."""
    same_role = not by.get("role", set()).isdisjoint(of.get("role", ()))
    if effect in _SAME_THING.get(cause, ()) and same_role:
        shared = [not by[kind].isdisjoint(of[kind]) for kind in _THINGS if kind in by and kind in of]
        if any(shared) and (effect != "PF107" or all(shared)) and (cause != "PF107" or "state" not in by):
            return True
    if effect in _IN_THE_ROLE.get(cause, ()) and same_role:
        return True
    if effect in _FOR_WANT_OF_IT.get(cause, ()) and not by.get("message", set()).isdisjoint(_answers(of, protocol)):
        return True
    return effect in _OF_ITS_MESSAGES.get(cause, ()) and any(
        not by.get("role", set()).isdisjoint(protocol.messages[message].senders) for message in of.get("message", ())
    )


def _answers(of: _Names, protocol: Protocol) -> set[str]:
    """What the role that a finding is about sends on the message that it is about."""
    asked = of.get("message", set())
    rows = (row for role in of.get("role", ()) for row in protocol.roles[role].transitions)
    return {str(send.message) for row in rows if asked & set(map(str, row.triggers)) for send in row.sends}


def _names(diagnostic: Diagnostic) -> _Names:
    """What a finding is about: kind -> names."""
    found: dict[str, set[str]] = {}
    for kind, name in diagnostic.subject:
        found.setdefault(kind, set()).add(name)
    return found
