"""One file's tree -> one draft."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from protoflow.diagnostics import Span, apply
from protoflow.language import keys
from protoflow.language.draft import Draft
from protoflow.language.elements import ElementReader
from protoflow.language.fields import Fields
from protoflow.language.findings import Findings, TooManyFindingsError
from protoflow.language.parameters import ParameterReader
from protoflow.language.roles import RoleReader
from protoflow.language.silences import Silence, find_silences
from protoflow.language.source import Source
from protoflow.language.tree import Mapping, Scalar, Sequence, compose
from protoflow.language.values import describe, is_whole, value_of
from protoflow.protocol import Name

if TYPE_CHECKING:
    from protoflow.diagnostics import Help
    from protoflow.language.tree import Node

VERSION = 1


def read_document(source: Source, findings: Findings) -> tuple[Draft | None, tuple[Silence, ...]]:
    """What `source` says, or None where it says nothing that can be read as a protocol; and what it silences."""
    before = len(findings)
    root = compose(source, findings, lambda helps: _best(helps, source))
    silences = find_silences(source, root)
    if root is None or (isinstance(root, Scalar) and root.empty):
        if len(findings) == before:
            findings.add("PF001", "this file is empty", Span(source.file, 1, 1, 1, 1))
        return None, silences
    if not isinstance(root, Mapping):
        first = source.span(root.start, min(root.end, root.start + 1))
        findings.add("PF001", f"this file is {describe(root)}, not a mapping of keys to values", first)
        return None, silences
    return _DocumentReader(Fields(findings)).read(root, source), silences


def _best(helps: tuple[Help, ...], source: Source) -> Help | None:
    """What makes of a text that is no YAML the protocol with the fewest mistakes; None where nothing makes it one."""
    mistakes: dict[Help, int] = {}
    for help in helps:
        changed, findings = Source(source.file, apply(help.edits, source.text)), Findings()
        with contextlib.suppress(TooManyFindingsError):
            root = compose(changed, findings)
            if isinstance(root, Mapping) and _DocumentReader(Fields(findings)).read(root, changed) is not None:
                mistakes[help] = len(findings)
    return min(mistakes, key=mistakes.__getitem__, default=None)


class _DocumentReader:
    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.findings = fields.findings
        self.elements = ElementReader(fields)

    def read(self, root: Mapping, source: Source) -> Draft | None:
        first = root.entries[0][0].span if root.entries else source.span(root.start, root.start)
        if not any(key.text in keys.PROTOCOL.keys for key, _ in root.entries):
            self.fields.missing("`protoflow: 1`", "this file, and no other key of a protocol is there", first)
            return None
        if (version := root.get("protoflow")) is not None and not self._version(version):
            return None
        found = self.fields.fields(root, keys.PROTOCOL, "this file", first)
        draft = Draft(source.file, first)
        if "name" in found:
            draft.name = self._name(found["name"])
        draft.summary = self.fields.text(found.get("summary"), "summary")
        draft.source = self.fields.text(found.get("source"), "source")
        draft.extends = self._extends(found.get("extends"))
        self._sections(found, draft)
        if "remove" in found:
            draft.removed = list(self.fields.names(found["remove"], "remove", "a name"))
        return draft

    def _sections(self, found: dict[str, Node], draft: Draft) -> None:
        parameters, roles = ParameterReader(self.fields), RoleReader(self.fields)
        if "parameters" in found:
            for name, node in self.fields.entries(found["parameters"], keys.PARAMETER):
                draft.parameters[name] = parameters.read(name, node)
        if "messages" in found:
            for name, node in self.fields.entries(found["messages"], keys.MESSAGE):
                draft.messages[name] = self.elements.message(name, node)
        if "roles" in found:
            for name, node in self.fields.entries(found["roles"], keys.ROLE):
                draft.roles[name] = roles.read(name, node)
        if "links" in found:
            for name, node in self.fields.entries(found["links"], keys.LINK):
                draft.links[name] = self.elements.link(name, node)
        if "assumptions" in found:
            self.elements.assumptions(found["assumptions"], draft)
        if "properties" in found:
            for name, node in self.fields.entries(found["properties"], keys.PROPERTY):
                draft.properties[name] = self.elements.property(name, node)

    def _name(self, node: Node) -> Name:
        if isinstance(node, Scalar) and node.text.strip():
            return self.fields.identifier(node, "a protocol")
        self.fields.wrong(node, "name", "a name")
        return Name("", node.span)

    def _version(self, node: Node) -> bool:
        value = value_of(node)
        if value == VERSION and is_whole(value):
            return True
        if is_whole(value):
            message = f"format version {value} is not known here; this protoflow reads version {VERSION}"
            self.findings.add("PF002", message, node.span)
        else:
            self.fields.wrong(node, "protoflow", f"the format version, `{VERSION}`")
        return False

    def _extends(self, node: Node | None) -> list[Name]:
        if node is None:
            return []
        found: list[Name] = []
        for item in node.items if isinstance(node, Sequence) else [node]:
            value = value_of(item)
            if isinstance(value, str) and value.strip():
                found.append(Name(value.strip(), item.span))
            else:
                self.fields.wrong(item, "extends", "a shipped protocol's name, a path, or a list of them")
        if isinstance(node, Sequence) and not node.items:
            self.fields.wrong(node, "extends", "a shipped protocol's name, a path, or a list of them")
        return self.fields.once(found, "in `extends`")
