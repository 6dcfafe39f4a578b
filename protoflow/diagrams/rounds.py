"""Which messages of a run are of an old round: replies to earlier requests, and requests that others have followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Keeps the open round of each participant and request, to tell what is of an old one.

    `roles`: the role of each participant. `named`: messages are called by their rounds, since some are of old ones;
    where none is, what is sent in a round is of that round.
    """

    answers: Answers
    roles: Mapping[str, str]
    named: bool = False
    open: dict[tuple[str, str], int] = field(default_factory=dict)

    def asks(self, sent: SentMessage) -> bool:
        return self._is_request(sent.message)

    def sent(self, step: Step, sent: SentMessage) -> None:
        if sent.round is not None and self.asks(sent):
            self.open[step.receiver, sent.message] = sent.round

    def name(self, message: str, receiver: str, round: int | None) -> str:
        """`update of round 1`, or `update` alone where it is of no rounds or they need not be told."""
        reply = self._request(message, receiver) is not None
        if not self.named or not (reply or (self._is_request(message) and round is not None)):
            return message
        return f"{message} of {'no round' if round is None else f'round {round}'}"

    def old(self, step: Step) -> bool:
        """It takes a request that another one has followed meanwhile, or a stale reply."""
        if step.message is None or step.sender is None or step.kind is StepKind.LOSE:
            return False
        asked = self.open.get((step.sender, step.message))
        return self.stale(step) if asked is None else step.round is not None and step.round < asked

    def stale(self, step: Step) -> bool:
        """It takes a reply to another request than the last."""
        if step.message is None or step.sender is None or step.kind is StepKind.LOSE:
            return False
        if (step.sender, step.message) in self.open:
            return False  # a request, and perhaps a reply too: the round that is told is the one it asks about
        request = self._request(step.message, step.receiver)
        return request is not None and step.round != self.open.get((step.receiver, request), 0)

    def _is_request(self, message: str) -> bool:
        return any(message in requests.values() for requests in self.answers.values())

    def _request(self, message: str, receiver: str) -> str | None:
        """What the message is a reply to, for its receiver."""
        return self.answers.get(self.roles[receiver], {}).get(message)


def mixed(steps: Sequence[Step], answers: Answers, roles: Mapping[str, str]) -> bool:
    """Whether something in the run is of an old round."""
    rounds = Rounds(answers, roles)
    for step in steps:
        if rounds.old(step):
            return True
        for sent in step.sends:
            rounds.sent(step, sent)
    return False
