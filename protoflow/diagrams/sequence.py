"""The sequence chart of a run: a counterexample of the checker, or the trace of a real run.

An arrow is drawn when its message is sent and remembers the line on which it is taken; a message that is taken at once
and changes no state has no line of its own for that, nor has a start for which there is no row.

Participants of one role that did and met the same throughout are one lifeline (`client[1..3,5]`): it shows the first
of them, and what others did with the rest is left out unless they sent somebody else something for it. Long runs show
their beginning and end only (`window`).

Where a message is of an old round (a reply to another request than the last, or a request that another one has
followed meanwhile), all that are counted by rounds are called by theirs, on their arrows and where they are taken.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from protoflow.diagrams.chart import Arrow, Chart, Event, Lifeline, Note, Round
from protoflow.diagrams.model import WINDOW
from protoflow.diagrams.rounds import Rounds, mixed
from protoflow.diagrams.window import windowed
from protoflow.diagrams.words import clean
from protoflow.errors import UsageError
from protoflow.trace import Outcome, Step, StepKind, roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protoflow.diagrams.rounds import Answers
    from protoflow.trace import SentMessage

_STRETCHES = 12
"""What the name of a lifeline lists of many participants who are alike."""


def chart(
    steps: Sequence[Step],
    participants: Mapping[str, int],
    *,
    title: str = "",
    verdict: tuple[str, str] | None = None,
    answers: Answers | None = None,
    initial: Mapping[str, str] | None = None,
    loop: int | None = None,
    window: int | None = WINDOW,
    most: int | None = None,
    less: bool = False,
) -> Chart:
    """The chart of a run. `less`: without times, and without what changes no state and needs no mark.

    `participants` is role -> number, `initial` role -> the state of those that no step moves, `answers` the messages
    whose rounds are shown (see `rounds.answered`), `loop` the step (from 0) from which on the run is repeated for ever,
    `window` how many events are shown at most (None: all), `most` how many lifelines of a role.
    Raises UsageError: a step of somebody who takes no part.
    """
    answers, roles = answers or {}, roles_of(participants, steps)
    lifelines, left_out = _limited(_folded(steps, roles, initial or {}), roles, steps, most)
    if less:
        steps = [replace(step, time=None) for step in steps]
    rounds = Rounds(answers, roles, named=mixed(steps, answers, roles))
    events = _Events(lifelines, rounds, less).of(steps, loop)
    return Chart(
        title=title,
        description=f"{len(steps)} steps of {', '.join(line.name for line in lifelines)}.",
        lifelines=lifelines,
        events=windowed(events, window),
        verdict=verdict,
        left_out=left_out,
    )


def _limited(
    lifelines: tuple[Lifeline, ...], roles: Mapping[str, str], steps: Sequence[Step], most: int | None
) -> tuple[tuple[Lifeline, ...], tuple[str, ...]]:
    """At most so many lifelines of each role, those to whom something unusual happened before others; and the rest."""
    usual = {Outcome.HANDLED, Outcome.NOTHING, None}
    unusual = {each.receiver for each in steps if each.kind is StepKind.CRASH or each.outcome not in usual}
    by_role: dict[str, list[Lifeline]] = defaultdict(list)
    for line in lifelines:
        by_role[roles[line.members[0]]].append(line)
    kept: set[str] = set()
    for lines in by_role.values():
        first = sorted(lines, key=lambda line: unusual.isdisjoint(line.members))
        kept.update(line.name for line in first[:most])
    shown = {who for line in lifelines if line.name in kept for who in line.members}
    rest: dict[str, list[str]] = defaultdict(list)
    for who, role in roles.items():
        if who not in shown:
            rest[role].append(who)
    left_out = tuple(_range(role, who) for role, who in rest.items())
    return tuple(line for line in lifelines if line.name in kept), left_out


def _folded(steps: Sequence[Step], roles: Mapping[str, str], initial: Mapping[str, str]) -> tuple[Lifeline, ...]:
    """The lifelines in order of declaration; participants of one role that are alike share one."""
    histories: dict[str, list[object]] = defaultdict(list)
    states: dict[str, str] = {}
    for step in steps:
        told = (step.kind, step.trigger, step.message, step.state_before, step.state_after, step.outcome, step.early)
        histories[step.receiver].append((*told, roles.get(step.sender or ""), [sent.message for sent in step.sends]))
        if step.sender is not None:
            changed = step.state_before != step.state_after
            histories[step.sender].append((step.kind, step.receiver, step.message, step.outcome, changed))
        for sent in step.sends:
            for receiver in sent.to:
                histories[receiver].append((sent.message, roles.get(step.receiver)))
        state = step.state_after or step.state_before
        if state is not None:
            states[step.receiver] = state
    strangers = sorted(set(histories).difference(roles))
    if strangers:
        raise UsageError(f"the run has steps of `{strangers[0]}`, who is not one of its participants")
    alike: dict[tuple[str, str], list[str]] = {}
    for who, role in roles.items():
        history = repr(histories[who]) if who in histories else ""
        alike.setdefault((role, history), []).append(who)
    return tuple(
        Lifeline(_range(role, who), tuple(who), states.get(who[0], initial.get(role, "")))
        for (role, _), who in alike.items()
    )


def _range(role: str, members: Sequence[str]) -> str:
    """`server`, `client2`, `client[1..3,5]`; of very many stretches the first, and how many these are in all."""
    if len(members) == 1:
        return members[0]
    numbers = [int(who.removeprefix(role)) for who in members]
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [str(run[0]) if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs[:_STRETCHES]]
    if len(runs) > _STRETCHES:
        parts.append(f"... {len(members):,} in all")
    return f"{role}[{','.join(parts)}]"


@dataclass(slots=True)
class _Events:
    """Turns steps into events. `channels` holds, per channel, the places of arrows that nothing has taken yet, with
    their rounds.
    """

    lifelines: tuple[Lifeline, ...]
    rounds: Rounds
    less: bool
    events: list[Event] = field(default_factory=list)
    channels: dict[tuple[str, str, str], list[tuple[int, int | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    begun: set[tuple[str, int]] = field(default_factory=set)
    crashed: set[str] = field(default_factory=set)
    number: int = -1  # of the step that is being turned

    def of(self, steps: Sequence[Step], loop: int | None) -> list[Event]:
        where = {who: place for place, line in enumerate(self.lifelines) for who in line.members}
        shown = {line.members[0] for line in self.lifelines}
        elapsed: Step | None = None
        for self.number, step in enumerate(steps):
            if self.number == loop:
                self.events.append(Round("again and again", step.time, self.number))
            if step.kind is StepKind.ELAPSE and step.receiver in shown:
                if elapsed is not None:
                    self._note(where, elapsed, f"{elapsed.trigger} elapses{_early(elapsed)}", "timer")
                elapsed = step
                continue
            fires = elapsed is not None and (step.kind, step.receiver, step.trigger) == (
                StepKind.FIRE,
                elapsed.receiver,
                elapsed.trigger,
            )
            if elapsed is not None and not fires:
                self._note(where, elapsed, f"{elapsed.trigger} elapses{_early(elapsed)}", "timer")
            self._step(where, shown, step, elapsed if fires else None)
            elapsed = None
        if elapsed is not None:
            self._note(where, elapsed, f"{elapsed.trigger} elapses{_early(elapsed)}", "timer")
        return self.events

    def _step(self, where: Mapping[str, int], shown: set[str], step: Step, elapsed: Step | None) -> None:
        if step.receiver not in shown:
            return
        sends = [(sent, [who for who in sent.to if who in shown]) for sent in step.sends]
        hidden = step.sender is not None and step.sender not in shown
        if hidden and not any(to for _, to in sends) and step.state_before == step.state_after:
            return
        if step.kind is StepKind.CRASH:
            self._crash(step.receiver)
        what = self.rounds.name(step.message, step.receiver, step.round) if step.message else step.trigger or ""
        text, mark = _said(step, elapsed, what, stale=self.rounds.stale(step))
        arrow = self._take(step)
        if step.kind is StepKind.LOSE or (step.kind is StepKind.START and step.outcome is Outcome.NOTHING):
            return
        at_once = arrow is not None and arrow == len(self.events) - 1 and not mark
        if step.state_before != step.state_after or not (at_once or (self.less and not mark)):
            if arrow is not None and arrow != len(self.events) - 1:
                taken = self.events[arrow]
                assert isinstance(taken, Arrow)
                self.events[arrow] = replace(taken, taken=len(self.events))
            self._note(where, step, text, mark)
        for sent, receivers in sends:
            self._send(where, step, sent, receivers)

    def _note(self, where: Mapping[str, int], step: Step, text: str, mark: str) -> None:
        self.events.append(Note(where[step.receiver], clean(text), mark, step.time, self.number))

    def _send(self, where: Mapping[str, int], step: Step, sent: SentMessage, receivers: Iterable[str]) -> None:
        who = step.receiver
        self.rounds.sent(step, sent)
        if self.rounds.asks(sent) and sent.round is not None and (sent.message, sent.round) not in self.begun:
            self.begun.add((sent.message, sent.round))
            self.events.append(Round(f"round {sent.round} of {sent.message}", step.time, self.number))
        for receiver in receivers:
            self.channels[who, receiver, sent.message].append((len(self.events), sent.round))
            lost = receiver in self.crashed
            text = self.rounds.name(sent.message, receiver, sent.round)
            arrow = Arrow(where[who], where[receiver], text, lost, time=step.time, step=self.number)
            self.events.append(arrow)

    def _crash(self, who: str) -> None:
        """What is under way to it vanishes, and so does all that is sent to it later."""
        self.crashed.add(who)
        for (_, receiver, _), waiting in self.channels.items():
            for arrow, _ in waiting if receiver == who else ():
                sent = self.events[arrow]
                assert isinstance(sent, Arrow)
                if sent.ends < 0:  # else it came, and only a copy of it vanishes
                    self.events[arrow] = replace(sent, lost=True, ends=self.number)

    def _take(self, step: Step) -> int | None:
        """The place of the arrow that the step takes from its channel; one that the network loses is marked so."""
        if step.message is None or step.sender is None:
            return None
        waiting = self.channels[step.sender, step.receiver, step.message]
        if not waiting:
            return None
        taken = next((each for each in waiting if each[1] == step.round), waiting[0])
        if step.kind is not StepKind.DUPLICATE:
            waiting.remove(taken)
        arrow = taken[0]
        sent = self.events[arrow]
        assert isinstance(sent, Arrow)
        self.events[arrow] = replace(sent, lost=sent.lost or step.kind is StepKind.LOSE, ends=self.number)
        return arrow


def _said(step: Step, elapsed: Step | None, what: str, *, stale: bool) -> tuple[str, str]:
    """(words, mark) of a step. `what` it takes, which may be a `stale` reply."""
    where = step.state_before
    match step.outcome:
        case Outcome.UNHANDLED:
            return f"{what} is not handled in {where}", "bad"
        case Outcome.LATE:
            return f"{what} comes late, in {where}: dropped", "dropped"
        case Outcome.IGNORED:
            return f"{what} is ignored in {where}", "dropped"
        case Outcome.STALE:
            return f"{what} is stale: dropped", "dropped"
    if stale:
        what = f"{what} is taken, stale"
    if step.kind is StepKind.CRASH:
        return "crashes", "crash"
    if step.kind is StepKind.START:
        what = "start"
    if step.trigger == "lost":
        what = f"{step.sender} is lost"
    if step.kind is StepKind.DUPLICATE:
        what = f"{what}, and a copy stays"
    if step.state_after is not None and step.state_after != where:
        what = f"{what}{_early(elapsed)}: {where} -> {step.state_after}"
    else:
        what = f"{what}{_early(elapsed)}"
    return what, "bad" if stale else "timer" if elapsed is not None else ""


def _early(elapsed: Step | None) -> str:
    return ", early" if elapsed is not None and elapsed.early else ""


def text(
    steps: Sequence[Step],
    participants: Mapping[str, int],
    *,
    standing: bool = False,
    answers: Answers | None = None,
    initial: Mapping[str, str] | None = None,
    loop: int | None = None,
    window: int | None = WINDOW,
) -> list[str]:
    """The chart in lines of text. `standing` adds a last line: the state in which each participant is then.

    Rounds are shown where they matter: where something is of an old one.
    """
    from protoflow.diagrams import sequence_text

    shown = answers if answers and mixed(steps, answers, roles_of(participants, steps)) else None
    drawn = chart(steps, participants, answers=shown, initial=initial, loop=loop, window=window)
    return sequence_text.lines(drawn, standing=standing)
