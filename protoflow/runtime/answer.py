"""What a handler did, held against the row that it was called for.

A handler answers with payloads; the row says which messages there are, who receives them, and which may be left out.
Whatever does not agree is a HandlerError that says where in the file, who in which state, and what the row expects. In
all functions here `me` is the participant whose handler it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn

from protoflow.errors import HandlerError
from protoflow.runtime.payload import PayloadError
from protoflow.runtime.send import Send

if TYPE_CHECKING:
    from protoflow.ids import Ids
    from protoflow.program import Row, RowSend
    from protoflow.runtime.payload import Payload, PayloadForm

Shares = list[tuple["Payload", tuple[str, ...]]]
"""Payloads of one message, each with those who share it: together they are the receivers of the send."""


def fault(me: str, row: Row, text: str, cause: BaseException | None = None) -> NoReturn:
    """Raise the HandlerError of a participant at a row."""
    span = row.declared.span
    where = f"{span.file}:{span.line}: " if span else ""
    raise HandlerError(f"{where}`{me}` in state `{row.source}`, on `{row.trigger}`: {text}") from cause


def answers_by_message(row: Row, answer: object, forms: Mapping[str, PayloadForm], me: str) -> dict[str, object]:
    """Message -> what the handler returned for it; a `maybe` message that is not sent is left out."""
    if len(row.sends) == 1:
        if answer is not None:
            return {row.sends[0].message: answer}
        answers: Mapping[object, object] = {}
    elif answer is None:
        answers = {}
    elif not row.sends:
        fault(me, row, f"handler `{row.handler}` returned something, but its row sends no message")
    elif isinstance(answer, Mapping):
        answers = answer
        _only(row, answer, me)
    else:
        text = (
            f"handler `{row.handler}` must return a dict of message name to payload, because its row sends "
            f"{_names(row)}; it returned {type(answer).__name__}"
        )
        fault(me, row, text)
    found = {}
    for send in row.sends:
        given = answers.get(send.message)
        if given is None:
            if send.maybe:
                continue
            given = _empty(row, send, forms[send.message], me)
        found[str(send.message)] = given
    return found


def shares(send: RowSend, given: object, receivers: tuple[str, ...], form: PayloadForm, row: Row, me: str) -> Shares:
    """The payloads of one message, checked and sealed, and who gets which.

    `given` is a payload for all receivers, or a `Send` or a list of them that divides the receivers.
    """
    try:
        if not isinstance(given, (list, Send)):
            return [(form.seal(given), receivers)]
        divided: Shares = []
        for part in [given] if isinstance(given, Send) else given:
            if not isinstance(part, Send):
                found = type(part).__name__
                fault(me, row, f"handler `{row.handler}` returned a list for `{send.message}` that holds a {found}")
            divided.append((form.seal(part.payload), part.receivers))
    except PayloadError as error:
        wrapped = len(row.sends) == 1 and isinstance(given, Mapping) and set(given) == {send.message}
        hint = "; as its row sends one message, return the payload itself" if wrapped else ""
        fault(me, row, f"handler `{row.handler}` returned a wrong payload: {error}{hint}", error)
    _divides(send, [who for _, ids in divided for who in ids], receivers, row, me)
    return divided


def chosen(send: RowSend, given: object, candidates: tuple[str, ...], row: Row, me: str) -> tuple[str, ...]:
    """The receiver of a send to `one` of several: the handler names it; without a handler it is the first."""
    if len(candidates) < 2:
        return candidates
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if isinstance(given, Send):
        receivers = given.receivers
        if len(receivers) == 1 and receivers[0] in candidates:
            return receivers
        fault(
            me,
            row,
            f"handler `{row.handler}` sends `{send.message}` to {_listed(receivers)}; it goes to one of "
            f"{_listed(candidates)}",
        )
    if row.handler is None:
        return candidates[:1]
    text = (
        f"`{send.message}` goes to one of {_listed(candidates)}: handler `{row.handler}` must say to which, with "
        "protoflow.Send(payload, to=id)"
    )
    return fault(me, row, text)


def selected(send: RowSend, returned: object, candidates: Ids, lost: set[str], row: Row, me: str) -> set[str]:
    """The ids that a selector returned, without those that are lost: a subset of `candidates`, not empty."""
    selector, message = send.target.name, send.message
    if isinstance(returned, str):
        returned = (returned,)
    if not isinstance(returned, Iterable):
        fault(me, row, f"selector `{selector}` must return ids, not {type(returned).__name__}")
    ids = set(returned)
    if unknown := [who for who in ids if who not in candidates]:
        listed = _listed(sorted(map(str, unknown)))
        fault(me, row, f"selector `{selector}` returned {listed}, to whom `{message}` cannot be sent")
    ids -= lost
    if not ids and (len(lost) < len(candidates) or not lost.issuperset(candidates)):
        fault(me, row, f"selector `{selector}` returned nobody to send `{message}` to")
    if send.one and len(ids) > 1:
        fault(me, row, f"selector `{selector}` must return one id, as `{message}` goes to one; it returned {len(ids)}")
    return ids


def raised_by(row: Row, raised: frozenset[str], me: str) -> tuple[str, ...]:
    """The events that the handler raised, in the order of the row. A row without a handler raises what is certain."""
    certain = frozenset(event for event, maybe in row.raises if not maybe)
    if row.handler is None:
        raised = certain
    elif not certain <= raised:
        missing = _listed(event for event, _ in row.raises if event in certain - raised)
        fault(me, row, f"handler `{row.handler}` did not raise {missing}, which its row raises")
    return tuple(event for event, _ in row.raises if event in raised)


def _only(row: Row, answer: Mapping[object, object], me: str) -> None:
    """The handler returned messages of its row only."""
    for name in answer:
        if all(name != send.message for send in row.sends):
            fault(me, row, f"handler `{row.handler}` returned `{name}`, but its row sends {_names(row)}")


def _empty(row: Row, send: RowSend, form: PayloadForm, me: str) -> Mapping[str, object]:
    """What is sent where nothing was returned: an empty payload, if no field is required."""
    if form.required:
        fields = _listed(form.required)
        if row.handler is None:
            fault(me, row, f"the row sends `{send.message}` and has no handler to give it {fields}")
        fault(me, row, f"handler `{row.handler}` returned no `{send.message}` (with {fields}), which its row sends")
    return {}


def _divides(send: RowSend, given: list[str], receivers: tuple[str, ...], row: Row, me: str) -> None:
    """The ids given are the receivers, each once."""
    there = set(receivers)
    for who in given:
        if who not in there:
            fault(me, row, f"handler `{row.handler}` sends `{send.message}` to `{who}`, who is no receiver here")
    if len(set(given)) < len(given):
        twice = _listed(who for who in receivers if given.count(who) > 1)
        fault(me, row, f"handler `{row.handler}` sends `{send.message}` twice to {twice}")
    there.difference_update(given)
    if there:
        missing = _listed(who for who in receivers if who in there)
        fault(me, row, f"handler `{row.handler}` sends no `{send.message}` to {missing}, who should get one")


def _names(row: Row) -> str:
    return _listed(send.message for send in row.sends)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
