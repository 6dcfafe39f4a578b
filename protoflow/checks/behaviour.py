"""PF301 and PF302: the Python side, which `--handlers` and every run ask for. This imports what the file names.

What a role's table calls (see `uses`) is a method of its class, or a function registered for it, which gets the
participant first as a method does. Only what is certain is reported: a class with `__getattr__`, or one that declares
the name as an attribute of its instances, may have it.
"""

from __future__ import annotations

import inspect
from functools import cached_property
from pathlib import Path
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from protoflow.checks.structure.facts import place
from protoflow.checks.uses import uses_of
from protoflow.diagnostics import Diagnostic, Help, Label
from protoflow.language.suggest import nearest, quoted
from protoflow.protocol import FRESH, RESERVED_TARGETS, ParameterType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from protoflow.checks.uses import Use
    from protoflow.program import Program, RoleProgram

_ABSENT = object()


def check_behaviour(
    program: Program,
    behaviours: Mapping[str, object] | None = None,
    registered: Mapping[str, Mapping[str, Callable[..., object]]] | None = None,
) -> Iterator[Diagnostic]:
    """Findings for every role that has a class or participant in `behaviours`, or a class in the file."""
    broken: dict[tuple[str, str | None], list[RoleProgram]] = {}
    for role in program.roles.values():
        behaviour = (behaviours or {}).get(role.name)
        if behaviour is None and role.role.cls is not None:
            behaviour = _load(role)
            if isinstance(behaviour, tuple):
                broken.setdefault(behaviour, []).append(role)
                continue
        if behaviour is not None:
            functions = (registered or {}).get(role.name, {})
            for use in uses_of(role):
                yield from _check(program, role, behaviour, functions, use)
    for (why, remedy), roles in broken.items():
        yield _unusable(program, roles, why, remedy)


def _load(role: RoleProgram) -> type | tuple[str, str | None]:
    """The class that the file names; or why there is none that can be used, and what to do about it, in words.

    User code runs here and may raise anything.
    """
    from protoflow.errors import UsageError
    from protoflow.runtime.behaviour import import_class
    from protoflow.runtime.participant import Participant

    named = str(role.role.cls)
    try:
        found: object = import_class(named)
    except (Exception, SystemExit) as error:
        said = isinstance(error, UsageError) and error.__cause__  # the module itself says what it lacks, and the remedy
        cause = error.__cause__ if said and error.__cause__ else error
        words = str(cause).strip().splitlines()
        why = f"{type(cause).__name__}: {words[0]}" if words else type(cause).__name__
        return why, str(error) if said else _remedy(named, cause)
    if not isinstance(found, type):
        return f"it is not a class, but {type(found).__name__}", None
    if not issubclass(found, Participant):
        return "it is no `protoflow.Participant`", f"derive it: `class {found.__name__}(protoflow.Participant)`"
    return found


def _remedy(named: str, cause: BaseException) -> str | None:
    """What to do about a name that is not there; None where the user's own code failed."""
    module, _, name = named.partition(":")
    if isinstance(cause, ModuleNotFoundError) and cause.name in (module, module.partition(".")[0]):
        here = {each.stem for each in Path.cwd().iterdir() if each.suffix == ".py"}
        if cause.name == module and (near := nearest(module, sorted(here))):
            return f"write `{near}`: `{near}.py` is here"
        return f"go to the folder that has `{cause.name}`, or name it in PYTHONPATH: protoflow looks where it is run"
    if isinstance(cause, AttributeError) and cause.name == name:
        classes = {each.lower(): each for each in dir(cause.obj) if not each.startswith("_")}
        near = nearest(name, classes)
        return f"write `{module}:{classes[near]}`" if near else None
    return None


def _unusable(program: Program, roles: list[RoleProgram], why: str, remedy: str | None) -> Diagnostic:
    first, *others = (role.role for role in roles)
    return Diagnostic(
        "PF301",
        f"the class of {quoted([role.name for role in roles])} cannot be used: {why}",
        place(program, first.cls, first),
        label="named here",
        related=tuple(Label(role.cls.span, "and here") for role in others if role.cls and role.cls.span),
        help=Help(remedy) if remedy else None,
        subject=frozenset(("role", role.name) for role in roles),
    )


def _check(
    program: Program, role: RoleProgram, behaviour: object, functions: Mapping[str, Callable[..., object]], use: Use
) -> Iterator[Diagnostic]:
    from protoflow.runtime.participant import Participant

    cls = behaviour if isinstance(behaviour, type) else type(behaviour)
    found = inspect.getattr_static(behaviour, use.name, _ABSENT)
    if use.name in functions:
        defined, owner = functions[use.name], f"the function registered as `{use.name}`"
    elif found is not _ABSENT and found is not inspect.getattr_static(Participant, use.name, _ABSENT):
        own = behaviour is not cls and use.name in getattr(behaviour, "__dict__", {})
        defined, owner = staticmethod(found) if own else found, f"`{cls.__name__}.{use.name}`"
    else:
        if not hasattr(cls, "__getattr__") and not (behaviour is cls and _is_attribute(cls, use.name)):
            yield _missing(program, role, cls, use)
        return
    why = _why_not(defined, use)
    if why is not None:
        reason, with_message = why
        yield Diagnostic(
            "PF302",
            f"{owner} is called as `{use.name}({'message' if with_message else ''})`, but {reason}",
            place(program, use.calls[with_message], use.row.declared),
            label=f"called for {_occasions(role, use)}",
            help=Help(f"define it as `{_signature(program, use)}`"),
            subject=frozenset({("role", role.name), (use.kind, str(use.name))}),
        )


def _is_attribute(cls: type, name: str) -> bool:
    """Declared in a class body, `name: Callable[...]`, and set when the object is made."""
    return any(name in vars(base).get("__annotations__", {}) for base in cls.__mro__)


def _why_not(defined: object, use: Use) -> tuple[str, bool] | None:
    """Why it cannot be called as the rows call it, and whether with a message; None where it can, or nobody knows."""
    first = next(iter(use.calls))
    if isinstance(defined, (property, cached_property)):
        return "it is a property", first
    own = 1 if isinstance(defined, (FunctionType, classmethod)) else 0
    function: Any = defined.__func__ if isinstance(defined, (classmethod, staticmethod)) else defined
    if not callable(function):
        return None if hasattr(function, "__get__") else (f"it is {type(function).__name__}, not a function", first)
    if not isinstance(function, (FunctionType, MethodType)):
        return None
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "it is `async`", first
    if inspect.isgeneratorfunction(function):
        return "it is a generator: it has a `yield`", first
    signature = inspect.signature(function)
    for with_message in use.calls:
        try:
            signature.bind(*[None] * (own + with_message))
        except TypeError:
            bare = [each.replace(annotation=each.empty) for each in list(signature.parameters.values())[own:]]
            takes = str(inspect.Signature(bare))[1:-1]
            return f"it takes `{takes}`" if takes else "it takes no arguments", with_message
    return None


def _meant(program: Program, role: RoleProgram, use: Use) -> tuple[str, str] | None:
    """What else could stand in the place of a selector or predicate, and was most likely meant; and what that is.

    A misspelt target or condition is taken for one of these, for any name may be.
    """
    protocol = program.protocol
    known = {name: "a link" for name, link in protocol.links.items() if link.source == role.name}
    if use.kind == "selector":
        known |= dict.fromkeys(RESERVED_TARGETS, "a target")
        known |= dict.fromkeys(protocol.roles, "a role")
        known |= {name: "an event" for name, window in role.windows.items() if window.total is None}
    elif use.kind == "predicate":
        known |= {FRESH: "a condition"} if any(row.trigger in role.request_of for row in use.rows) else {}
        known |= {name: "a parameter" for name, each in protocol.parameters.items() if each.type is ParameterType.BOOL}
    else:
        return None
    near = nearest(use.name, known)
    return (near, known[near]) if near else None


def _missing(program: Program, role: RoleProgram, cls: type, use: Use) -> Diagnostic:
    from protoflow.runtime.participant import Participant

    idle, meant = _unnamed(program, cls), _meant(program, role, use)
    near = nearest(use.name, (name for name in dir(cls) if not name.startswith("_")))
    instead, help = "", f"write in `{cls.__name__}`: `{_signature(program, use)}`{_returns(program, use)}"
    if hasattr(Participant, use.name):
        help = "call it something else: every `protoflow.Participant` has this name for something of its own"
    elif near and (meant is None or near == nearest(use.name, (near, meant[0]))):
        instead, help = f"; it has `{near}`", f"call it `{near}`, or {help}"
        idle = [name for name in idle if name != near]
    elif meant:
        instead, help = f"; `{meant[0]}` is {meant[1]}", f"write `{meant[0]}`, or {help}"
    elif len(idle) == 1:
        help = f"call it `{idle[0]}`, or {help}"
    span = role.role.cls.span if role.role.cls else None
    notes = (f"`{cls.__name__}` has {quoted(idle)}, which no row names",) if idle else ()
    return Diagnostic(
        "PF301",
        f"`{cls.__name__}` has no {use.kind} `{use.name}`{instead}",
        place(program, use.name, use.row.declared),
        label=f"called for {_occasions(role, use)}",
        related=(Label(span, f"the class of `{role.name}`"),) if span else (),
        notes=notes,
        help=Help(help),
        subject=frozenset({("role", role.name), (use.kind, str(use.name))}),
    )


def _unnamed(program: Program, cls: type) -> list[str]:
    """Methods of the class that no row names: what was meant may be one, if a name was changed on one side only."""
    from protoflow.runtime.participant import Participant

    named = {str(use.name) for role in program.roles.values() for use in uses_of(role)}
    own: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        if base not in Participant.__mro__:
            own |= vars(base)
    return [
        name
        for name, each in own.items()
        if isinstance(each, FunctionType) and not (name.startswith("_") or name in named or hasattr(Participant, name))
    ]


def _occasions(role: RoleProgram, use: Use) -> str:
    """The triggers of the rows that use a name."""
    triggers = dict.fromkeys(
        row.trigger
        for row in role.all_rows()
        if use.name
        in (row.handler, *row.declared.conditions, *row.declared.unless, *(s.target.name for s in row.sends))
    )
    return quoted(triggers)


def _signature(program: Program, use: Use) -> str:
    gives = any(program.protocol.messages[send.message].payload for send in use.row.sends)
    result = {"predicate": "bool", "selector": "list[str]"}.get(use.kind) or ("dict" if gives else "None")
    return f"def {use.name}({', '.join(filter(None, ('self', _parameters(use))))}) -> {result}"


def _parameters(use: Use) -> str:
    if len(use.calls) == 2:
        return "message=None"
    return "message" if True in use.calls else ""


def _returns(program: Program, use: Use) -> str:
    """What to return, in words, for a handler whose row sends something."""
    if use.kind == "selector":
        return ", returning ids"
    if use.kind == "predicate" or not use.row.sends:
        return ""
    payloads = []
    for send in use.row.sends:
        fields = program.protocol.messages[send.message].payload
        if not fields and len(use.row.sends) == 1:
            return f": `{send.message}` has no payload"
        kinds = ", ".join(f"{name}: {kind}" for name, kind in fields.items())
        payloads.append((send.message, f"{{{kinds}}}"))
    if len(payloads) == 1:
        return f", returning the payload of `{payloads[0][0]}`: `{payloads[0][1]}`"
    words = ", ".join(f"{name}: {payload}" for name, payload in payloads)
    return f", returning a payload for each message: `{{{words}}}`"
