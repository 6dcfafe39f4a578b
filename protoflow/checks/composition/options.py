"""What a check is asked to do: sizes, assumptions in place of the file's, and how much it may spend."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protoflow.program import Program, RoleProgram
    from protoflow.protocol import Assumptions

Range = tuple[int, int]
"""Least and greatest number of participants, both included."""


@dataclass(frozen=True)
class Options:
    """`everyone` sets the sizes of every role with a range, `sizes` those of the roles named; else all that `count`
    allows are covered. The assumptions are the file's where they are None. `seconds` and `configurations` bound the
    search; `progress` is called now and then with the number of configurations seen.
    """

    everyone: Range | None = None
    sizes: Mapping[str, Range] = field(default_factory=dict)
    crashes: Mapping[str, int] | None = None
    early_timeouts: int | None = None
    fifo: bool | None = None
    loss: int | None = None
    duplicates: int | None = None
    seconds: float = 10.0
    configurations: int = 200_000
    cache: bool = True
    progress: Callable[[int], None] | None = field(default=None, compare=False, repr=False)

    def assumptions(self, program: Program) -> Assumptions:
        written = program.protocol.assumptions
        for role in self.crashes or {}:
            if role not in program.roles:
                raise UsageError(f"`{role}` is not a role of `{program.protocol.name}`, so it cannot crash")
        return replace(
            written,
            fifo=written.fifo if self.fifo is None else self.fifo,
            crashes=written.crashes if self.crashes is None else dict(self.crashes),
            early_timeouts=written.early_timeouts if self.early_timeouts is None else self.early_timeouts,
            loss=written.loss if self.loss is None else self.loss,
            duplicates=written.duplicates if self.duplicates is None else self.duplicates,
        )

    def asked(self, role: RoleProgram) -> Range | None:
        """The sizes of this role that are asked for; None: all that its `count` allows."""
        if role.name in self.sizes:
            asked: Range | None = self.sizes[role.name]
        else:
            asked = None if role.single else self.everyone
        if asked is not None and not role.minimum <= asked[0] <= asked[1] <= (role.maximum or asked[1]):
            allowed = f"{role.minimum}.." if role.maximum is None else span((role.minimum, role.maximum))
            raise UsageError(f"`{role.name}` has a count of {allowed}: {span(asked)} of it cannot be checked")
        return asked

    def check_roles(self, program: Program) -> None:
        for name in self.sizes:
            if name not in program.roles:
                raise UsageError(f"`{name}` is not a role of `{program.protocol.name}`")


def span(sizes: Range) -> str:
    """`3`, or `1..8`."""
    return str(sizes[0]) if sizes[0] == sizes[1] else f"{sizes[0]}..{sizes[1]}"
