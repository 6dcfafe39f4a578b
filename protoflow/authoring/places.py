"""Which Python module the stubs of a protocol go to: the one that its classes are in, or one that is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protoflow.authoring.insertion import Wanted
from protoflow.authoring.modules import Library
from protoflow.authoring.stubs import class_names
from protoflow.checks.uses import uses_of
from protoflow.errors import UsageError
from protoflow.language.suggest import quoted

if TYPE_CHECKING:
    from pathlib import Path

    from protoflow.program import Program, RoleProgram
    from protoflow.protocol import Name


@dataclass(slots=True)
class Place:
    """A module to write. `to_name`: role -> the class that the protocol does not name yet."""

    module: str
    path: Path
    wanted: list[Wanted] = field(default_factory=list)
    to_name: dict[str, str] = field(default_factory=dict)


def places(program: Program, folder: Path, output: Path | None) -> list[Place]:
    """The modules to write, with the classes of the roles in each, seen from `folder`, in which courses are run.

    Without `output` each role's class says which module it is in; a class of an installed package is not written to.
    With it, all go there: a class that is elsewhere is derived from, if it lacks something. Raises UsageError where a
    role names no class, or an installed one lacks something, and where `output` can be no module.
    """
    library = Library([folder])
    if output is not None:
        return [_all_there(program, library, output)]
    found: dict[str, Place] = {}
    nameless = [role.name for role in program.roles.values() if role.role.cls is None and uses_of(role)]
    if nameless:
        first = class_names(nameless)[nameless[0]]
        raise UsageError(
            f"the file names no class for {quoted(nameless)}: write `class: my_module:{first}`, or "
            "say where the stubs go: -o my_module.py"
        )
    for role in program.roles.values():
        if role.role.cls is None:
            continue
        module, name = _parts(role.role.cls)
        path = library.origin(module) or folder / f"{module.replace('.', '/')}.py"
        if folder.resolve() in path.resolve().parents and "site-packages" not in path.parts:
            found.setdefault(module, Place(module, path)).wanted.append(_wanted(role, name))
        elif missing := _missing(library, role, module, name):
            raise UsageError(
                f"`{role.role.cls}` has no {quoted(missing)}, and is not in this folder: -o my_module.py writes a "
                "class that derives from it"
            )
    return list(found.values())


def _all_there(program: Program, library: Library, output: Path) -> Place:
    parts = output.with_suffix("").parts
    if output.suffix != ".py" or not all(part.isidentifier() for part in parts):
        raise UsageError(f"-o takes a Python module below this folder, such as my_module.py, not `{output}`")
    place = Place(".".join(parts), output)
    named = {role.name: _parts(role.role.cls) for role in program.roles.values() if role.role.cls is not None}
    taken = [name for module, name in named.values() if module == place.module]
    names = class_names(program.roles, taken)
    for role in program.roles.values():
        if role.name not in named:
            if uses_of(role):
                place.wanted.append(Wanted(role.name, names[role.name]))
                place.to_name[role.name] = f"{place.module}:{names[role.name]}"
            continue
        module, name = named[role.name]
        if module == place.module:
            place.wanted.append(_wanted(role, name))
        elif _missing(library, role, module, name):
            place.wanted.append(Wanted(role.name, names[role.name], f"{module}.{name}"))
            place.to_name[role.name] = f"{place.module}:{names[role.name]}"
    return place


def _wanted(role: RoleProgram, name: str) -> Wanted:
    """The class that the file names. Written new, it goes on from the one that the base names."""
    base = role.role.replaced
    return Wanted(role.name, name, ".".join(_parts(base)) if base is not None else None)


def _parts(cls: Name) -> tuple[str, str]:
    module, _, name = cls.partition(":")
    if "." in name:
        raise UsageError(f"`{cls}` is a class inside another: stubs are written for classes of a module")
    return module, name


def _missing(library: Library, role: RoleProgram, module: str, name: str) -> list[str]:
    """What a class that is not ours to write lacks; what it may have from a base that cannot be read is there."""
    home = library.module(module)
    found = library.find(home, name) if home is not None else None
    if found is None:
        raise UsageError(f"`{module}:{name}`, the class of `{role.name}`, is not found")
    names = library.names(*found)
    if names.unknown or "__getattr__" in names.found:
        return []
    return [use.name for use in uses_of(role) if use.name not in names.found]
