"""The check of one protocol: prove for every N what can be proved, explore the rest, and show what is found.

In a star: a glance at the two smallest sizes, then the abstraction (k = 0, or the next that finishes: where one client
has its turn at a time, k = 0 takes it for many). Clean: proved. Each alarm is looked for exactly, smallest size first;
what is found is searched again, unreduced, for its shortest run. What is not found is put to the abstraction with the
next k; what is then left is inconclusive, a warning. PF203 is proved where every run ends, else looked for exactly at
each size; PF204 is proved by the tables (`growth`), or by an abstraction in which no channel grows. Other shapes are
explored exactly, at small sizes.

Numbers that only say how often rows are taken (`rounds`) are unknown to the abstraction, so its proof holds whatever
they are; the exact search lowers them, for a short run (`lowering`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from protoflow.checks.composition import sizes as numbers
from protoflow.checks.composition.analyses import Alarm, Looking, Used, alarms, going_on, used
from protoflow.checks.composition.concrete import follow, go_round
from protoflow.checks.composition.domain import Exact
from protoflow.checks.composition.explore import Budget, OutOfBudgetError, goes_round
from protoflow.checks.composition.findings import about, finding, inconclusive, one_each_cause, unused
from protoflow.checks.composition.growth import unstopped
from protoflow.checks.composition.lowering import lowered
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.proof import LEVELS, coarsest, prove, stays_bounded
from protoflow.checks.composition.pumping import CAP, find_growth
from protoflow.checks.composition.search import search
from protoflow.checks.composition.shortfall import shortfall
from protoflow.checks.composition.tables import TIMES_KEPT, Times
from protoflow.checks.composition.unused import never_used
from protoflow.checks.composition.verdict import CODES, WARNINGS, Reach, Verdict, weakest
from protoflow.program import Program, compile_protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.checks.composition.options import Options
    from protoflow.checks.composition.sizes import Sizes
    from protoflow.diagnostics import Diagnostic

SEARCHED = ("PF201", "PF202", "PF203", "PF205", "PF206", "PF209")
"""Codes that the exact searches decide, where no proof does."""

GLANCE = 2
"""Sizes that are looked at before anything is proved."""

HURRY = 20
"""The part (1/n) of what is left of the budget that anything more gets for a course that is known to fail."""

PATIENCE = 1 / 8
PATIENCE_UNPROVED = 1 / 2
"""The part of the budget after which no further size is begun that nobody asked for: in other shapes than stars, and
in a star that the proof has failed on.
"""

SHORTEST = (1 / 6, 30_000)
"""The part of the seconds, and the configurations, of the search for shortest runs; those found with reduction are
shown otherwise.
"""


def check(program: Program, options: Options) -> tuple[list[Diagnostic], Verdict]:
    """Findings PF2xx and the verdict. Raises UsageError where the options make no sense for this protocol."""
    options.check_roles(program)
    return _Check(program, options).run()


class _Check:
    def __init__(self, program: Program, options: Options) -> None:
        self.program = program
        self.options = options
        self.model = Model(program, options.assumptions(program))
        values = {**program.parameters, **lowered(program)}
        self.changed = {name: value for name, value in values.items() if program.parameters[name] != value}
        self.low = Model(compile_protocol(program.protocol, values), self.model.assumptions)
        self.sizes = numbers.to_explore(self.model, options)
        self.asked = any(options.asked(role.program) is not None for role in self.model.roles)
        self.budget = Budget(options.seconds, options.configurations, options.progress)
        self.cap: int | None = None
        self.found: dict[Alarm, Diagnostic] = {}
        self.failed: dict[str, Sizes] = {}  # code -> the smallest size that shows it
        self.reaches: dict[str, Reach] = {}
        self.used: set[Used] = set()
        self.covered: list[Sizes] = []
        self.explored = self.proof = 0  # configurations of the exact searches, and of the abstraction
        self.terminates: str | None = None
        self.goes_round = False
        self.in_time = False  # whether a proof that did not finish had time left
        self.condition = ""  # what the exact searches depend on

    @property
    def errors(self) -> bool:
        return any(alarm.code not in WARNINGS for alarm in self.found)

    def run(self) -> tuple[list[Diagnostic], Verdict]:
        extra: list[Diagnostic] = []
        finished = True
        try:
            self._growth()
            if self.model.star and not self.asked:
                extra += self._every_size()
            else:
                self._exact()
            if self.changed and not self.errors and not set(SEARCHED) <= {*self.reaches, *self.failed}:
                self._as_written()
        except OutOfBudgetError:
            finished = False
            extra.append(self._ran_out())
        self._conclude(finished)
        if finished and not self.errors:
            sizes = self.sizes[:GLANCE]
            never = never_used(self.model, self.low.program, self.used, sizes, self.cap, self.budget)
            left = list(unused(self.model, never))
            if left:
                self.reaches["PF207"] = Reach("failed", self.reaches["PF207"].sizes)
            extra += left
        reach = weakest(self.reaches, self.failed)
        short = reach.status == "checked" and not self.asked and not numbers.all_are(self.model, self.covered)
        verdict = Verdict(
            status=reach.status,
            holds_for=reach.sizes,
            by_code={code: str(self.reaches[code]) for code in CODES},
            configurations=self.proof if reach.status == "proved" and self.proof else self.explored,
            terminates=self.terminates if reach.status in ("proved", "checked") else None,
            shortfall=self._shortfall() if short else "",
        )
        found = [*one_each_cause(self.found, self.low), *extra]
        return sorted(found, key=lambda diagnostic: diagnostic.sort_key), verdict

    # -- exactly ---------------------------------------------------------------------------------------------------

    def _exact(self, sizes: list[Sizes] | None = None, wanted: set[Alarm] | None = None) -> None:
        """Look for alarms at each size; stop early once all that are wanted have been found.

        A course that is known to fail gets little more time: what else is wrong can be seen when that is mended. And
        sizes that nobody asked for are not begun when the first ones have taken long.
        """
        hurry: Budget | None = None
        for size in self.sizes if sizes is None else sizes:
            if size in self.covered:
                continue
            enough = wanted is not None and wanted <= set(self.found)
            patience = PATIENCE_UNPROVED if self.model.star else PATIENCE
            tired = not self.asked and len(self.covered) >= GLANCE and self.budget.spent > patience
            if enough or (tired and wanted is None):
                return
            if hurry is None and self.errors:
                hurry = self.budget.part(HURRY)
            elif hurry is None and not self.asked and len(self.covered) >= GLANCE:
                hurry = self.budget.part(2)
            try:
                self._look(self.low, self.changed, size, hurry or self.budget)
            except OutOfBudgetError:
                if hurry is None:
                    raise
                return
            self.covered.append(size)

    def _as_written(self) -> None:
        """The sizes that have been explored, once more without lowering anything; as far as the time goes."""
        budget = self.budget.part(4)
        try:
            for size in self.covered:
                self._look(self.model, {}, size, budget)
        except OutOfBudgetError:
            self.condition = " with " + ", ".join(f"{name} = {value}" for name, value in self.changed.items())

    def _look(self, model: Model, changed: Mapping[str, object], size: Sizes, budget: Budget) -> None:
        """Explore one size, and make a finding of each alarm that is new, with the shortest run of this size."""
        graph, _, cast = search(model, size, Exact(), budget, cap=self.cap)
        self.explored += len(graph)
        self.used |= used(graph, model)
        self.goes_round |= goes_round(graph)
        if graph.capped and "PF204" not in self.failed:
            self.reaches["PF204"] = Reach("inconclusive", numbers.these(model, [size]))
        places = {alarm: (place, graph) for alarm, place in alarms(graph, model).items() if alarm not in self.found}
        if not places:
            return
        looking = None if any(alarm.code == "PF203" for alarm in places) else Looking(model, places)
        try:
            share, configurations = SHORTEST
            short = self.budget.limited(share * self.options.seconds, configurations)
            whole, _, _ = search(model, size, Exact(), short, reduced=False, cap=self.cap, looking=looking)
            nearest = {alarm: place for alarm, place in alarms(whole, model).items() if alarm not in self.found}
            if looking is not None:  # a search that was ended early does not know what leads to no end
                nearest = {alarm: place for alarm, place in nearest.items() if alarm.code != "PF203"}
            places |= {alarm: (place, whole) for alarm, place in nearest.items()}
        except OutOfBudgetError:
            pass
        for alarm, (place, where) in places.items():
            run = follow(where, place, model, cast)
            if alarm.code == "PF203":
                go_round(where, place, run)
            found = finding(alarm, model, run, changed)
            if alarm.code == "PF203":
                found = replace(found, notes=(f"what goes on: {', '.join(going_on(where, place.node, model))}",))
            self.found[alarm] = found
            self.failed.setdefault(alarm.code, size)

    def _growth(self) -> None:
        """PF204: by the tables for every N, or else by looking for a channel that grows in the smallest courses."""
        if not unstopped(self.model, self.budget.look):
            self.reaches["PF204"] = Reach("proved", numbers.every(self.model))
            return
        if self.model.star and not self.asked and stays_bounded(self._unknown, self.budget.part(4)):
            self.reaches["PF204"] = Reach("proved", numbers.every(self.model))
            return
        self.cap = CAP
        looked: list[Sizes] = []
        enough = len(self.sizes) if self.asked else min(GLANCE, len(self.sizes))
        for size in self.sizes:
            if len(looked) >= enough and self.budget.spent > PATIENCE / 2:
                break
            try:
                graph, _, cast = search(self.low, size, Exact(), self.budget.part(4), reduced=False, cap=CAP)
            except OutOfBudgetError:
                break
            for alarm, run in find_growth(graph, self.low, cast):
                if alarm not in self.found:
                    self.found[alarm] = finding(alarm, self.low, run, self.changed)
                    self.failed.setdefault(alarm.code, size)
            if "PF204" in self.failed:
                return
            if graph.capped:
                self.reaches["PF204"] = Reach("inconclusive", numbers.these(self.model, looked) if looked else "")
                return
            looked.append(size)
        seen = numbers.these(self.model, looked) if looked else ""
        self.reaches["PF204"] = Reach("checked" if len(looked) >= enough else "inconclusive", seen)

    # -- every N ---------------------------------------------------------------------------------------------------

    def _every_size(self) -> list[Diagnostic]:
        self._exact(self.sizes[:GLANCE])
        model = self._unknown
        share = self._share()
        proof = coarsest(model, share)
        if proof is None:
            self.in_time = share.spent < 1
            self._exact()
            return []
        self.proof = proof.configurations
        self.used |= proof.used
        left, ends = proof.alarms - set(self.found), proof.ends
        if left or not ends:
            self._exact(wanted=left | set(self.found) if ends else None)
            left -= set(self.found)
        if left and self.changed and not self.errors:
            self._as_written()
            left -= set(self.found)
        all_sizes = numbers.all_are(self.model, self.covered)
        for level in range(proof.level + 1, LEVELS):
            again = prove(model, level, self._share()) if left and not self.errors and not all_sizes else None
            if again is None:
                break
            left &= again.alarms
        every = numbers.every(self.model) + _counting_little(self.model)
        alarmed = {*self.failed, *(alarm.code for alarm in left)}
        for code in {"PF201", "PF202", "PF205", "PF206", "PF209"} - alarmed:
            self.reaches[code] = Reach("proved", every)
        if ends and not {"PF202", "PF203"} & alarmed:
            self.reaches["PF203"] = Reach("proved", every)
            self.terminates = "always"
        if all_sizes:  # what the proof leaves open has been searched
            return []
        explored = numbers.these(self.model, self.covered)
        for alarm in left:
            self.reaches[alarm.code] = Reach("inconclusive", numbers.these(self.model, self.covered[-1:]))
        if not left or self.errors:
            return []
        what = "; ".join(sorted({about(alarm, self.model) for alarm in left}))
        return [
            inconclusive(
                self.model,
                f"not known for every number of participants: {what}",
                f"it does not happen for {explored}, but the proof for every N could not rule it out",
                f"explore larger numbers, such as `--clients {numbers.larger(self.model)}`, or make the course simpler",
            )
        ]

    @cached_property
    def _unknown(self) -> Model:
        """The model that a proof is of: it holds whatever the numbers are that `times` names."""
        return Model(self.program, self.model.assumptions, Times.UNKNOWN)

    def _share(self) -> Budget:
        """What an abstraction gets of the budget."""
        return self.budget.part(HURRY if self.errors else 4)

    # -- what it comes to ------------------------------------------------------------------------------------------

    def _conclude(self, finished: bool) -> None:
        covered = numbers.these(self.model, self.covered) if self.covered else ""
        if not finished:
            rest = Reach("inconclusive", numbers.these(self.model, self.covered[-1:]) if self.covered else "")
        elif not self.asked and numbers.all_are(self.model, self.covered):
            rest = Reach("checked" if self.condition else "proved", covered + self.condition)
        else:
            rest = Reach("checked", covered + self.condition)
        for code in CODES:
            if code in self.failed:
                self.reaches[code] = Reach("failed", numbers.these(self.model, [self.failed[code]]))
            self.reaches.setdefault(code, rest)
        self.reaches["PF207"] = Reach("skipped", "") if self.errors else self.reaches["PF201"]
        if self.terminates is None and not self.errors and finished:
            self.terminates = "under fairness" if self.goes_round else "always"

    def _shortfall(self) -> str:
        return shortfall(
            self.model,
            self.options,
            self.reaches,
            (self.covered, self.sizes),
            proved=self.proof > 0,
            in_time=self.in_time,
        )

    def _ran_out(self) -> Diagnostic:
        covered = numbers.these(self.model, self.covered) if self.covered else "no size"
        fewer = numbers.fewer(self.model, self.sizes)
        return inconclusive(
            self.model,
            f"not decided: the check took longer than its budget of {self.options.seconds:g} s",
            f"explored completely: {covered}",
            "give it more time, with `--budget 60s` say" + (f", or explore less: `--clients {fewer}`" if fewer else ""),
        )


def _counting_little(model: Model) -> str:
    """What a proof says about `times` in roles with many participants, which it counts up to a small number only."""
    roles = [role.name for role in numbers.many(model) if any(times > TIMES_KEPT for _, times in role.slots.values())]
    names = " and ".join(f"`{name}`" for name in roles)
    return f" with `times` of {names} counted up to {TIMES_KEPT}" if roles else ""
