"""Which messages of a run are of an old round: replies to earlier requests, and requests that others have followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protoflow.protocol import Received
from protoflow.trace import StepKind

if TYPE_CHECKING:
    from protoflow.protocol import Protocol
    from protoflow.trace import SentMessage, Step

Answers = Mapping[str, Mapping[str, str]]
"""Role -> a reply that it counts by rounds -> the request whose rounds these are."""


def answered(protocol: Protocol) -> Answers:
    return {
        name: {
            str(event.condition.message): str(event.condition.request)
            for event in role.events.values()
            if isinstance(event.condition, Received) and event.condition.request is not None
        }
        for name, role in protocol.roles.items()
    }


@dataclass(slots=True)
class Rounds:
    """Keeps the open round of each participant and request, to tell what is of an old one."""

    answers: Answers
    open: dict[tuple[str, str], int] = field(default_factory=dict)

    def asks(self, sent: SentMessage) -> bool:
        return any(sent.message in requests.values() for requests in self.answers.values())

    def sent(self, step: Step, sent: SentMessage) -> None:
        if sent.round is not None and self.asks(sent):
            self.open[step.receiver, sent.message] = sent.round

    def old(self, step: Step) -> tuple[str, bool]:
        """(` of round 1`, it is a stale reply) of what a step takes; ("", False) where it is of no old round."""
        if step.message is None or step.sender is None or step.kind is StepKind.LOSE:
            return "", False
        asked = self.open.get((step.sender, step.message))
        if asked is not None:  # a request, and perhaps a reply too: the round that is told is the one it asks about
            return (f" of round {step.round}" if step.round is not None and step.round < asked else ""), False
        request = self.answers.get(role_of(step.receiver), {}).get(step.message)
        if request is None or step.round == self.open.get((step.receiver, request), 0):
            return "", False
        return f" of {'no round' if step.round is None else f'round {step.round}'}", True


def role_of(who: str | None) -> str:
    return (who or "").rstrip("0123456789")
