"""A protocol of one's own to start from: a copy of another, with classes of its own, their stubs, and a test.

The copy is the text of the other file, comments and all. Its name and its classes are changed, and bases named by a
path are named from where it now lies. A role whose class only a base names gets a line of its own, so that every class
is in the new module.
"""

from __future__ import annotations

import keyword
import os.path
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.authoring.format import format_text
from protoflow.authoring.insertion import Wanted, new_module
from protoflow.authoring.stubs import class_names
from protoflow.diagnostics import Edit, apply
from protoflow.errors import ProtocolError, UsageError
from protoflow.language import read_text, shipped
from protoflow.language.findings import Findings
from protoflow.language.scalars import is_name
from protoflow.language.source import Source
from protoflow.language.tree import Mapping, Scalar, Sequence, compose
from protoflow.program import compile_protocol
from protoflow.protocol import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.language import Reading
    from protoflow.language.tree import Node
    from protoflow.program import Program

SCHEMA = "protoflow.schema.json"
"""The JSON Schema, beside the file: the line that names it is then right wherever the two are."""

_MODELINE = f"# yaml-language-server: $schema={SCHEMA}\n"
_OTHER_MODELINE = re.compile(r"^# yaml-language-server:.*\n", re.MULTILINE)
_USUAL = 3


def check_name(name: str) -> None:
    """Raises UsageError for a name that the protocol, its module or its test cannot have."""
    if not is_name(name) or keyword.iskeyword(name):
        raise UsageError(f"`{name}` cannot be the name of a protocol: names have lower-case letters, digits and `_`, "
                         "begin with a letter, and are no words of Python")  # fmt: skip
    if name in shipped():
        raise UsageError(f"`{name}` is a shipped protocol: choose another name, and start from it with --from {name}")
    here = str(Path.cwd())
    others = [folder for folder in sys.path if folder not in ("", here)]
    if name in sys.stdlib_module_names or PathFinder.find_spec(name, others) is not None:
        raise UsageError(f"there is a Python module `{name}` already, and the protocol's module would hide it")
    if Path(name, "__init__.py").exists():
        raise UsageError(f"there is a Python package `{name}` in this folder, which would hide the protocol's module")


def new_files(name: str, start: Reading, text: str) -> dict[str, str]:
    """File name -> text of the protocol, its module and its test, for a protocol that starts as `start` with `text`."""
    protocol = copied(name, start, text)
    reading = read_text(protocol, f"{name}.yaml")
    if reading.protocol is None:
        raise ProtocolError(reading.diagnostics)
    program = compile_protocol(reading.protocol, reading.parameters)
    wanted = [Wanted(role, cls) for role, cls in class_names(program.roles).items()]
    words = f"The roles of {name}. A stub does as little as its rows allow: put in what yours are to do."
    return {
        f"{name}.yaml": protocol,
        f"{name}.py": new_module(program, wanted, words),
        f"test_{name}.py": _test(name, program),
    }


def copied(name: str, start: Reading, text: str) -> str:
    """The text of the protocol, in the one form."""
    assert start.protocol is not None
    program = compile_protocol(start.protocol, start.parameters)
    source = Source(start.file, text)
    root = compose(source, Findings())
    assert isinstance(root, Mapping)
    edits = [*_name(root, name), *_extends(root, Path(start.file).parent)]
    roles = root.get("roles")
    more = ""
    for role, cls in class_names(program.roles).items():
        node = roles.get(role) if isinstance(roles, Mapping) else None
        named = node.get("class") if isinstance(node, Mapping) else None
        if named is not None:
            edits.append(Edit(named.span, f'"{name}:{cls}"' if source.text[named.start] in "\"'" else f"{name}:{cls}"))
        elif isinstance(roles, Mapping) and roles.entries:
            key = next((key for key, _ in roles.entries if key.text == role), None)
            edits.append(_with_class(source, roles, role, key, node, f"{name}:{cls}"))
        else:
            more += f'  {role}: {{class: "{name}:{cls}"}}\n'
    changed = apply(edits, source.text)
    if more:
        changed = _OPEN_ROLES.sub("", changed).rstrip("\n") + f"\n\nroles:\n{more}"
    return format_text(_MODELINE + _OTHER_MODELINE.sub("", changed), f"{name}.yaml")


_OPEN_ROLES = re.compile(r"^roles:[ \t]*(?:\{\})?[ \t]*\n", re.MULTILINE)


def _name(root: Mapping, name: str) -> Iterator[Edit]:
    node = root.get("name")
    if node is not None:
        yield Edit(node.span, name)


def _extends(root: Mapping, folder: Path) -> Iterator[Edit]:
    node = root.get("extends")
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar) and not is_name(item.text):
            path = os.path.relpath(folder / item.text, Path.cwd())
            yield Edit(item.span, Path(path).as_posix() if os.sep in path else f"./{path}")


def _with_class(source: Source, roles: Mapping, role: str, key: Scalar | None, node: Node | None, cls: str) -> Edit:
    """What gives a role a class that has none in this file."""
    if key is None:  # the role is a base's
        first = roles.entries[0][0].start
        if source.text[roles.start] == "{":
            return _insert(source, roles.start + 1, f'{role}: {{class: "{cls}"}}, ')
        return _insert(source, first, f'{role}: {{class: "{cls}"}}\n{_indent(source, first)}')
    if not isinstance(node, Mapping):  # `server:` and nothing more
        return Edit(source.span(key.start, key.end), f'{key.text}: {{class: "{cls}"}}  #')
    if source.text[node.start] == "{":
        return _insert(source, node.start + 1, f'class: "{cls}"{", " if node.entries else ""}')
    first = node.entries[0][0].start
    return _insert(source, first, f"class: {cls}\n{_indent(source, first)}")


def _insert(source: Source, offset: int, text: str) -> Edit:
    return Edit(source.span(offset, offset), text)


def _indent(source: Source, offset: int) -> str:
    return " " * (source.position(offset)[1] - 1)


def _test(name: str, program: Program) -> str:
    counts, ids = {}, {}
    for role in program.roles.values():
        count = max(_USUAL if role.maximum is None else min(_USUAL, role.maximum), role.minimum)
        if count != role.minimum:
            counts[role.name] = count
        ids[str(role.name)] = [str(role.name)] if role.single else [f"{role.name}{i}" for i in range(1, count + 1)]
    links = []
    for link in program.protocol.links.values():
        if link.shape is Shape.GRAPH and link.inverse is None:
            relation = {who: [other for other in ids[link.dest] if other != who] for who in ids[link.source]}
            links.append(f'    course.link("{link.name}", {_double(relation)})\n')
    return f'''"""{name} has no errors, its classes fit it, and a course of it completes."""

from pathlib import Path

import protoflow

PROTOCOL = Path(__file__).with_name("{name}.yaml")


def test_it_has_no_errors() -> None:
    report = protoflow.validate(PROTOCOL, handlers=True)
    assert report.ok(), str(report)


def test_a_course_completes() -> None:
    course = protoflow.Course.build(PROTOCOL, {_double(counts)})
{"".join(links)}    assert course.run().outcome == "complete"
'''


def _double(value: object) -> str:
    """A literal with double quotes, as formatters have it."""
    return repr(value).replace("'", '"')
