"""Which Python callables a role's table needs, and where they come from: the participant's class, or registration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, overload

from protoflow.errors import HandlerError, ProtoflowError, UsageError
from protoflow.program import GuardKind
from protoflow.protocol import TargetKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protoflow.program import RoleProgram
    from protoflow.protocol import Role
    from protoflow.runtime.participant import Participant
    from protoflow.runtime.setting import Setting


def names_of(program: RoleProgram) -> dict[str, str]:
    """Name -> `handler`, `predicate` or `selector`: everything that a role's table calls."""
    names: dict[str, str] = {}
    for row in program.all_rows():
        if row.handler is not None:
            names.setdefault(row.handler, "handler")
        for guard in row.guards:
            if guard.kind is GuardKind.PREDICATE:
                names.setdefault(guard.name, "predicate")
        for send in row.sends:
            if send.target.kind is TargetKind.SELECTOR:
                names.setdefault(send.target.name, "selector")
    return names


class Calls:
    """Name -> what to call: the participant's method of that name, or the function that was registered in its place,
    which gets the participant first. Nothing is kept for each participant but whose methods they are.
    """

    __slots__ = ("_participant", "_registered")

    def __init__(self, participant: object, registered: Mapping[str, Callable[..., object]]) -> None:
        self._participant = participant
        self._registered = registered

    def __getitem__(self, name: str) -> Callable[..., object]:
        if name in self._registered:
            return partial(self._registered[name], self._participant)
        method: Callable[..., object] = getattr(self._participant, name)
        return method


def calls_of(
    role: str, names: Mapping[str, str], participant: object, registered: Mapping[str, Callable[..., object]]
) -> Calls:
    """What a participant of the role is called by; `names` are those of its table (`names_of`).

    Raises HandlerError for a name that there is nothing for.
    """
    for name, kind in names.items():
        if name not in registered and not callable(getattr(participant, name, None)):
            raise HandlerError(
                f"{type(participant).__name__}, which plays role `{role}`, has no {kind} `{name}`: "
                "write the method, or register a function"
            )
    return Calls(participant, registered)


class Built(Sequence["Participant"]):
    """So many participants of a role. Each is built, by its index from 1, when it is first taken out, and kept; the
    first, or `at_once` all of them, are built now.
    """

    def __init__(self, build: Callable[[int], Participant], count: int, *, at_once: bool) -> None:
        self._build = build
        self._count = count
        self._built: dict[int, Participant] = {}
        for place in range(count if at_once else min(count, 1)):
            self[place]

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Participant: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Participant, ...]: ...
    def __getitem__(self, place: int | slice) -> Participant | tuple[Participant, ...]:
        if isinstance(place, slice):
            return tuple(self[each] for each in range(self._count)[place])
        place = range(self._count)[place]
        if place not in self._built:
            self._built[place] = self._build(place + 1)
        return self._built[place]


def class_of(role: Role) -> Any:
    """The class that the protocol names for a role. Raises UsageError where there is none, or it cannot be imported."""
    if role.cls is None:
        raise UsageError(
            f"role `{role.name}` names no class: give the file one, or its participants to a Course in Python"
        )
    try:
        return import_class(role.cls)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"class `{role.cls}` of role `{role.name}` cannot be imported: {error}") from error


def import_class(named: str) -> Any:
    """What stands at `package.module:Class`. Raises what the import raises."""
    module, _, name = named.partition(":")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def built(role: Role, setting: Setting) -> Participant:
    """One participant, of the class that the protocol names. Raises HandlerError where building it fails."""
    try:
        participant: Participant = class_of(role).build(setting)
    except ProtoflowError:
        raise
    except Exception as error:
        raise HandlerError(
            f"no `{role.cls}` could be built for role `{role.name}`: {type(error).__name__}: {error}; "
            "what its `__init__` gets is for a class method `build(cls, setting)` to say"
        ) from error
    return participant
