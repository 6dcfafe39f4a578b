"""The rows of a role in Promela: when they hold, and what they do. `me` is the participant."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from protoflow.exports.promela_text import FALSE, TRUE, Names, Text, conj, disj, negate
from protoflow.program import GuardKind, RoleProgram, Row, RowSend, Window
from protoflow.protocol import TargetKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Rows:
    """Conditions and rows of one role; its variables are `state[me]`, `started[me]` and so on."""

    def __init__(self, names: Names, table: RoleProgram, out: Text) -> None:
        self.names, self.table, self.out = names, table, out
        self.role = table.name
        waiting = "len(raised[me]) == 0" if names.raised_events(table) else TRUE
        self.ready = conj(["RUNS(me)", "started[me]", waiting])
        self.certain_events = disj(
            [
                conj([self.at(state), self.holds(event), self.certain(table.rows(state, event))])
                for state, events in table.events_in.items()
                for event in events
            ]
        )
        self.calm = conj([self.ready, negate(f"URGENT_{self.role}" if self.certain_events != FALSE else FALSE)])

    def at(self, state: str) -> str:
        return f"state[me] == {self.names.state(self.role, state)}"

    # --- conditions ---------------------------------------------------------------------------------------------

    def guard(self, row: Row, predicates: Mapping[str, bool] | None = None) -> str:
        """That the row holds. Predicates are variables, or have the values given."""
        parts = [f"taken_{self.role}_{row.index}[me] < {row.times}"] if row.times is not None else []
        for guard in row.guards:
            match guard.kind:
                case GuardKind.PREDICATE if predicates is not None:
                    text = TRUE if predicates[guard.name] else FALSE
                case GuardKind.PREDICATE:
                    text = f"is_{guard.name}"
                case GuardKind.FRESH:
                    text = "answers"
                case GuardKind.PARAMETER:
                    text = f"parameter_{guard.name}"
                case GuardKind.LINK:
                    text = f"link_{guard.name}[me] != 0"
            parts.append(text if guard.wanted else negate(text))
        return conj(parts)

    def predicates(self, rows: Sequence[Row]) -> list[str]:
        return sorted({g.name for row in rows for g in row.guards if g.kind is GuardKind.PREDICATE})

    def valuations(self, rows: Sequence[Row]) -> list[dict[str, bool]]:
        names = self.predicates(rows)
        return [dict(zip(names, values, strict=True)) for values in product((True, False), repeat=len(names))]

    def first(self, rows: Sequence[Row], place: int) -> str:
        """That this row may be the first that holds."""
        options = []
        for values in self.valuations(rows):
            earlier = [negate(self.guard(row, values)) for row in rows[:place]]
            options.append(conj([*earlier, self.guard(rows[place], values)]))
        return disj(options)

    def certain(self, rows: Sequence[Row]) -> str:
        """That some row holds whatever the predicates say."""
        return conj([disj([self.guard(row, values) for row in rows]) for values in self.valuations(rows)])

    def expected(self, window: Window) -> str:
        if window.request is not None:
            everyone = f"asked_{window.request}[me]"
        elif window.link is not None:
            everyone = f"link_{window.link}[me]"
        else:
            senders = self.names.group(self.names.protocol.messages[window.message].senders)
            everyone = f"{senders} & ~BIT(me)"
        return f"({everyone} & ~lost[me])"

    def counted(self, window: Window) -> str:
        return f"({self.names.window(self.table, window.event)}[me] & {self.expected(window)})"

    def holds(self, event: str) -> str:
        return f"HOLDS_{self.role}_{event}"

    def condition(self, event: str) -> str:
        """That the event holds."""
        window = self.table.windows.get(event)
        if window is None:
            return f"{self.names.timer(self.table, event)}[me] == 1"
        if window.total is not None:
            return f"{self.names.window(self.table, event)}[me] >= {window.total}"
        expected, counted = self.expected(window), self.counted(window)
        somebody = f"{expected} != 0"
        if isinstance(window.needed, int):
            return f"{somebody} && BITS({counted}) >= {window.needed}"
        share = window.needed
        if share is None or share == 1:
            return f"{somebody} && {counted} == {expected}"
        return f"{somebody} && BITS({counted}) * {share.denominator} >= BITS({expected}) * {share.numerator}"

    # --- rows ---------------------------------------------------------------------------------------------------

    def rows_by_state(self, trigger: str) -> list[tuple[str, tuple[Row, ...]]]:
        return [(state, rows) for state in self.table.states if (rows := self.table.rows(state, trigger))]

    def by_state(self, cases: Mapping[str, list[str]], otherwise: str) -> list[str]:
        lines = ["if"]
        for state, what in cases.items():
            lines += [f":: {self.at(state)} ->", *(f"  {line}" for line in what)]
        if len(cases) < len(self.table.states):
            lines.append(f":: else -> {otherwise}")
        return [*lines, "fi"]

    def choose(self, rows: Sequence[Row], none: str, before: Sequence[str] = ()) -> list[str]:
        """The first row that holds; `before` is done if one does."""
        lines = [f"if :: is_{name} = 0 :: is_{name} = 1 fi;" for name in self.predicates(rows)]
        depth = 0
        for row in rows:
            guard = self.guard(row)
            body = [*before, *self.see(row), *self.perform(row)]
            pad = "  " * depth
            if guard == TRUE:
                lines += [pad + line for line in body]
                break
            lines += [f"{pad}if", f"{pad}:: {guard} ->", *(f"{pad}  {line}" for line in body), f"{pad}:: else ->"]
            depth += 1
        else:
            lines.append("  " * depth + none)
        lines += ["  " * level + "fi" for level in reversed(range(depth))]
        return lines

    def perform(self, row: Row) -> list[str]:
        """What the handler does, and the new state."""
        work = f"/* row {row.index}" + (f": {row.handler}" if row.handler else "") + " */"
        lines = [work]
        if row.times is not None:
            lines.append(f"taken_{self.role}_{row.index}[me]++;")
        for send in row.sends:
            lines += self.send(send)
        for event, maybe in row.raises:
            put = f"if :: nfull(raised[me]) -> raised[me] ! e_{event} :: full(raised[me]) -> cut = 1 fi"
            lines.append(f"if :: {put} :: true fi;" if maybe else f"{put};")
        if row.dest is not None:
            lines += [f"{self.names.timer(self.table, timer)}[me] = 0;" for timer in self.names.timers(self.table)]
            lines.append(f"state[me] = {self.names.state(self.role, row.dest)}")
        else:
            lines.append("skip")
        return lines

    def send(self, send: RowSend) -> list[str]:
        group = f"({self.names.group(send.roles)} & ~BIT(me))"
        match send.target.kind:
            case TargetKind.SENDER:
                group = "BIT(from)"
            case TargetKind.LINK:
                group = f"link_{send.target.name}[me]"
            case TargetKind.EVENT:
                group = f"({group} & seen_{self.role}_{send.target.name})"
            case TargetKind.SELECTOR:
                group = f"({group} & ~lost[me])"
            case _:
                pass
        if send.one:
            lines = [f"one_of({group});"]
        elif send.target.kind is TargetKind.SELECTOR:
            lines = [f"some_of({group});"]
        else:
            lines = [f"to = {group};"]
        if send.maybe:
            lines.append("if :: true :: to = 0 fi;")
        lines += self.round(send)
        asks = "1" if send.opens or send.extends else "0"
        receiving = [self.names.program.roles[r] for r in self.names.protocol.messages[send.message].receivers]
        lines.append("for (i : 0 .. P - 1) {")
        lines.append("  if :: to & BIT(i) ->")
        answers = [t for t in receiving if send.message in t.request_of]
        if answers:
            lines.append("    b = 0;")
        for table in answers:
            request = table.request_of[send.message]
            theirs = self.names.group([table.name])
            lines.append(f"    if :: BIT(i) & {theirs} -> b = (last_{request}[me] >> i) & 1 :: else fi;")
        lines.append(f"    post(me, i, m_{send.message}, {asks}, {'b' if answers else '0'})")
        lines += ["  :: else fi", "}"]
        return lines

    def round(self, send: RowSend) -> list[str]:
        """The round that it opens or extends, if it is sent at all."""
        asked = f"asked_{send.message}[me]"
        if send.opens:
            return [f"if :: to -> x = to; new_round_of_{send.message}(); to = x; {asked} = to :: else fi;"]
        if send.extends:
            fresh = f"if :: {asked} == 0 -> new_round_of_{send.message}() :: else fi"
            return [f"if :: to -> {fresh}; {asked} = {asked} | to :: else fi;"]
        return []

    def see(self, row: Row) -> list[str]:
        """Whom events that are targets have counted, before anything is emptied."""
        events = sorted(set(row.answered))
        return [f"seen_{self.role}_{e} = {self.counted(self.table.windows[e])};" for e in events]
