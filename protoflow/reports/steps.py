"""A step of a run in one sentence, for reports whose readers step through a list rather than look at a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.trace import Outcome, StepKind

if TYPE_CHECKING:
    from protoflow.trace import Step


def sentence(step: Step) -> str:
    """`server takes join from client1 in joining; sends model to client1, client2`."""
    said = _done(step)
    if step.state_after is not None and step.state_after != step.state_before:
        said += f", goes to {step.state_after}"
    for sent in step.sends:
        said += f"; sends {sent.message} to {', '.join(sent.to) or 'nobody'}"
    if step.raises:
        said += f"; raises {', '.join(step.raises)}"
    return said


def _done(step: Step) -> str:
    who, state = step.receiver, f" in {step.state_before}" if step.state_before else ""
    message = f"{step.message} from {step.sender}"
    match step.kind:
        case StepKind.START:
            return f"{who} starts{state}"
        case StepKind.CRASH:
            return f"{who} crashes{state}"
        case StepKind.ELAPSE:
            return f"{step.trigger} of {who} elapses{' early' if step.early else ''}{state}"
        case StepKind.LOSE:
            return f"{message} to {who} is lost on the way"
        case StepKind.FIRE | StepKind.RAISED:
            if step.outcome is Outcome.UNHANDLED:
                return f"{who} does not handle {step.trigger}{state}"
            return f"{step.trigger} {'fires' if step.kind is StepKind.FIRE else 'is raised'} at {who}{state}"
    if step.trigger == "lost":
        return f"{who} learns that {step.sender} is gone{state}"
    copy = ", and a copy of it stays" if step.kind is StepKind.DUPLICATE else ""
    match step.outcome:
        case Outcome.UNHANDLED:
            return f"{who} does not handle {message}{state}{copy}"
        case Outcome.IGNORED:
            return f"{who} ignores {message}{state}{copy}"
        case Outcome.STALE:
            return f"{who} drops {message}{state}, a stale reply{copy}"
        case Outcome.LATE:
            return f"{who} drops {message}{state}, which comes late{copy}"
        case _:
            return f"{who} takes {message}{state}{copy}"
