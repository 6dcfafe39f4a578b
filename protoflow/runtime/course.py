"""A course: a protocol, the participants who play its roles, and one run of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protoflow.errors import ProtocolError, UsageError
from protoflow.ids import Lookup
from protoflow.runtime.behaviour import Built, built, calls_of, names_of
from protoflow.runtime.directory import Directory
from protoflow.runtime.interpreter import Interpreter
from protoflow.runtime.loading import load_program
from protoflow.runtime.machine import RoleMachine
from protoflow.runtime.participant import Participant
from protoflow.runtime.setting import Setting

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from protoflow.engines.conditions import Conditions
    from protoflow.program import Program, RoleProgram
    from protoflow.protocol import Protocol
    from protoflow.runtime.behaviour import Calls
    from protoflow.runtime.result import Result
    from protoflow.trace import Step

    Source = Protocol | str | os.PathLike[str]

SECONDS_FOR_VALIDATION = 2.0
"""What the composition check may take before a run; where that is not enough it says so, and the course runs."""


class Course:
    """`Course("fedavg", {"rounds": 3}, server=Server(model), client=[Client(t) for t in trainers])`.

    Each role is given its participants by its name: one, or a list. `parameters` take the place of the protocol's
    defaults; durations are seconds or texts as in a file. Raises ProtocolError where the file cannot be read,
    UsageError for roles and parameters that the protocol does not have.
    """

    def __init__(
        self,
        protocol: Source,
        parameters: Mapping[str, object] | None = None,
        **participants: Participant | Sequence[Participant],
    ) -> None:
        self.program, self._reading = load_program(protocol, parameters)
        self.protocol = self.program.protocol
        self._participants = self._listed(participants)
        self._functions: dict[str, dict[str, Callable[..., object]]] = {role: {} for role in self.program.roles}
        self._relations: dict[str, Mapping[str, Iterable[str]]] = {}

    @classmethod
    def build(
        cls,
        protocol: Source,
        counts: Mapping[str, int],
        parameters: Mapping[str, object] | None = None,
        *,
        setting: Callable[[Setting], Setting] = lambda setting: setting,
        seed: int = 0,
    ) -> Course:
        """A course of the classes that the protocol names, built by their `build`; this is what `protoflow run` does.

        `counts` says how many participants each role has; one that is left out has the least that the protocol allows.
        `setting` may add data and a model to what each is built from. Where participants of a role do nothing before
        they are addressed, all but the first are built when they are. Raises UsageError for a role that there is not,
        and where a class asks for data that it was not given.
        """
        program, _ = load_program(protocol, parameters)
        _known(program, counts)
        numbers = {name: counts.get(name, role.minimum) for name, role in program.roles.items()}

        shared: dict[str, Any] = {}

        def place(role: str, index: int) -> Setting:
            return Setting(role, index, numbers[role], _derived(seed, role, index), program.parameters, numbers, shared)

        def build(role: RoleProgram, index: int) -> Participant:
            return built(role.role, setting(place(role.name, index)))

        participants = {
            name: Built(partial(build, role), numbers[name], at_once=role.begins)
            for name, role in program.roles.items()
        }
        return cls(program.protocol, parameters, **participants)

    def register(self, role: str, name: str, function: Callable[..., object]) -> None:
        """Let a function be the handler, predicate or selector of that name, for all participants of the role.

        It takes the place of the method: it gets the participant first, and then what the method would get.
        """
        _known(self.program, (role,))
        known = names_of(self.program.roles[role])
        if name not in known:
            listed = ", ".join(f"`{each}`" for each in known) or "nothing"
            raise UsageError(f"role `{role}` calls no `{name}`; it calls {listed}")
        self._functions[role][name] = function

    def link(self, name: str, relation: Mapping[str, Iterable[str]]) -> None:
        """Say who is linked to whom: id -> ids. Needed for links of shape `graph`, possible for shape `one`."""
        self._relations[name] = relation

    def run(
        self,
        *,
        conditions: Conditions | None = None,
        seed: int = 0,
        trace: str | os.PathLike[str] | None = None,
        progress: Callable[[Step], None] | None = None,
        until: float | None = None,
        validate: bool = True,
    ) -> Result:
        """Run the course in simulation, to its end.

        The protocol and the participants are checked first; `validate=False` leaves that out. `conditions` are what
        happens from outside, `seed` fixes all that is left to chance. `trace` is a file that every step is written to
        as it is taken, `progress` is called with each. `until` (virtual seconds) ends a course that would go on.

        Raises ProtocolError (the protocol or a class has errors), HandlerError (a handler failed, or did not do what
        its row says), CourseError (a message that nobody handles, or a stop before the course is complete; where more
        went wrong from outside than the protocol assumes, it says what, and the command that checks for that).
        """
        from protoflow.engines.host import simulate

        directory = self._directory()
        if validate:
            self._validate()
        return simulate(
            self._interpreters(directory),
            directory,
            conditions=conditions,
            seed=seed,
            path=None if trace is None else Path(trace),
            progress=progress,
            until=until,
        )

    def _validate(self) -> None:
        from protoflow.checks import validate
        from protoflow.checks.composition import Options

        behaviours = {role: given[0] for role, given in self._participants.items() if given}
        report = validate(
            self._reading,
            handlers=True,
            composition=Options(seconds=SECONDS_FOR_VALIDATION),
            behaviours=behaviours,
            registered=self._functions,
            suggestions=False,
        )
        if report.errors:
            raise ProtocolError(report.errors)

    @property
    def participants(self) -> Mapping[str, Sequence[Participant]]:
        """Role -> its participants, in the order of their ids. One that has not been built yet is built when it is
        taken out.
        """
        return self._participants

    def assembled(self) -> tuple[Directory, Lookup[Interpreter]]:
        """Who takes part, and the participants by their ids, each bound to its place when it is first asked for: ready
        to be driven by an engine.
        """
        directory = self._directory()
        return directory, self._interpreters(directory)

    def _directory(self) -> Directory:
        return Directory(self.program, {role: len(p) for role, p in self._participants.items()}, self._relations)

    def _interpreters(self, directory: Directory) -> Lookup[Interpreter]:
        roles = self.program.roles
        machines = {name: RoleMachine(role, self.program.parameters) for name, role in roles.items()}
        names = {name: names_of(role) for name, role in roles.items()}

        def calls(role: str, participant: Participant) -> Calls:
            return calls_of(role, names[role], participant, self._functions[role])

        def bound(who: str) -> Interpreter:
            role, place = directory.place(who)
            participant = self._participants[role][place]
            interpreter = Interpreter(who, roles[role], machines[role], directory, calls(role, participant))
            participant._interpreter = interpreter
            return interpreter

        for role, given in self._participants.items():
            if not isinstance(given, Built):
                for participant in given:
                    calls(role, participant)
        return Lookup(bound)

    def _listed(self, given: Mapping[str, Participant | Sequence[Participant]]) -> dict[str, Sequence[Participant]]:
        _known(self.program, given)
        listed: dict[str, Sequence[Participant]] = {}
        seen: set[int] = set()
        for role in self.program.roles:
            found: Any = given.get(role, [])
            if isinstance(found, Built):
                listed[role] = found
                continue
            listed[role] = (found,) if isinstance(found, Participant) else tuple(found)
            for participant in listed[role]:
                if not isinstance(participant, Participant):
                    kind = type(participant).__name__
                    raise UsageError(f"role `{role}` is given a {kind}, which is not a protoflow.Participant")
                if id(participant) in seen:
                    raise UsageError(f"role `{role}` is given the same {type(participant).__name__} twice")
                seen.add(id(participant))
        return listed


def _known(program: Program, roles: Iterable[str]) -> None:
    for role in roles:
        if role not in program.roles:
            known = ", ".join(f"`{each}`" for each in program.roles)
            raise UsageError(f"`{role}` is not a role of `{program.protocol.name}`; it has {known}")


def _derived(seed: int, role: str, index: int) -> int:
    """A seed for one participant that follows from the course's."""
    from random import Random

    return Random(f"{seed}/{role}/{index}").getrandbits(63)
