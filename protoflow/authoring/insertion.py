"""A Python module with stubs for all that a protocol calls: written new, or completed by inserting what is missing.

Nothing that is there is changed: the new text is the old one with whole pieces inserted, in the file's own line ends
and indentation. Methods go to the end of their class, classes to the end of the module (before `if __name__ == …`),
imports below those that are there.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protoflow.authoring.modules import Library, Module, statements
from protoflow.authoring.stubs import INDENT, class_lines, stubs_of
from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from protoflow.authoring.stubs import Stub
    from protoflow.program import Program


@dataclass(frozen=True, slots=True)
class Wanted:
    """The class of a role in the module: its name, and, for a new one, the class that it derives from (dotted, as it is
    imported; None for `protoflow.Participant`).
    """

    role: str
    name: str
    base: str | None = None


@dataclass(slots=True)
class Completed:
    """`text` is the whole module. `added`: class -> the names added to it. `unsure`: class -> names that are not there,
    but that a base which cannot be read may have; nothing was added for these.
    """

    text: str
    added: dict[str, list[str]] = field(default_factory=dict)
    unsure: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)


def new_module(program: Program, wanted: Sequence[Wanted], docstring: str) -> str:
    """The text of a module with a class for each role."""
    text = f'"""{docstring}"""\n\nfrom __future__ import annotations\n'
    return completed(program, wanted, text, "module", None, ()).text


def completed(
    program: Program, wanted: Sequence[Wanted], text: str, name: str, path: Path | None, folders: Sequence[Path]
) -> Completed:
    """A module's text, with stubs added for what its classes lack.

    `name` is the module's dotted name; `folders` are where else modules lie that bases are imported from. Raises
    UsageError where the text is no Python.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise UsageError(f"{path or name}{line}: this is no Python that can be read: {error}") from None
    module = Module(name, path, tree, path is not None and path.name == "__init__.py")
    return _Completion(program, module, Library(folders, module), text).run(wanted)


class _Completion:
    def __init__(self, program: Program, module: Module, library: Library, text: str) -> None:
        self.program = program
        self.module = module
        self.library = library
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.starts = _line_starts(text)
        self.insertions: list[tuple[int, str]] = []
        self.imports: dict[str, None] = {}
        self.result = Completed(text)

    def run(self, wanted: Sequence[Wanted]) -> Completed:
        protoflow = self.known("protoflow") or "protoflow"
        blocks: list[list[str]] = []
        written: dict[str, Wanted] = {}  # class -> the first of the roles that share it
        called: dict[str, dict[str, Stub]] = {}
        for each in wanted:
            written.setdefault(each.name, each)
            for stub in stubs_of(self.program, self.program.roles[each.role], protoflow):
                called.setdefault(each.name, {}).setdefault(stub.name, stub)
        for each in written.values():
            stubs = list(called.get(each.name, {}).values())
            cls = next((c for c in statements(self.module.tree.body) if _is_class(c, each.name)), None)
            if isinstance(cls, ast.ClassDef):
                self.complete(cls, stubs)
            else:
                blocks.append(self.new_class(each, stubs))
        self.add_classes(blocks)
        others, self.insertions = self.insertions, []
        self.add_imports()
        text, done = "", 0
        # What goes to the same place stands in this order: imports, methods of the class above, new classes.
        for offset, piece in sorted([*self.insertions, *others], key=lambda each: each[0]):
            text += self.text[done:offset] + piece.replace("\n", self.newline)
            done = offset
        text += self.text[done:]
        self.result.text = text
        return self.result

    # ---- classes -----------------------------------------------------------------------------------------------------

    def complete(self, cls: ast.ClassDef, stubs: list[Stub]) -> None:
        names = self.library.names(self.module, cls)
        missing = [stub for stub in stubs if stub.name not in names.found]
        if not missing or "__getattr__" in names.found:
            return
        if names.unknown:
            self.result.unsure[cls.name] = ([stub.name for stub in missing], names.unknown)
            return
        self.use(missing, cls.name)
        first, last = cls.body[0], cls.body[-1]
        indent = self.indent_of(first)
        if indent is None:  # all on one line, `class A: pass`: its body moves below the new methods
            outer = self.indent_of(cls) or ""
            inner = outer + INDENT
            lines = [line for stub in missing for line in (*_indented(stub, inner), "")]
            self.insertions.append((self.offset(first), "\n" + "\n".join(lines) + "\n" + inner))
            return
        lines = [line for stub in missing for line in ("", *_indented(stub, indent))]
        self.below(last, lines)

    def new_class(self, each: Wanted, stubs: list[Stub]) -> list[str]:
        if each.base is None:
            base = f"{self.name_of('protoflow')}.Participant"
        else:
            home, _, name = each.base.rpartition(".")
            base = name if home == self.module.name else f"{self.name_of(home)}.{name}"
            found = self.library.module(home)
            inherited = self.library.find(found, name) if found is not None else None
            if inherited is None:
                raise UsageError(
                    f"`{each.base}`, which the class of `{each.role}` is to derive from, is not found: what it has is "
                    "not known"
                )
            has = self.library.names(*inherited)
            stubs = [stub for stub in stubs if stub.name not in has.found]
        self.use(stubs, each.name)
        return class_lines(self.program, self.program.roles[each.role], each.name, base, stubs)

    def use(self, stubs: list[Stub], cls: str) -> None:
        self.result.added[cls] = [stub.name for stub in stubs]
        for stub in stubs:
            for module in stub.modules:
                self.name_of(module)

    def add_classes(self, blocks: list[list[str]]) -> None:
        if not blocks:
            return
        body = self.module.tree.body
        main = next((each for each in body if isinstance(each, ast.If) and "__name__" in ast.dump(each.test)), None)
        lines = [line for block in blocks for line in ("", "", *block)]
        if main is None:
            self.at(len(self.text), lines)
        else:
            self.insertions.append((self.starts[main.lineno - 1], "\n".join([*lines[2:], "", "", ""])))

    # ---- imports -----------------------------------------------------------------------------------------------------

    def known(self, module: str) -> str | None:
        """What an imported module is called in this one."""
        for each in self.module.tree.body:
            if isinstance(each, ast.Import):
                for alias in each.names:
                    if alias.name == module:
                        return alias.asname or alias.name
        return None

    def name_of(self, module: str) -> str:
        """What a module is called in this one, which will import it if it does not."""
        name = self.known(module)
        if name is None:
            self.imports[module] = None
        return name or module

    def add_imports(self) -> None:
        """Behind the last import at the top, else behind the docstring."""
        if not self.imports:
            return
        lines = [f"import {name}" for name in sorted(self.imports)]
        top: ast.stmt | None = None
        for each in self.module.tree.body:
            docstring = isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) and top is None
            if not docstring and not isinstance(each, (ast.Import, ast.ImportFrom)):
                break
            top = each
        if top is None:
            first = self.module.tree.body[:1]
            self.at(self.starts[first[0].lineno - 1] if first else len(self.text), [*lines, ""] if first else lines)
        else:
            blank = isinstance(top, ast.Expr) or (isinstance(top, ast.ImportFrom) and top.module == "__future__")
            self.below(top, ["", *lines] if blank else lines)

    # ---- places ------------------------------------------------------------------------------------------------------

    def offset(self, node: ast.stmt) -> int:
        start = self.starts[node.lineno - 1]
        end = self.starts[node.lineno] if node.lineno < len(self.starts) else len(self.text)
        return start + len(self.text[start:end].encode()[: node.col_offset].decode())

    def indent_of(self, node: ast.stmt) -> str | None:
        """The white space before a statement; None where something else stands there."""
        line = node.lineno
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.decorator_list:
            line = node.decorator_list[0].lineno
            start = self.starts[line - 1]
            before = self.text[start:].partition("@")[0]
        else:
            before = self.text[self.starts[line - 1] : self.offset(node)]
        return before if not before.strip() else None

    def below(self, node: ast.stmt, lines: list[str]) -> None:
        """Whole lines under the last line of a statement."""
        assert node.end_lineno is not None
        self.at(self.starts[node.end_lineno] if node.end_lineno < len(self.starts) else len(self.text), lines)

    def at(self, offset: int, lines: list[str]) -> None:
        """Whole lines at the beginning of a line, or at the end of the text."""
        ended = not offset or self.text[offset - 1] in "\r\n"
        self.insertions.append((offset, ("" if ended else "\n") + "\n".join(lines) + "\n"))


def _is_class(each: ast.stmt, name: str) -> bool:
    return isinstance(each, ast.ClassDef) and each.name == name


def _indented(stub: Stub, indent: str) -> list[str]:
    """The lines of a stub, as deep as the class body is; by tabs where that is."""
    step = "\t" if indent.endswith("\t") else INDENT
    found = []
    for line in stub.lines:
        bare = line.lstrip(" ")
        found.append(indent + step * ((len(line) - len(bare)) // len(INDENT)) + bare)
    return found


def _line_starts(text: str) -> list[int]:
    """Where each line begins, as Python counts lines."""
    return [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
