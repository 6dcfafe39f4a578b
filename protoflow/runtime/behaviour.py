"""Which Python callables a role's table needs, and where they come from: the participant's class, or registration."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def calls_of(
    program: RoleProgram, participant: object, registered: Mapping[str, Callable[..., object]]
) -> dict[str, Callable[..., object]]:
    """Name -> what to call. A registered function stands in for the method, and gets the participant first too.

    Raises HandlerError for a name that there is nothing for.
    """
    calls: dict[str, Callable[..., object]] = {}
    for name, kind in names_of(program).items():
        if name in registered:
            calls[name] = partial(registered[name], participant)
            continue
        call = getattr(participant, name, None)
        if not callable(call):
            raise HandlerError(
                f"{type(participant).__name__}, which plays role `{program.name}`, has no {kind} `{name}`: "
                "write the method, or register a function"
            )
        calls[name] = call
    return calls


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
