"""Which findings count: the codes that are looked at, and those that are left out.

A code may be given by its beginning: `PF1` is all of the structure, `PF` all that there is. Errors in the file itself
always count, as nothing is known of a protocol that cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.diagnostics import CODES, Severity
from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL = "PF"


@dataclass(frozen=True, slots=True)
class Selection:
    """`select` and `ignore` are beginnings of codes; a code counts when it is in the one and not in the other."""

    select: tuple[str, ...] = (ALL,)
    ignore: tuple[str, ...] = ()

    @classmethod
    def of(cls, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Selection:
        """Raises UsageError for what begins no code, and for leaving out errors of the file."""
        select, ignore = tuple(select) or (ALL,), tuple(ignore)
        for code in (*select, *ignore):
            if not any(known.startswith(code) for known in CODES) or not code.startswith(ALL):
                from protoflow.language.suggest import nearest

                near = nearest(code, CODES)
                said = f"`{code}` is not a code of findings, nor the beginning of one"
                raise UsageError(f"{said}; {f'`{near}` is' if near else '`protoflow explain` lists them'}")
        for code in ignore:
            if any(_is_of_the_file(known) and known.startswith(code) for known in CODES):
                raise UsageError(f"`{code}` cannot be left out: what cannot be read cannot be checked")
        return cls(select, ignore)

    def __contains__(self, code: str) -> bool:
        return _is_of_the_file(code) or (code.startswith(self.select) and not code.startswith(self.ignore))


def _is_of_the_file(code: str) -> bool:
    return code.startswith("PF0") and CODES[code].severity is Severity.ERROR
