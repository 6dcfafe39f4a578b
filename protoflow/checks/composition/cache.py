"""Results kept in the user's cache folder, so that an unchanged protocol need not be searched again.

The key is everything that a result depends on: the whole protocol with its places, the parameters, the options and the
version. Results are JSON; one that cannot be read is as if it were not there. Nothing that goes wrong here is an error.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from dataclasses import asdict, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protoflow import __version__, trace
from protoflow.checks.composition.verdict import Verdict
from protoflow.diagnostics import Diagnostic, Edit, Help, Label, Span
from protoflow.errors import UsageError
from protoflow.protocol import Name

if TYPE_CHECKING:
    from protoflow.checks.composition.options import Options
    from protoflow.program import Program

KEPT = 2_000
"""Results in the folder; the oldest half goes when there are more."""

Result = tuple[list[Diagnostic], Verdict]


def folder() -> Path:
    """Where results are: below XDG_CACHE_HOME, or what the system has in its place."""
    root = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else None)
    if root:
        base = Path(root)
    elif sys.platform == "darwin":
        base = Path("~/Library/Caches").expanduser()
    else:
        base = Path("~/.cache").expanduser()
    return base / "protoflow" / "composition"


def key(program: Program, options: Options) -> str:
    """SHA-256 (hex) of all that the result depends on."""
    text = hashlib.sha256()
    asked = replace(options, progress=None, cache=True)  # what changes no result
    for part in _parts((_version(), program.protocol, dict(program.parameters), asked)):
        text.update(part.encode(errors="backslashreplace"))
        text.update(b"\0")
    return text.hexdigest()


def _version() -> tuple[object, ...]:
    """The version, and when and how long the files are that decide the result: a checkout changes without a version."""
    code = Path(__file__).parent
    files = (code.parents[1] / "program.py", *sorted(code.glob("*.py")))
    return __version__, *((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)


def _parts(value: object) -> Any:
    """A text for every piece of a value, places included."""
    if isinstance(value, Name):
        yield str(value)
        yield from _parts(value.span)
    elif isinstance(value, Enum):
        yield value.name
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, dict):
        for name in value:
            yield from _parts(name)
            yield from _parts(value[name])
        yield "}"
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _parts(item)
        yield ")"
    else:
        yield repr(value)


def load(name: str) -> Result | None:
    try:
        data = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
        return [_read(found) for found in data["findings"]], Verdict(**data["verdict"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UsageError):
        return None


def save(name: str, result: Result) -> None:
    found, verdict = result
    data = {"verdict": asdict(verdict), "findings": [_written(diagnostic) for diagnostic in found]}
    with contextlib.suppress(OSError):
        place = folder()
        place.mkdir(parents=True, exist_ok=True)
        new = place / f"{name}.{os.getpid()}.new"
        new.write_text(json.dumps(data), encoding="utf-8")
        new.replace(place / f"{name}.json")
        _tidy(place)


def _tidy(place: Path) -> None:
    results = list(place.glob("*.json"))
    if len(results) > KEPT:
        for old in sorted(results, key=lambda path: path.stat().st_mtime)[: KEPT // 2]:
            old.unlink(missing_ok=True)


def _written(diagnostic: Diagnostic) -> dict[str, Any]:
    data = {
        field.name: getattr(diagnostic, field.name)
        for field in fields(Diagnostic)
        if field.name not in ("span", "related", "help", "subject", "trace")
    }
    return {
        **data,
        "span": asdict(diagnostic.span),
        "related": [asdict(label) for label in diagnostic.related],
        "help": asdict(diagnostic.help) if diagnostic.help else None,
        "subject": sorted(diagnostic.subject),
        "trace": [trace.encode(step) for step in diagnostic.trace],
    }


def _read(data: dict[str, Any]) -> Diagnostic:
    steps = [trace.decode(line) for line in data["trace"]]
    return Diagnostic(
        **{
            **data,
            "span": Span(**data["span"]),
            "related": tuple(Label(Span(**label["span"]), label["text"]) for label in data["related"]),
            "notes": tuple(data["notes"]),
            "help": _help(data["help"]),
            "subject": frozenset((kind, name) for kind, name in data["subject"]),
            "trace": tuple(step for step in steps if isinstance(step, trace.Step)),
            "links": {
                link: {who: tuple(ids) for who, ids in relation.items()} for link, relation in data["links"].items()
            },
        }
    )


def _help(data: dict[str, Any] | None) -> Help | None:
    if data is None:
        return None
    span = Span(**data["span"]) if data["span"] else None
    more = tuple(Edit(Span(**edit["span"]), edit["replacement"]) for edit in data["more"])
    return Help(**{**data, "span": span, "more": more, "otherwise": _help(data["otherwise"])})
