"""Reading a protocol from a file, a shipped protocol's name or a text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.errors import ProtocolError, UsageError
from protoflow.language import scalars
from protoflow.language.extends import Bases
from protoflow.language.findings import Findings, TooManyFindingsError
from protoflow.language.library import display, near, shipped
from protoflow.language.limits import MAX_FINDINGS
from protoflow.language.merge import merge
from protoflow.language.parameters import override
from protoflow.language.resolve import resolve
from protoflow.language.source import Source
from protoflow.language.suggest import clip, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.diagnostics import Diagnostic
    from protoflow.language.silences import Silence
    from protoflow.protocol import Protocol, Value


@dataclass(frozen=True)
class Reading:
    """What came of reading one protocol.

    `protocol` is None where there are errors; `diagnostics` has all of them, in the order of places. `parameters` has a
    value for each parameter, `sources` the text of every file that was read (bases too) by the name it is shown under.
    """

    file: str
    protocol: Protocol | None
    parameters: dict[str, Value]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    silences: tuple[Silence, ...]


def read(source: str | Path, overrides: Mapping[str, object] | None = None) -> Reading:
    """Read a protocol from a path or by a shipped protocol's name.

    `overrides` are values for parameters, as text (`--set`) or as Python values. Raises UsageError for a path that is
    not there, an unknown name, or an override that does not fit.
    """
    path, file = _locate(source)
    bases = Bases(Findings())
    return _read(bases.load(path, file), file, path, bases, overrides or {})


def read_text(text: str, file: str, overrides: Mapping[str, object] | None = None, path: Path | None = None) -> Reading:
    """Read a protocol from a text, shown as `file`.

    Bases named by a path are found as from a file at `path`, which need not be there; left out, from the working
    directory.
    """
    return _read(Source(file, text), file, path, Bases(Findings()), overrides or {})


def changed(reading: Reading, text: str) -> Reading:
    """What would be read if the file had this text instead, with the same values of the parameters."""
    path = Path(reading.file)
    return _read(Source(reading.file, text), reading.file, path, Bases(Findings()), reading.parameters)


def load(source: str | Path, /, **parameters: object) -> Protocol:
    """The protocol in a file or of a shipped name; `parameters` take the place of its parameters' defaults.

    Raises ProtocolError, with all findings, where the file has errors, and UsageError as `read` does.
    """
    reading = read(source, parameters)
    if reading.protocol is None:
        raise ProtocolError(reading.diagnostics)
    return with_values(reading.protocol, reading.parameters)


def with_values(protocol: Protocol, values: Mapping[str, Value]) -> Protocol:
    """The protocol with these values as its parameters' defaults."""
    changed = {name: replace(each, default=values[name]) for name, each in protocol.parameters.items()}
    return replace(protocol, parameters=changed)


def _locate(source: str | Path) -> tuple[Path, str]:
    name = str(source)
    library = shipped()
    if isinstance(source, str) and name in library:
        return library[name], display(library[name])
    path = Path(source)
    try:
        if path.is_dir():
            raise UsageError(f"`{name}` is a folder, not a protocol file")
        if path.exists():
            return path, name if isinstance(source, str) else path.as_posix()
    except (OSError, ValueError) as error:
        raise UsageError(f"`{clip(name, 80)}` is not a path that can be read: {error}") from error
    meant = near(name)
    hint = f"; `{clip(meant, 80)}` is" if meant else ""
    if scalars.is_name(name):
        hint = hint or (f" (shipped are {quoted(library)})" if library else "")
        raise UsageError(f"`{clip(name)}` is neither a file nor a shipped protocol{hint}")
    raise UsageError(f"`{clip(name, 80)}` is not there{hint}")


def _read(
    source: Source | None, file: str, path: Path | None, bases: Bases, overrides: Mapping[str, object]
) -> Reading:
    findings = bases.findings
    protocol, least = None, {}
    notes: tuple[str, ...] = ()
    try:
        if source is not None and bases.read(source, path) is not None:
            draft, removals = merge(bases.drafts, findings)
            protocol, names = resolve(draft, removals, findings, complete=bases.complete)
            least = names.least
    except TooManyFindingsError:
        notes = (f"there may be more: reading stopped at {MAX_FINDINGS} findings",)
        protocol = None
    values: dict[str, Value] = {}
    if protocol is not None:
        values = override(protocol.parameters, overrides)
        for name, lowest in least.items():
            value = values[name]
            if isinstance(value, int) and value < lowest:
                raise UsageError(f"parameter `{name}` is {value}, and the protocol needs at least {lowest}")
    found = findings.sorted()
    if notes:
        found = (*found[:-1], replace(found[-1], notes=(*found[-1].notes, *notes)))
    sources = {name: each.text for name, each in bases.sources.items()}
    return Reading(file, protocol, values, found, sources, tuple(bases.silences))
