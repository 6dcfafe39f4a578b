"""Handlers that many participants can run as one.

What one participant does with a message is independent of what another does with a message of its own: a handler sees
its participant and its message, and nothing else of the course. So an engine that finds such messages pending may have
them handled at once, if the behaviour has a form of the handler for that:

    class Client(protoflow.Participant):
        def train(self, message): ...

        @protoflow.batched(train)
        @staticmethod
        def train_together(participants, messages):
            ...  # one answer a participant, each as `train` would return it

The table stays the truth: whether there is a batch, and how large it is, shows in no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from protoflow.runtime.message import Message

    Together = Callable[[Sequence[Any], Sequence[Message]], Sequence[object]]

_FORM = "_protoflow_batched"
_F = TypeVar("_F", bound="Callable[..., Any]")


def batched(handler: Callable[..., object]) -> Callable[[_F], _F]:
    """Say of a function that it does for many participants what `handler` does for one.

    It is called with participants and their messages, all different, in one order, and returns their answers in that
    order. A participant may log and raise events in it as in the handler. A class that overrides the handler has no
    batched form, unless it gives one for its own.
    """

    def mark(together: _F) -> _F:
        setattr(handler, _FORM, together)
        return together

    return mark


def form_of(call: Callable[..., object]) -> Together | None:
    """The batched form of a participant's handler, if it has one; a function that is registered has none."""
    form: Together | None = getattr(getattr(call, "__func__", None), _FORM, None)
    return form
