"""Finding the bases of a protocol: every file it starts from, each once, bases before what extends them.

A base is named by the name of a shipped protocol or by a path relative to the file that names it. Where two bases start
from the same third one, that one is merged once, at its first place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.diagnostics import Help, Label, Span
from protoflow.language import scalars
from protoflow.language.document import read_document
from protoflow.language.library import display, shipped
from protoflow.language.limits import MAX_BASES, MAX_BYTES
from protoflow.language.source import Source
from protoflow.language.suggest import clip, nearest, quoted

if TYPE_CHECKING:
    from protoflow.language.draft import Draft
    from protoflow.language.findings import Findings
    from protoflow.language.silences import Silence
    from protoflow.protocol import Name


@dataclass(slots=True)
class _Visit:
    """A file that is being read, and the word that led to it (None for the first)."""

    path: Path
    named: Name | None


class Bases:
    """Reads a file and all its bases."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.sources: dict[str, Source] = {}
        self.drafts: list[Draft] = []
        self.silences: list[Silence] = []
        self._done: set[Path] = set()
        self._open: list[_Visit] = []
        self.complete = True

    def load(self, path: Path, file: str) -> Source | None:
        """The text of a file, shown as `file`; None, with PF001, where it cannot be read as UTF-8 text."""
        start = Span(file, 1, 1, 1, 1)
        try:
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            self.findings.add("PF001", f"this file cannot be read: {error.strerror or error}", start)
            return None
        if len(data) > MAX_BYTES:
            self.findings.add("PF001", f"this file is larger than {MAX_BYTES >> 20} MiB", start)
            return None
        try:
            source = Source(file, data.decode("utf-8"))
        except UnicodeDecodeError as error:
            source = Source(file, data.decode("utf-8", errors="replace"))
            offset = source.text.find("\N{REPLACEMENT CHARACTER}")
            message = f"this file is not UTF-8 text: byte 0x{data[error.start]:02x} stands here"
            self.findings.add("PF001", message, source.span(offset, offset + 1))
            self.sources[file] = source
            return None
        self.sources[file] = source
        return source

    def read(self, source: Source, path: Path | None) -> Draft | None:
        """The draft of `source`; `drafts` then has it and its bases in the order of merging.

        `path` is where the file lies; None for a text that lies nowhere, whose paths are relative to the working
        directory. `complete` is False where a base is missing, so that names may be declared there.
        """
        self.sources[source.file] = source
        draft, silences = read_document(source, self.findings)
        self.silences += silences
        if draft is None:
            self.complete = False
            return None
        here = path if path is not None else Path.cwd() / "-"
        self._open.append(_Visit(here.resolve(), None if not self._open else self._open[-1].named))
        for base in draft.extends:
            self._base(base, here, source)
        self._open.pop()
        self.drafts.append(draft)
        return draft

    def _base(self, base: Name, here: Path, source: Source) -> None:
        assert base.span is not None
        path = self._locate(base, here)
        if path is None:
            self.complete = False
            return
        resolved = path.resolve()
        if any(visit.path == resolved for visit in self._open):
            self.complete = False
            self._circle(base, resolved)
            return
        if resolved in self._done:
            return
        if len(self._done) == MAX_BASES:
            self.complete = False
            self.findings.add("PF005", f"this protocol starts from more than {MAX_BASES} others", base.span)
            return
        self._done.add(resolved)
        file = display(resolved) if scalars.is_name(base) else _beside(source.file, path, here)
        found = self.load(path, file)
        if found is None:
            self.complete = False
            return
        self._open[-1].named = base
        self.read(found, path)

    def _locate(self, base: Name, here: Path) -> Path | None:
        assert base.span is not None
        if scalars.is_name(base):
            library = shipped()
            if base in library:
                return library[base]
            near = nearest(base, library)
            beside = here.parent / f"{base}.yaml"
            message = f"`{clip(base)}` is not a shipped protocol" + (f"; `{near}` is" if near else "")
            help = Help(f"write `{near}`", base.span, near) if near else None
            if _is_file(beside):
                help = Help("a file beside this one is named by its path", base.span, f"./{base}.yaml")
            notes = () if near else (f"shipped are {quoted(library)}",)
            self.findings.add("PF005", message, base.span, notes=notes, help=help)
            return None
        path = here.parent / base
        if _is_file(path):
            return path
        label = "looked for from the folder of this file"
        self.findings.add("PF005", f"there is no file `{clip(base, 60)}`", base.span, label=label)
        return None

    def _circle(self, base: Name, resolved: Path) -> None:
        assert base.span is not None
        start = next(i for i, visit in enumerate(self._open) if visit.path == resolved)
        way = [visit.named for visit in self._open[start:-1]]
        related = [
            Label(name.span, "which it starts from") for name in way if name is not None and name.span is not None
        ]
        itself = "itself" if not related else "a protocol that starts from this one"
        self.findings.add(
            "PF005", f"`extends` goes round in a circle: `{clip(base, 60)}` is {itself}", base.span, related=related
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def _beside(file: str, path: Path, here: Path) -> str:
    """How a base found by its path is shown: relative like the file that names it."""
    if Path(file).is_absolute() or not file.endswith((".yaml", ".yml")):
        return display(path.resolve())
    import os.path

    return Path(os.path.normpath(Path(file).parent / os.path.relpath(path, here.parent))).as_posix()
