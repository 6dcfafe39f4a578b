"""Handlers in a unit test: one participant, or a whole course, driven step by step.

    from protoflow.testing import course, participant

    with participant("client", "my.yaml", Client(trainer)) as client:
        [update] = client.receive("model", weights=weights)
        assert update["samples"] == 3
        assert client.state == "idle"

    with course("my.yaml", server=Server(), client=[Client(), Client()]) as running:
        running.start()
        running.deliver("join", sender="client2")
        running.crash("client1")
        running.lapse("server", "time_up")
        running.run()

What happens is decided by the interpreter that runs courses: the same rows, counting, checks of payloads and errors.
Only the order is the test's. A request that makes no sense is a UsageError that says what was possible; a message that
nobody handles is a CourseError, and a handler that does not do what its row says is a HandlerError, as in a run. An
error or a failing `assert` inside the `with` is followed by the sequence of what had happened. Nothing is validated
first: that is what `protoflow.validate` is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.runtime.course import Course
from protoflow.testing.driven_course import DrivenCourse
from protoflow.testing.driven_participant import DrivenParticipant

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from protoflow.protocol import Protocol
    from protoflow.runtime.participant import Participant

__all__ = ["DrivenCourse", "DrivenParticipant", "course", "participant"]


def participant(
    role: str,
    protocol: Protocol | str | os.PathLike[str],
    behaviour: Participant,
    parameters: Mapping[str, object] | None = None,
    *,
    counts: Mapping[str, int] | None = None,
    links: Mapping[str, Mapping[str, Iterable[str]]] | None = None,
    functions: Mapping[str, Callable[..., object]] | None = None,
) -> DrivenParticipant:
    """One participant of a course, alone and started; the messages that it receives are the test's.

    It is the first of its role (`server`, `client1`). `counts` says how many participants each role has, one left out
    the least that the protocol allows; they are there to be named, and do nothing. `links` says who is linked to whom,
    as `Course.link` does, and `functions` are handlers, predicates and selectors in place of methods, as
    `Course.register` takes them. Raises ProtocolError, UsageError, and HandlerError for a method that is missing.
    """
    return DrivenParticipant(role, protocol, behaviour, parameters, counts or {}, links or {}, functions or {})


def course(
    protocol: Course | Protocol | str | os.PathLike[str],
    parameters: Mapping[str, object] | None = None,
    **participants: Participant | Sequence[Participant],
) -> DrivenCourse:
    """A whole course, nobody started yet; which step comes next is the test's to say.

    Each role is given its participants by its name, as in `protoflow.Course`. Or give it a `Course` that you have made:
    `course(Course.build("my.yaml", {"client": 3}))`, or one with functions registered. Raises ProtocolError,
    UsageError, and HandlerError for a method that is missing.
    """
    if not isinstance(protocol, Course):
        return DrivenCourse(Course(protocol, parameters, **participants))
    if parameters or participants:
        raise UsageError("this Course has its parameters and participants: make it with those that you want")
    return DrivenCourse(protocol)
