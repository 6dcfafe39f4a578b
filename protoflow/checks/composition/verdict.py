"""How far the result of a check reaches, code by code and in one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.checks.composition.sizes import Sizes

CODES = ("PF201", "PF202", "PF203", "PF204", "PF205", "PF206", "PF207", "PF209")
"""What is decided for each protocol, in order."""

WARNINGS = frozenset({"PF205", "PF207", "PF209"})
"""Codes that, found, do not make the course fail."""

STRENGTH = ("failed", "inconclusive", "checked", "proved")
"""Weakest first."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known about one code: a status, and for which numbers of participants ("fails at" of a failed one)."""

    status: str
    sizes: str

    def __str__(self) -> str:
        match self.status:
            case "proved":
                return f"proved for {self.sizes}"
            case "checked":
                return f"checked for {self.sizes}"
            case "failed":
                return f"fails at {self.sizes}"
            case "skipped":
                return "not looked for, as the course fails"
            case _:
                return f"inconclusive beyond {self.sizes}" if self.sizes else "inconclusive"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for a whole protocol: the weakest of its codes.

    `status`: proved, checked, failed or inconclusive. `holds_for`: the numbers of participants that it holds for, such
    as `every N ≥ 1` or `N = 1..8`; where it failed, the smallest that fails. `by_code`: the same of each code, in
    words. `configurations`: how many the search that decided it saw. `terminates`: `always`, `under fairness`, or None
    where that is not known. `shortfall`: of what is checked for some numbers only, why it is not proved for every one,
    and what to try; else empty.
    """

    status: str
    holds_for: str
    by_code: Mapping[str, str]
    configurations: int
    terminates: str | None = None
    shortfall: str = ""

    @property
    def line(self) -> str:
        """`proved for every N ≥ 1 (33 configurations), terminates always`."""
        text = str(Reach(self.status, self.holds_for))
        if self.status == "failed":
            return text
        counted = f"{self.configurations:,} configuration{'' if self.configurations == 1 else 's'}"
        ends = f", terminates {self.terminates}" if self.terminates else ""
        return f"{text} ({counted}){ends}"


def weakest(reaches: Mapping[str, Reach], failed: Mapping[str, Sizes]) -> Reach:
    """The one that the whole verdict is: warnings that were found do not count, nor what is never used. Of several that
    `failed`, the one that does with the fewest participants.
    """
    ordered = sorted(reaches.items(), key=lambda each: sum(failed.get(each[0], ())))
    deciding = [
        reach for code, reach in ordered if code != "PF207" and not (code in WARNINGS and reach.status == "failed")
    ]
    return min(deciding, key=lambda reach: STRENGTH.index(reach.status), default=Reach("proved", ""))
