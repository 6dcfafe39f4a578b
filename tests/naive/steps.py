"""The steps of a small course, one by one, straight from `semantics.md`.

Part of the naive explorer, the independent truth that the composition checker is compared with. So it shares nothing
with it but the compiled tables, and is as plain as it can be: participants have names, channels are lists.

A *move* is one step of the semantics with one outcome. Moves that must be possible (`must`) keep time from passing, and
are ways on for PF202 and PF203. An event raised from outside is a way on too (where somebody can raise it, the course
is not stuck), but time passes all the same, as nobody need ever raise it. Rounds are numbers while a step is taken;
`canonical` then keeps only whether a number is that of the open round, which is all that anything can ask.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from protoflow.program import GuardKind, Row
from protoflow.protocol import LOST, START
from protoflow.trace import Outcome, Step, StepKind
from tests.naive.configuration import DEAD, Budgets, Config, Local, Message, Move, get, put
from tests.naive.rows import Rows, shown_round

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Course(Rows):
    """The steps of one course: given participants, links and values of the bool parameters."""

    def local(self, config: Config, i: str) -> Local:
        return config.locals[self.index[i]]

    def initial(self) -> Config:
        a = self.assumptions
        crashes = tuple(sorted((str(role), number) for role, number in a.crashes.items() if number))
        return Config(
            tuple(
                Local(table.initial, started=not table.rows(table.initial, START))
                for table in map(self.table, self.ids)
            ),
            (),
            Budgets(crashes, a.early_timeouts, a.loss, a.duplicates),
        )

    # --- configurations -----------------------------------------------------------------------------------------

    def update(
        self, config: Config, i: str, local: Local, outgoing: Iterable[tuple[str, Message]] = (), **budgets: Any
    ) -> Config:
        """`i` is now `local`, after a step of its own, and has sent `outgoing`; what is sent to the dead vanishes."""
        at = self.index[i]
        local = local._replace(passed=False)
        channels = config.channels
        for j, message in outgoing:
            if self.local(config, j).alive:
                channels = put(channels, (i, j), (*get(channels, (i, j), ()), message))
        locals_ = (*config.locals[:at], local, *config.locals[at + 1 :])
        return self.canonical(Config(locals_, channels, config.budgets._replace(**budgets)))

    def without(self, config: Config, channel: tuple[str, str], place: int) -> Config:
        messages = get(config.channels, channel)
        rest = messages[:place] + messages[place + 1 :]
        return config._replace(channels=put(config.channels, channel, rest or None))

    def canonical(self, config: Config) -> Config:
        """Rounds become 1 (the open one) and 0 (any other); unordered channels are sorted, with `lost` last."""
        if not self.canonical_rounds or (self.assumptions.fifo and not self.has_rounds):
            return config
        number = {
            (i, request): opened[0]
            for i, local in zip(self.ids, config.locals, strict=True)
            for request, opened in local.open
        }

        def bit(requester: str, request: str | None, value: int | None) -> int | None:
            return None if value is None else int(value == number.get((requester, str(request))))

        locals_ = tuple(
            local._replace(
                open=tuple((request, (1, everyone)) for request, (_, everyone) in local.open),
                last=tuple((key, 1) for key, value in local.last if bit(*key, value)),
            )
            if local.open or local.last
            else local
            for local in config.locals
        )
        channels = []
        for (i, j), messages in config.channels:
            answered = self.table(j).request_of
            renamed = tuple(
                Message(m.type, bit(i, m.type, m.asks), bit(j, answered.get(m.type), m.answers)) for m in messages
            )
            channels.append(((i, j), renamed if self.assumptions.fifo else tuple(sorted(renamed, key=_unordered))))
        return Config(locals_, tuple(channels), config.budgets)

    def complete(self, config: Config) -> bool:
        return all(
            not local.alive or (local.started and local.state in self.table(i).finals)
            for i, local in zip(self.ids, config.locals, strict=True)
        )

    # --- steps --------------------------------------------------------------------------------------------------

    def moves(self, config: Config) -> list[Move]:
        """Every step but the elapsing of timers."""
        return [move for i in self.ids for move in self.moves_of(config, i)]

    def moves_and_time(self, config: Config) -> list[Move]:
        """Every step; whether this is in a circle, where timers elapse too, is not for one configuration to say."""
        moves = self.moves(config)
        early = [*self.elapse(config, early=True)]
        if any(move.must for move in moves):
            return moves + early
        hesitate = any(self.hesitates(config, i) for i in self.ids)  # one may fire later, if others are early
        return [*moves, *self.elapse(config, early=False), *(early if hesitate else [])]

    def moves_of(self, config: Config, i: str) -> list[Move]:
        """Every step at `i` but the elapsing of timers."""
        local = self.local(config, i)
        if not local.alive:
            return []
        found: list[Move] = []
        if not local.started:
            found += self.start(config, i, local)
        elif local.raised:
            found += self.raised(config, i, local, local.raised[0], queued=True)
        else:
            fires, certain = self.fire(config, i, local)
            found += [] if local.passed else fires
            if not certain:
                found += self.deliver(config, i, local)
            for event in self.table(i).outside_in[local.state]:
                found += self.raised(config, i, local, event, queued=False)
        found += self.crash(config, i)
        found += self.lose(config, i)
        return found

    def start(self, config: Config, i: str, local: Local) -> Iterator[Move]:
        local = local._replace(started=True)
        for row in self.choices(i, local, self.table(i).rows(local.state, START)):
            if row is None:
                step = Step(
                    StepKind.START, i, START, state_before=local.state, state_after=local.state, outcome=Outcome.NOTHING
                )
                yield Move(step, self.update(config, i, local), must=True)
            else:
                yield from self.take(config, i, local, row, Step(StepKind.START, i, START), must=True)

    def raised(self, config: Config, i: str, local: Local, event: str, queued: bool) -> Iterator[Move]:
        """A raised event that waits, or one that comes from outside."""
        if queued:
            local = local._replace(raised=local.raised[1:])
        step = Step(StepKind.RAISED, i, event)
        for row in self.choices(i, local, self.table(i).rows(local.state, event)):
            if row is None:
                failed = replace(step, state_before=local.state, state_after=local.state, outcome=Outcome.UNHANDLED)
                finding = ("PF201", self.role_of[i], local.state, event)
                yield Move(failed, None, queued, finding=finding, outside=not queued)
            else:
                for move in self.take(config, i, local, row, step, must=queued):
                    yield move._replace(outside=not queued)

    def fire(self, config: Config, i: str, local: Local) -> tuple[list[Move], bool]:
        """The events that hold, in order, and whether it is certain that one of them fires."""
        found: list[tuple[str, Row]] = []
        certain = False
        for event in self.table(i).events_in[local.state]:
            if self.holds(i, local, event):
                chosen = self.choices(i, local, self.table(i).rows(local.state, event))
                found += [(event, row) for row in chosen if row is not None]
                if None not in chosen:
                    certain = True
                    break
        moves: list[Move] = []
        for event, row in found:
            if event in self.table(i).windows:
                emptied = local._replace(windows=put(local.windows, event, None))
            else:
                emptied = local._replace(timers=put(local.timers, event, "fired"))
            step = Step(StepKind.FIRE, i, event)
            moves += self.take(config, i, emptied, row, step, must=certain, before=local)
        return moves, certain

    def deliver(self, config: Config, i: str, local: Local) -> Iterator[Move]:
        for (sender, receiver), messages in config.channels:
            if receiver != i:
                continue
            waiting = [n for n, m in enumerate(messages) if m.type not in self.table(i).deferred[local.state]]
            if self.assumptions.fifo or all(messages[n].type == LOST for n in waiting):
                waiting = waiting[:1]
            else:
                waiting = [n for n in waiting if messages[n].type != LOST]
                waiting = [n for n in waiting if messages[n] not in messages[:n]]  # equal ones: once
            for place in waiting:
                message, channel = messages[place], (sender, i)
                yield from self.handle(self.without(config, channel, place), i, local, message, channel)
                if message.type != LOST and config.budgets.duplicates > 0:
                    left = config.budgets.duplicates - 1
                    again = config._replace(budgets=config.budgets._replace(duplicates=left))
                    yield from self.handle(again, i, local, message, channel, duplicate=True)

    def handle(
        self, config: Config, i: str, local: Local, message: Message, channel: tuple[str, str], duplicate: bool = False
    ) -> Iterator[Move]:
        """`i` takes `message`, which has left the channel (or, a duplicate, stays in it)."""
        table, state, sender = self.table(i), local.state, channel[0]
        role, must = self.role_of[i], not duplicate
        taken = None if duplicate else channel
        step = Step(
            StepKind.DUPLICATE if duplicate else StepKind.DELIVER,
            i,
            message.type,
            message=message.type,
            sender=sender,
            round=shown_round([message]),
        )
        dropped = replace(step, state_before=state, state_after=state)
        if message.type in table.ignored[state]:
            yield Move(replace(dropped, outcome=Outcome.IGNORED), self.update(config, i, local), must, taken)
            return
        if message.type == LOST:
            local = local._replace(lost=local.lost | {sender})
        fresh = self.fresh(i, local, message)
        stale = message.type in table.request_of and not fresh
        for row in self.choices(i, local, table.rows(state, message.type), fresh):
            if row is None and message.type == LOST:
                step_ = replace(dropped, outcome=Outcome.NOTHING)
                yield Move(step_, self.update(config, i, local), must, taken)
            elif row is None and stale:
                yield Move(replace(dropped, outcome=Outcome.STALE), self.update(config, i, local), must, taken)
            elif row is None and state in table.finals:
                finding = ("PF205", role, state, message.type)
                yield Move(replace(dropped, outcome=Outcome.LATE), self.update(config, i, local), must, taken, finding)
            elif row is None:
                finding = ("PF201", role, state, message.type)
                yield Move(replace(dropped, outcome=Outcome.UNHANDLED), None, must, taken, finding)
            else:
                unsaid = stale and not any(guard.kind is GuardKind.FRESH for guard in row.guards)
                finding_ = ("PF209", role, str(row.index), message.type) if unsaid else None
                after = self.count(i, local, message, sender)
                if message.asks is not None:
                    after = after._replace(last=put(after.last, (sender, message.type), message.asks))
                yield from self.take(config, i, after, row, step, must, sender, takes=taken, finding=finding_)

    def take(
        self,
        config: Config,
        i: str,
        local: Local,
        row: Row,
        step: Step,
        must: bool,
        sender: str | None = None,
        before: Local | None = None,
        takes: tuple[str, str] | None = None,
        finding: tuple[str, ...] | None = None,
    ) -> Iterator[Move]:
        for after, outgoing, sent, raises in self.perform(i, local, row, sender, before or local):
            done = replace(
                step,
                state_before=local.state,
                state_after=after.state,
                outcome=Outcome.HANDLED,
                row=row.index,
                sends=sent,
                raises=raises,
            )
            yield Move(done, self.update(config, i, after, outgoing), must, takes, finding)

    def crash(self, config: Config, i: str) -> Iterator[Move]:
        """It stops; what was sent to it vanishes; `lost` follows what it has sent to those who watch."""
        role = self.role_of[i]
        left = get(config.budgets.crashes, role, 0)
        if left == 0:
            return
        channels = tuple(pair for pair in config.channels if pair[0][1] != i)
        after = self.update(
            config._replace(channels=channels),
            i,
            DEAD,
            [(j, Message(LOST)) for j in self.ids if j != i and self.watches(j, i)],
            crashes=put(config.budgets.crashes, role, left - 1),
        )
        yield Move(Step(StepKind.CRASH, i, state_before=self.local(config, i).state), after, must=False)

    def watches(self, j: str, i: str) -> bool:
        """Whether `j` is told when `i` is gone: a peer that it can send to or receive from."""
        a, b = self.role_of[j], self.role_of[i]
        peers = any(
            (a in m.senders and b in m.receivers) or (b in m.senders and a in m.receivers)
            for m in self.program.protocol.messages.values()
        )
        return bool(self.table(j).watches_lost) and peers

    def lose(self, config: Config, i: str) -> Iterator[Move]:
        if config.budgets.loss <= 0:
            return
        for channel, messages in config.channels:
            if channel[1] == i:
                for place, message in enumerate(messages):
                    if message.type != LOST:
                        after = self.without(config, channel, place)
                        after = after._replace(budgets=after.budgets._replace(loss=after.budgets.loss - 1))
                        step = Step(StepKind.LOSE, i, message.type, message=message.type, sender=channel[0])
                        yield Move(step, self.canonical(after), must=False, takes=channel)

    def elapse(self, config: Config, early: bool) -> Iterator[Move]:
        """In one state the shorter timer elapses first, each once per entry; what is urgent is done before. That is why
        an event that has not fired when time passes waits for the next step of its participant: its conditions fail.
        """
        if early and config.budgets.early <= 0:
            return
        spent = {"early": config.budgets.early - 1} if early else {}
        before = config if early else self.time_passes(config)
        for i, local in zip(self.ids, config.locals, strict=True):
            if not local.alive or not local.started or local.raised or self.fire(config, i, local)[1]:
                continue
            timers = self.table(i).timers_in[local.state]
            timer = next((timer for timer in timers if get(local.timers, timer.event) is None), None)
            if timer is not None:
                after = local._replace(timers=put(local.timers, timer.event, "holds"))
                step = Step(
                    StepKind.ELAPSE, i, timer.event, state_before=local.state, state_after=local.state, early=early
                )
                yield Move(step, self.update(before, i, after, **spent), must=not early)

    def time_passes(self, config: Config) -> Config:
        locals_ = [
            local._replace(passed=True) if self.hesitates(config, i) else local
            for i, local in zip(self.ids, config.locals, strict=True)
        ]
        return config._replace(locals=tuple(locals_))

    def hesitates(self, config: Config, i: str) -> bool:
        """Whether it could fire an event now, and might as well not."""
        local = self.local(config, i)
        if not local.alive or not local.started or local.raised or local.passed:
            return False
        fires, certain = self.fire(config, i, local)
        return bool(fires) and not certain


def _unordered(message: Message) -> tuple[bool, str, int, int]:
    return (message.type == LOST, message.type, -1 if message.asks is None else message.asks, message.answers or 0)
