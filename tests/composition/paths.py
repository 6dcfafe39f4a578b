"""Is a trace a path of the checker? With unlimited budgets every run of an engine must be one.

The checker's own steps are taken, every participant apart, one for each step of the trace. What a trace does not show
is kept open: which event that holds fires next. A lost message vanishes when it is sent, as in the engine; the checker
lets it go when it could be delivered, which makes no difference to anybody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.checks.composition.concrete import Run
from protoflow.checks.composition.configuration import RAISED, SHIFT, STATE, Work
from protoflow.checks.composition.domain import Exact
from protoflow.checks.composition.explore import is_complete
from protoflow.checks.composition.initial import Cast
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.steps import Label, Steps
from protoflow.trace import End, Header, Outcome, Step, StepKind
from tests.naive.paths import NotAPathError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protoflow.program import Program
    from protoflow.trace import Record

UNLIMITED = 1_000_000


def follow(program: Program, records: Iterable[Record]) -> None:
    """Raises NotAPathError at the first step that the checker does not have there, or where the end is another."""
    header, *rest = records
    assert isinstance(header, Header)
    path = _Path(program, header)
    for number, step in enumerate(record for record in rest if isinstance(record, Step)):
        path.take(number, step)
    for record in rest:
        if isinstance(record, End) and record.outcome in ("complete", "stuck"):
            complete = any(is_complete(path.steps, work) for work in path.possible)
            if complete is not (record.outcome == "complete"):
                raise NotAPathError(f"the end is not {record.outcome}: {record.states}")


class _Path:
    def __init__(self, program: Program, header: Header) -> None:
        assumptions = replace(
            program.protocol.assumptions,
            crashes=dict.fromkeys(program.roles, UNLIMITED),
            loss=0,
            duplicates=0,
        )
        self.model = Model(program, assumptions)
        sizes = {role.index: header.participants[role.name] for role in self.model.roles}
        cast = Cast(self.model, sizes, star=self.model.star, named=True)
        self.names = cast.names()
        self.steps = Steps(self.model, Exact(), len(cast.columns))
        self.possible = [work for work in cast.configurations() if self._is(work, cast, header)]
        assert self.possible

    def _is(self, work: Work, cast: Cast, header: Header) -> bool:
        """The parameters and links of the run."""
        run = Run(self.model, cast, self.steps, work)
        links = {name: {who: ids for who, ids in each.items() if ids} for name, each in run.relations.items()}
        wanted = {name: {who: ids for who, ids in header.links[name].items() if ids} for name in links}
        return run.bools.items() <= header.parameters.items() and links == wanted

    def take(self, number: int, step: Step) -> None:
        who = self.names.index(step.receiver)
        if step.kind is StepKind.START and step.outcome is Outcome.NOTHING and not self._starts(who):
            return  # they have started from the beginning
        if step.kind is StepKind.LOSE:
            for work in self.possible:
                self._lose(work, self.names.index(str(step.sender)), who, self.model.message_index[str(step.message)])
            return
        after: dict[object, Work] = {}
        others: set[str] = set()
        for work in self.possible:
            work.sent = ()
            for label, new in self._ways(work, who):
                if self._shown(work, label, new) != shown(step):
                    others.add(str(self._shown(work, label, new)))
                elif label.outcome is Outcome.UNHANDLED:
                    self.possible = []
                    return
                else:
                    after[new.globals, tuple(new.entries)] = new
        if not after:
            texts = "\n  ".join(sorted(others))
            raise NotAPathError(f"step {number} is not possible here:\n  {shown(step)}\npossible:\n  {texts}")
        self.possible = list(after.values())

    def _starts(self, who: int) -> bool:
        return any(self.model.roles[work.entries[who][0]].on_start for work in self.possible)

    def _lose(self, work: Work, sender: int, receiver: int, message: int) -> None:
        """Take the last message of that kind out of its channel: the one that was sent by the step before."""
        channel, *tags = self.steps.pair(work, sender, receiver)
        last = max(place for place, each in enumerate(channel) if each >> SHIFT == message)
        self.steps.put(work, sender, receiver, ((*channel[:last], *channel[last + 1 :]), *tags))

    def _ways(self, work: Work, who: int) -> Iterator[tuple[Label, Work]]:
        yield from self.steps.of_one(work, who)
        yield from self.steps.elapses_of(work, who, early=False)

    def _shown(self, work: Work, label: Label, new: Work) -> tuple[object, ...]:
        """The label as a step of a trace, as far as engine and checker must agree."""
        model, names = self.model, self.names
        role = model.roles[label.role]
        message = sender = None
        trigger: str | None = None
        if label.sender >= 0:
            trigger = message = model.messages[label.trigger] if label.trigger >= 0 else "lost"
            sender = names[label.sender]
        elif label.trigger >= 0:
            trigger = role.event_names[label.trigger]
        elif label.kind is StepKind.START:
            trigger = "start"
        waiting = work.entries[label.actor][RAISED]
        if label.kind is StepKind.RAISED and not label.outside:
            waiting = waiting[1:]
        sends = {model.messages[sent[0]]: tuple(sorted(names[to] for to in sent[1])) for sent in new.sent}
        after = new.entries[label.actor][STATE] if label.outcome is not Outcome.UNHANDLED else label.state
        found = Step(label.kind, names[label.actor], trigger, message, sender)
        if label.kind in (StepKind.CRASH, StepKind.ELAPSE, StepKind.LOSE):
            return shown(found)
        return (
            *shown(found)[:4],
            role.states[label.state],
            role.states[after],
            label.outcome,
            model.rows[label.row].row.index if label.row >= 0 else None,
            tuple(sends.items()),
            tuple(role.event_names[event] for event in new.entries[label.actor][RAISED][len(waiting) :]),
        )
