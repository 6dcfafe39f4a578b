"""Random small protocols: all features of the language mixed, from a seed.

Three kinds. `course` strings together phases that real courses have (joining, a round of requests and replies,
talk between peers, a helper's service, an end) and makes a random choice wherever the language offers one, so that many
are nearly right; `hierarchy` is one with edges between server and clients. `wild` fills tables at random. All are valid
(no PF0xx); most have findings, which is the point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.protocol import (
    Assumptions,
    Name,
    Protocol,
)
from tests.naive.generate_course import CourseDrafting
from tests.naive.generate_wild import WildDrafting

if TYPE_CHECKING:
    from tests.naive.drafting import Draft


class Generator(CourseDrafting, WildDrafting):
    """A protocol of one of the three kinds."""

    def generate(self) -> Protocol:
        kind = self.rng.choice((self.course, self.course, self.course, self.wild, self.wild, self.hierarchy))
        roles = kind()
        built = {role.name: role.build() for role in roles}
        return Protocol(
            Name(f"generated_{self.seed}"),
            self.messages,
            {Name(name): role for name, role in built.items()},
            self.parameters,
            self.links,
            self.assumptions(roles),
            self.properties,
        )

    def assumptions(self, roles: list[Draft]) -> Assumptions:
        crashes = {role.name: 1 for role in roles if self.chance(0.3 if role.name == "client" else 0.08)}
        return Assumptions(
            fifo=not self.chance(0.15),
            crashes={Name(name): number for name, number in crashes.items()},
            early_timeouts=self.rng.choice((0, 1, 1, 1)),
            loss=int(self.chance(0.1)),
            duplicates=int(self.chance(0.1)),
        )


def generate(seed: int) -> Protocol:
    return Generator(seed).generate()
