"""`[tool.protoflow]` of a project's pyproject.toml: what `protoflow validate` does when the command line says nothing.

The nearest pyproject.toml that has the table counts, looked for from the working directory upwards. Keys:

    paths = ["protocols"]         what to validate, from where that file is
    select = ["PF"]               codes that count, or beginnings of codes
    ignore = ["PF105"]            codes that do not
    strict = true                 warnings fail too
    handlers = true               the Python classes are checked too, which imports them

    [tool.protoflow.assumptions]  in place of the files' own; `crashes` for roles that a protocol has
    crashes = {client = 1}
    channels = "any"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FILE = "pyproject.toml"
TABLE = "[tool.protoflow]"
ASSUMPTIONS = "[tool.protoflow.assumptions]"
CHANNELS = ("fifo", "any")


@dataclass(frozen=True, slots=True)
class Configuration:
    """`file` None: there is none. `paths` are as they can be opened from here. Assumptions not given are None."""

    file: Path | None = None
    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    handlers: bool = False
    crashes: Mapping[str, int] | None = None
    channels: str | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    """`early_timeouts`, `loss` and `duplicates`."""

    def sources(self, named: Sequence[str]) -> Sequence[str]:
        """Those that were named, else `paths`. Raises UsageError where there are neither, or `paths` lead nowhere."""
        if named:
            return named
        if self.file is None or not self.paths:
            raise UsageError(f"nothing is named: name a protocol, or give `paths` in {TABLE} of {FILE}")
        from protoflow.language.library import near

        for path in self.paths:
            if not Path(path).exists():
                meant = near(path)
                hint = f"; `{meant}` is" if meant else ""
                raise UsageError(f"{_shown(self.file)}: `paths` of {TABLE} names `{path}`, which is not there{hint}")
        return self.paths


def find(start: Path) -> Configuration:
    """The configuration that holds in a folder. Raises UsageError where it is not as it should be."""
    for folder in (start, *start.parents):
        file = folder / FILE
        if file.is_file() and (table := _table(file)) is not None:
            return _Reader(_shown(file)).read(file, table)
    return Configuration()


def _table(file: Path) -> Any:
    try:
        with file.open("rb") as stream:
            tool = tomllib.load(stream).get("tool")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{_shown(file)} is not TOML: {error}") from None
    return tool.get("protoflow") if isinstance(tool, dict) else None


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


class _Reader:
    """Takes values out of the table, each of its type; says which key is wrong, and where."""

    def __init__(self, file: str) -> None:
        self.file = file

    def read(self, file: Path, table: Any) -> Configuration:
        self._keys(table, TABLE, ("paths", "select", "ignore", "strict", "handlers", "assumptions"))
        assumed = table.get("assumptions", {})
        numbers = ("early_timeouts", "loss", "duplicates")
        self._keys(assumed, ASSUMPTIONS, ("crashes", "channels", *numbers))
        channels = assumed.get("channels")
        if channels is not None and channels not in CHANNELS:
            self._wrong(ASSUMPTIONS, "channels", '"fifo" or "any"', channels)
        crashes = assumed.get("crashes")
        if crashes is not None:
            self._mapping(crashes, f"`crashes` of {ASSUMPTIONS}")
            crashes = {role: self._number(f"{ASSUMPTIONS}, `crashes`", role, crashes) for role in crashes}
        return Configuration(
            file=file,
            paths=tuple(_shown(file.parent / path) for path in self._texts(table, "paths")),
            select=self._codes(table, "select"),
            ignore=self._codes(table, "ignore"),
            strict=self._flag(table, "strict"),
            handlers=self._flag(table, "handlers"),
            crashes=crashes,
            channels=channels,
            numbers={name: self._number(ASSUMPTIONS, name, assumed) for name in numbers if name in assumed},
        )

    def _mapping(self, value: Any, what: str) -> None:
        if not isinstance(value, dict):
            raise UsageError(f"{self.file}: {what} is a table, not {value!r}")

    def _keys(self, table: Any, name: str, known: Iterable[str]) -> None:
        from protoflow.language.suggest import nearest, quoted

        self._mapping(table, name)
        for key in table:
            if key not in known:
                near = nearest(key, known)
                there = f"; `{near}` is" if near else f"; there are {quoted(known)}"
                raise UsageError(f"{self.file}: `{key}` is not a key of {name}{there}")

    def _texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._wrong(TABLE, key, "a list of texts", value)
        return tuple(value)

    def _codes(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        from protoflow.checks.selection import Selection

        codes = self._texts(table, key)
        try:
            Selection.of(**{key: codes})
        except UsageError as error:
            raise UsageError(f"{self.file}: `{key}` of {TABLE}: {error}") from None
        return codes

    def _flag(self, table: Mapping[str, Any], key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            self._wrong(TABLE, key, "true or false", value)
        return value

    def _number(self, name: str, key: str, table: Mapping[str, Any]) -> int:
        value = table[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._wrong(name, key, "a whole number", value)
        return int(value)

    def _wrong(self, name: str, key: str, expected: str, value: object) -> NoReturn:
        raise UsageError(f"{self.file}: `{key}` of {name} is {expected}, not {value!r}")
