"""Python modules, read and never imported: which names a class has, and where a method can be inserted.

A class has the names that its body binds and those of its bases, which are looked for in the modules that they are
imported from, along the given folders and `sys.path`. Where a base cannot be found that way, what it has is not known.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_STEPS = 64
"""From a name to the class it stands for: more than that goes round in a circle."""


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: Path | None
    tree: ast.Module
    package: bool = False


@dataclass(slots=True)
class Names:
    """What a class has; `unknown` names the bases that could not be found."""

    found: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of a body, with those under `if`, `try` and `with`."""
    for each in body:
        yield each
        for name in ("body", "orelse", "finalbody"):
            if isinstance(each, (ast.If, ast.Try, ast.With)):
                yield from statements(getattr(each, name, []))
        if isinstance(each, ast.Try):
            for handler in each.handlers:
                yield from statements(handler.body)


def bound_names(body: Iterable[ast.stmt]) -> set[str]:
    """The names that a class body gives a value or a type."""
    names: set[str] = set()
    for each in statements(body):
        match each:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
    return names


class Library:
    """Modules by their dotted names."""

    def __init__(self, folders: Sequence[Path], *given: Module) -> None:
        self._path = [*map(str, folders), *sys.path]
        self._modules: dict[str, Module | None] = {module.name: module for module in given}

    def origin(self, name: str) -> Path | None:
        """The file of a module, found without importing anything."""
        path: Sequence[str] | None = self._path
        origin = None
        for count in range(1, name.count(".") + 2):
            spec = PathFinder.find_spec(".".join(name.split(".")[:count]), path)
            if spec is None:
                return None
            origin, path = spec.origin, spec.submodule_search_locations
            if path is None and count <= name.count("."):
                return None
        return Path(origin) if origin is not None and origin.endswith(".py") else None

    def module(self, name: str) -> Module | None:
        if name not in self._modules:
            self._modules[name] = None
            path = self.origin(name)
            if path is not None:
                try:
                    tree = ast.parse(path.read_bytes())
                except (OSError, SyntaxError, ValueError):
                    return None
                self._modules[name] = Module(name, path, tree, path.name == "__init__.py")
        return self._modules[name]

    def names(self, module: Module, cls: ast.ClassDef) -> Names:
        """Everything that a class has, its bases' too."""
        names = Names()
        self._add(module, cls, names, set())
        return names

    def find(self, module: Module, name: str) -> tuple[Module, ast.ClassDef] | None:
        """The class that a dotted name stands for in a module."""
        for _ in range(_MOST_STEPS):
            first, _, rest = name.partition(".")
            for each in reversed(list(statements(module.tree.body))):
                if isinstance(each, ast.ClassDef) and each.name == first and not rest:
                    return module, each
                led = self._imported(module, each, first, rest)
                if led is not None:
                    break
            else:
                return None
            module, name = led
            if not name:
                return None
        return None

    def _add(self, module: Module, cls: ast.ClassDef, names: Names, seen: set[int]) -> None:
        if id(cls) in seen:
            return
        seen.add(id(cls))
        names.found |= bound_names(cls.body)
        for base in cls.bases:
            dotted = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
            if dotted in ("object", "Generic", "typing.Generic"):
                continue
            found = self.find(module, dotted)
            if found is None:
                names.unknown.append(dotted)
            else:
                self._add(*found, names, seen)

    def _imported(self, module: Module, each: ast.stmt, first: str, rest: str) -> tuple[Module, str] | None:
        """Where a name leads that a statement imports: the module, and the name there."""
        if isinstance(each, ast.Import):
            for alias in each.names:
                if alias.asname == first:
                    return self._below(alias.name, rest)
                if alias.asname is None and alias.name.partition(".")[0] == first:
                    return self._below(first, rest)
        elif isinstance(each, ast.ImportFrom):
            for alias in each.names:
                if (alias.asname or alias.name) == first:
                    source = self._absolute(module, each)
                    if self.module(f"{source}.{alias.name}") is not None:
                        return self._below(f"{source}.{alias.name}", rest)
                    return self._below(source, f"{alias.name}.{rest}".strip("."))
        return None

    def _below(self, name: str, rest: str) -> tuple[Module, str] | None:
        """The module of that name, or the deepest one below it that `rest` leads to, and what is left of `rest`."""
        found = self.module(name)
        while found is not None and "." in rest:
            first, _, after = rest.partition(".")
            deeper = self.module(f"{name}.{first}")
            if deeper is None:
                break
            found, name, rest = deeper, f"{name}.{first}", after
        return None if found is None else (found, rest)

    @staticmethod
    def _absolute(module: Module, each: ast.ImportFrom) -> str:
        if not each.level:
            return each.module or ""
        parts = module.name.split(".")
        parts = parts[: len(parts) - each.level + module.package]
        return ".".join([*parts, *([each.module] if each.module else [])])
