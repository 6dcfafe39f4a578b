"""The Promela process of one role's participants: a loop with one option per step that the role can take."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from protoflow.exports.promela_rows import Rows
from protoflow.exports.promela_text import FALSE, TRUE, conj, disj, negate
from protoflow.protocol import LOST, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.program import Row


class Process(Rows):
    """The steps of semantics.md; `me` is the participant that takes them."""

    def write(self) -> None:
        for event in dict.fromkeys(event for events in self.table.events_in.values() for event in events):
            self.out.line(f"#define {self.holds(event)} ({self.condition(event)})")
        if self.certain_events != FALSE:
            self.out.comment("an event holds and is certain to fire: nothing else is done before")
            self.out.line(f"#define URGENT_{self.role} ({self.certain_events})")
        self.out.comment(f"{self.role}: {self.table.role.summary}".removesuffix(": "))
        self.out.line(f"proctype {self.names.process(self.role)}(byte me) {{")
        with self.out.indented():
            self.out.line("do")
            self.out.line(":: over || cut -> break")
            for head, lines in self.steps():
                self.out.line(f":: atomic {{ {head}")
                with self.out.indented():
                    for line in lines:
                        self.out.line(line)
                self.out.line("}")
            self.out.line("od")
        self.out.line("}")
        self.out.line()

    def steps(self) -> Iterator[tuple[str, list[str]]]:
        """Each step: what it begins with, and what it does."""
        start = self.choose(self.table.rows(self.table.initial, START), "skip")
        yield "RUNS(me) && !started[me] -> /* start */", ["started[me] = 1;", *start]
        yield from self.raised()
        yield from self.fire()
        yield from self.deliver()
        yield from self.elapse()
        yield from self.crash()
        yield from self.lose()

    # --- steps --------------------------------------------------------------------------------------------------

    def raised(self) -> Iterator[tuple[str, list[str]]]:
        for event in self.names.raised_events(self.table):
            cases = {state: self.choose(rows, "UNHANDLED") for state, rows in self.rows_by_state(event)}
            waits = f"RUNS(me) && started[me] && raised[me] ? [e_{event}] -> /* raised: {event} */"
            yield waits, [f"raised[me] ? e_{event};", *self.by_state(cases, "UNHANDLED")]
        for state, events in self.table.outside_in.items():
            for event in events:
                head = conj([self.ready, "(AWAKE || timeout)", self.at(state)])
                rows = self.choose(self.table.rows(state, event), "UNHANDLED")
                yield f"{head} -> /* {event}, from outside */", ["asleep = 0;", *rows]

    def fire(self) -> Iterator[tuple[str, list[str]]]:
        """Each row of each event of each state: it may be the first to hold, and no earlier event is certain."""
        for state, events in self.table.events_in.items():
            earlier: list[str] = []
            for event in events:
                rows = self.table.rows(state, event)
                certain = self.certain(rows)
                urgent = f"URGENT_{self.role}" if self.certain_events != FALSE else FALSE
                need = TRUE if certain == TRUE else disj(["AWAKE", urgent])
                for place, row in enumerate(rows):
                    may = self.first(rows, place)
                    if may != FALSE:
                        head = conj([self.ready, self.at(state), self.holds(event), *earlier, may, need])
                        yield f"{head} -> /* {event} fires in {state} */", self.fired(event, row)
                earlier.append(negate(conj([self.holds(event), certain])))

    def fired(self, event: str, row: Row) -> list[str]:
        if event in self.table.windows:
            reset = f"{self.names.window(self.table, event)}[me] = 0;"
        else:
            reset = f"{self.names.timer(self.table, event)}[me] = 2;"
        return [*self.see(row), reset, *self.perform(row)]

    def deliver(self) -> Iterator[tuple[str, list[str]]]:
        """Take a message from a channel, then see what the state has for it."""
        roles = {str(role) for m in self.table.receives for role in self.names.protocol.messages[m].senders}
        roles |= {role for role in self.names.crashes() if self.role in self.names.told_of_loss(role)}
        options = [line for role in self.names.program.roles if role in roles for line in self.take(role)]
        if options:
            yield "/* deliver */", ["if", *options, "fi;", *self.handle(roles)]

    def words(self, role: str) -> list[str]:
        """What can be in a channel from a participant of that role."""
        found = [m for m in self.table.receives if role in self.names.protocol.messages[m].senders]
        return [*found, LOST] if role in self.names.crashes() and self.table.watches_lost else found

    def free(self, message: str) -> str:
        """That the state does not defer it."""
        states = [state for state, deferred in self.table.deferred.items() if message in deferred]
        return negate(disj([self.at(state) for state in states]))

    def take(self, role: str) -> list[str]:
        """An option for each message that can be taken from each participant of a role."""
        lines = []
        words = self.words(role)
        deferring = any(self.free(word) != TRUE for word in words)
        again = (
            ":: duplicates > 0 && m != m_lost -> duplicates--; " if self.names.protocol.assumptions.duplicates else ""
        )
        for j in self.names.members[role]:
            mine = conj([self.calm, TRUE if len(self.names.ids) > 1 and role != self.role else f"me != {j}"])
            channel = f"CH({j}, me)"
            if self.names.fifo and not deferring:
                first = f":: {mine} && nempty({channel}) -> from = {j}; "
                if again:
                    lines.append(f"{first}{channel} ? <m, asks, answers>; if {again}:: {channel} ? m, asks, answers fi")
                else:
                    lines.append(f"{first}{channel} ? m, asks, answers")
            elif self.names.fifo:
                some = disj([conj([self.free(word), f"{channel} ?? [m_{word}, _, _]"]) for word in words])
                lines += [f":: {mine} && {some} -> from = {j};", *self.first_not_deferred(channel, words, again)]
            else:
                lines += self.any_of(j, mine, words, again)
        return lines

    def first_not_deferred(self, channel: str, words: list[str], again: str) -> list[str]:
        """Once round the channel: the first that the state does not defer is taken out."""
        takes = disj([conj([f"other == m_{word}", self.free(word)]) for word in words])
        keep = f"{channel} ! other, a, b"
        out = f"if {again}{keep} :: true fi" if again else "skip"
        return [
            f"  n = len({channel}); got = 0;",
            f"  do :: n > 0 -> n--; {channel} ? other, a, b;",
            f"       if :: !got && {takes} -> got = 1; m = other; asks = a; answers = b; {out}",
            f"          :: else -> {keep} fi",
            "     :: else -> break od",
        ]

    def any_of(self, j: int, mine: str, words: list[str], again: str) -> list[str]:
        """Unordered: each message that the state does not defer; `lost` after all of them."""
        lines, channel = [], f"CH({j}, me)"
        messages = [word for word in words if word != LOST]
        for word in messages:
            for asks, answers in product((0, 1), repeat=2):
                fields = f"m_{word}, {asks}, {answers}"
                got = f"from = {j}; m = m_{word}; asks = {asks}; answers = {answers};"
                take = f"{channel} ?? {fields}"
                take = f"if {again}:: {take} fi" if again else take
                if self.possible(word, asks, answers):
                    lines.append(f":: {conj([mine, self.free(word)])} && {channel} ?? [{fields}] -> {got} {take}")
        if LOST in words:
            waits = [conj([self.free(word), f"{channel} ?? [m_{word}, _, _]"]) for word in messages]
            none = conj([mine, f"{channel} ?? [m_lost, _, _]", negate(disj(waits))])
            lines.append(f":: {none} -> from = {j}; m = m_lost; {channel} ?? m_lost, _, _")
        return lines

    def possible(self, word: str, asks: int, answers: int) -> bool:
        is_reply = word in self.table.request_of
        return (not asks or word in self.names.requests()) and (not answers or is_reply)

    def handle(self, roles: set[str]) -> list[str]:
        """Dropped, counted and handled, late or unhandled."""
        words = list(self.table.receives)
        if any(LOST in self.words(role) for role in roles):
            words.append(LOST)
        lines = ["if"]
        for word in words:
            lines.append(f":: m == m_{word} ->")
            if word == LOST:
                lines.append("  lost[me] = lost[me] | BIT(from);")
            cases = {}
            for state in self.table.states:
                if word in self.table.ignored[state]:
                    cases[state] = ["skip /* ignored */"]
                elif rows := self.table.rows(state, word):
                    cases[state] = self.choose(rows, self.unmatched(state, word), self.count(word))
            lines += [f"  {line}" for line in self.by_state(cases, self.otherwise(word))]
        return [*lines, "fi"]

    def unmatched(self, state: str, word: str) -> str:
        """A message for which no row holds."""
        if word == LOST:
            return "skip"
        what = "TOO_LATE" if state in self.table.finals else "UNHANDLED"
        return f"if :: !answers -> skip :: else -> {what} fi" if word in self.table.request_of else what

    def otherwise(self, word: str) -> str:
        """In a state that has nothing for the message."""
        if word == LOST:
            return "skip"
        final = disj([self.at(state) for state in self.table.states if state in self.table.finals])
        what = "UNHANDLED" if final == FALSE else f"if :: {final} -> TOO_LATE :: else -> UNHANDLED fi"
        return f"if :: !answers -> skip :: else -> {what} fi" if word in self.table.request_of else what

    def count(self, word: str) -> list[str]:
        lines = []
        for window in self.table.counted_by.get(word, ()):
            name = f"{self.names.window(self.table, window.event)}[me]"
            if window.total is not None:
                lines.append(f"if :: {name} < {window.total} -> {name}++ :: else fi;")
            else:
                add = f"{name} = {name} | BIT(from)"
                lines.append(f"if :: answers -> {add} :: else fi;" if window.request else f"{add};")
        if word in self.names.requests():
            last = f"last_{word}[me]"
            lines.append(f"if :: asks -> {last} = {last} | BIT(from) :: else -> {last} = {last} & ~BIT(from) fi;")
        return lines

    def elapse(self) -> Iterator[tuple[str, list[str]]]:
        for state, timers in self.table.timers_in.items():
            shorter: list[str] = []
            for timer in timers:
                mine = f"{self.names.timer(self.table, timer.event)}[me]"
                head = conj(["RUNS(me)", "started[me]", self.at(state), *shorter, f"{mine} == 0"])
                yield f"timeout && {head} -> /* {timer.event} in {state}: time passes */", [f"{mine} = 1; asleep = 0;"]
                if self.names.protocol.assumptions.early_timeouts:
                    early = conj(["AWAKE", "early > 0", self.calm, head])
                    yield f"{early} -> /* {timer.event} in {state}, early */", [f"{mine} = 1; early--;"]
                shorter.append(f"{mine} != 0")

    def crash(self) -> Iterator[tuple[str, list[str]]]:
        """It stops: nothing of it is left but what it has sent, and the news that it is gone."""
        if self.role not in self.names.crashes():
            return
        lines = [f"crashes_{self.role}--; alive[me] = 0; lost[me] = 0;"]
        if self.names.raised_events(self.table):
            lines.append("do :: raised[me] ? other :: empty(raised[me]) -> break od;")
        lines.append(f"state[me] = {self.names.state(self.role, self.table.initial)};")
        for request in self.names.requests():
            lines += [f"last_{request}[me] = 0;"]
            if request in self.table.request_of.values():
                lines.append(f"new_round_of_{request}();")
        lines += [f"{self.names.window(self.table, event)}[me] = 0;" for event in self.table.windows]
        lines += [f"{self.names.timer(self.table, timer)}[me] = 0;" for timer in self.names.timers(self.table)]
        indices = sorted({row.index for row in self.table.all_rows() if row.times is not None})
        lines += [f"taken_{self.role}_{index}[me] = 0;" for index in indices]
        lines.append("for (i : 0 .. P - 1) {")
        lines.append("  do :: nempty(CH(i, me)) -> CH(i, me) ? other, a, b :: empty(CH(i, me)) -> break od;")
        lines.append("}")
        told = self.names.group(self.names.told_of_loss(self.role))
        if told:
            lines.append(f"to = {told} & ~BIT(me);")
            lines.append("for (i : 0 .. P - 1) { if :: to & BIT(i) -> post(me, i, m_lost, 0, 0) :: else fi }")
        yield f"RUNS(me) && AWAKE && crashes_{self.role} > 0 -> /* crash */", lines

    def lose(self) -> Iterator[tuple[str, list[str]]]:
        """Some message to it vanishes."""
        if not self.names.protocol.assumptions.loss:
            return
        roles = {role for m in self.table.receives for role in self.names.protocol.messages[m].senders}
        for role in sorted(roles):
            for j in self.names.members[role]:
                channel = f"CH({j}, me)"
                head = f"RUNS(me) && AWAKE && loss > 0 && me != {j} && nempty({channel}) -> /* one is lost */"
                put = "!" if self.names.fifo else "!!"
                yield (
                    head,
                    [
                        f"loss--; n = len({channel}); select(k : 1 .. n);",
                        f"do :: n > 0 -> {channel} ? other, a, b;",
                        f"     if :: n == k && other != m_lost -> skip :: else -> {channel} {put} other, a, b fi; n--",
                        "   :: else -> break od",
                    ],
                )
