"""Program -> Promela, the language of the model checker SPIN: the whole course for fixed numbers of participants.

One process per participant, one channel per ordered pair, one `atomic` block per step of `semantics.md`. Handlers do
what their rows declare; predicates, `maybe`, `one` and selectors are chosen freely.

- What need not happen (a crash, a loss, an early timeout, an event whose conditions may fail) can happen only while the
  course is *awake*. It may fall asleep at any moment; a timer that elapses wakes it, and so does an event from outside.
  So SPIN's `timeout`, true when nothing can move, is what lets time pass, and an invalid end state is a deadlock
  (PF202), whatever could still have crashed.
- A message or raised event that nothing handles fails an assertion (PF201). One that comes late (PF205) fails an
  assertion only where the model is compiled with `spin -DLATE`.
- When every live participant is in a final state and nothing moves, all processes end: a valid end state.
- Rounds are bits: a message, and its receiver's memory of one, say whether its round is the open one.
- A channel that would hold more than `capacity` messages ends the run without a finding (`cut`).

Not expressed: that timers also elapse when all else goes round in a circle (that is a property of the graph, not of a
configuration), and what SPIN has no word for: PF203, PF204, PF206, PF207 and PF209.

    spin -a model.pml && gcc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c && ./pan -m100000
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.exports.promela_process import Process
from protoflow.exports.promela_text import Names, Text, conj, disj
from protoflow.program import GuardKind, Program, count_bounds
from protoflow.protocol import LOST, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 15
"""Participants: a set of them is a bit mask in a `short`."""
BYTE = 255


def export(program: Program, participants: Mapping[str, int], capacity: int = 6) -> str:
    """A Promela model of the course with that many participants in each role.

    Raises UsageError for numbers that the protocol or the model does not allow.
    """
    for name, table in program.roles.items():
        least, most = count_bounds(table.role, program.parameters)
        number = participants.get(name, 0)
        if number < least or (most is not None and number > most):
            allowed = f"exactly {least}" if least == most else f"{least} to {most}" if most else f"at least {least}"
            raise UsageError(f"the number of participants in role `{name}` is {allowed}, not {number}")
    if sum(participants.values()) > MOST:
        raise UsageError(f"a Promela model can have at most {MOST} participants, not {sum(participants.values())}")
    _fits(program)
    names, out = Names(program, participants), Text()
    people = ", ".join(f"{n} is {name}" for n, name in enumerate(names.ids))
    out.comment(f"{program.protocol.name}: {program.protocol.summary}".removesuffix(": "))
    out.comment(f"Written by `protoflow export --to promela`. Participants: {people}.")
    out.comment(
        "A failed assertion: nothing handles a message or raised event (PF201); with -DLATE, one comes late (PF205)."
    )
    out.comment("An invalid end state: nobody can move, and the course is not complete (PF202).")
    out.comment(
        "Not expressed: timers that elapse while all else goes round in a circle; PF203, PF204, PF206, PF207, PF209."
    )
    out.line()
    _variables(names, out, capacity)
    _macros(names, out, capacity)
    for request in names.requests():
        _new_round(names, out, request)
    for table in program.roles.values():
        Process(names, table, out).write()
    _environment(out, sleeps=_has_choice(names))
    _init(names, out)
    return str(out)


def _fits(program: Program) -> None:
    """Counters are bytes. Raises UsageError for what goes beyond."""
    assumptions = program.protocol.assumptions
    rows = [
        (row.times or 0, f"`times` of a row for `{row.trigger}`")
        for t in program.roles.values()
        for row in t.all_rows()
    ]
    counts = [(w.total or 0, f"the count of `{w.event}`") for t in program.roles.values() for w in t.windows.values()]
    budgets = [(assumptions.early_timeouts, "`early_timeouts`"), (assumptions.loss, "`loss`")]
    budgets += [(assumptions.duplicates, "`duplicates`")]
    budgets += [(number, f"`crashes` of `{role}`") for role, number in assumptions.crashes.items()]
    for number, what in (*rows, *counts, *budgets):
        if number > BYTE:
            raise UsageError(f"a Promela model counts up to {BYTE}; {what} is {number}")


def _variables(names: Names, out: Text, capacity: int) -> None:
    assumptions, size = names.protocol.assumptions, len(names.ids)
    tables = names.program.roles.values()
    mask = "byte" if size <= 8 else "short"
    words = [f"m_{name}" for name in (*names.protocol.messages, LOST)]
    words += dict.fromkeys(f"e_{name}" for table in tables for name in names.raised_events(table))
    words += [names.state(table.name, state) for table in tables for state in table.states]
    out.line(f"#define P {size}")
    out.line(f"mtype = {{ {', '.join(words)} }};")
    out.line()
    out.comment(
        "what one has sent to another: type; whether its sender's round is open; whether it answers an open one"
    )
    out.line(f"chan channel[{size * size}] = [{capacity}] of {{ mtype, bit, bit }};")
    out.line("#define CH(i, j) channel[(i) * P + (j)]")
    if any(names.raised_events(table) for table in tables):
        out.line("chan raised[P] = [4] of { mtype };")
    out.line("mtype state[P];")
    out.line("bit started[P], alive[P];")
    out.line(f"{mask} lost[P]; /* whom each knows to be lost */")
    for request in names.requests():
        out.line(f"{mask} asked_{request}[P]; /* receivers of the open round */")
        out.line(f"{mask} last_{request}[P]; /* those whose open round the last one received is of */")
    for table in tables:
        for window in table.windows.values():
            out.line(f"{'byte' if window.total is not None else mask} {names.window(table, window.event)}[P];")
        for timer in names.timers(table):
            out.line(f"byte {names.timer(table, timer)}[P]; /* 0 runs, 1 has elapsed, 2 has fired */")
        for index in sorted({row.index for row in table.all_rows() if row.times is not None}):
            out.line(f"byte taken_{table.name}_{index}[P];")
    for link in names.protocol.links:
        out.line(f"{mask} link_{link}[P];")
    for flag in names.guards(GuardKind.PARAMETER):
        out.line(f"bit parameter_{flag};")
    for role, number in names.crashes().items():
        out.line(f"byte crashes_{role} = {number};")
    out.line(f"byte early = {assumptions.early_timeouts}, loss = {assumptions.loss};")
    out.line(f"byte duplicates = {assumptions.duplicates};")
    out.line("bit asleep, over, cut;")
    out.line()
    out.comment("used within one step only")
    seen = [f"seen_{table.name}_{event}" for table in tables for event in names.event_targets(table)]
    out.line(f"hidden {mask} {', '.join(['from', 'to', 'i', 'n', 'k', 'x', *seen])};")
    out.line("hidden mtype m, other;")
    chosen = [f"is_{name}" for name in names.guards(GuardKind.PREDICATE)]
    out.line(f"hidden byte {', '.join(['asks', 'answers', 'a', 'b', 'got', *chosen])};")
    out.line()


def _macros(names: Names, out: Text, capacity: int) -> None:
    people = range(len(names.ids))
    final = [
        f"state[i] == {names.state(table.name, state)}"
        for table in names.program.roles.values()
        for state in table.states
        if state in table.finals
    ]
    out.line("#define BIT(i) (1 << (i))")
    out.line(f"#define BITS(set) ({' + '.join(f'(((set) >> {n}) & 1)' for n in people)})")
    out.line("#define AWAKE (!asleep)")
    out.line("#define RUNS(i) (alive[i] && !over && !cut)")
    out.line(f"#define RESTS(i) (!alive[i] || (started[i] && {disj(final)}))")
    out.line(f"#define COMPLETE ({conj([f'RESTS({n})' for n in people])})")
    out.line("#define UNHANDLED assert(false); cut = 1")
    out.line("#ifdef LATE")
    out.line("#define TOO_LATE assert(false); cut = 1")
    out.line("#else")
    out.line("#define TOO_LATE skip")
    out.line("#endif")
    out.line()
    append = "!" if names.fifo else "!!"  # unordered: kept sorted, so that order makes no difference
    out.block(
        "inline post(sender, receiver, what, ask, answer)",
        [
            "if",
            ":: !alive[receiver] -> skip",
            f":: alive[receiver] && len(CH(sender, receiver)) >= {capacity} -> cut = 1",
            f":: else -> CH(sender, receiver) {append} what, ask, answer",
            "fi",
        ],
    )
    ones = [f":: (group) & BIT({n}) -> to = BIT({n})" for n in people]
    out.comment("one of a group, or nobody where there is nobody")
    out.block("inline one_of(group)", ["if", *ones, ":: (group) == 0 -> to = 0", "fi"])
    more = [f"if :: (group) & BIT({n}) -> to = to | BIT({n}) :: true fi" for n in people]
    out.comment("some of a group, at least one where there is one")
    out.block("inline some_of(group)", ["one_of(group);", *(f"{line};" for line in more)])


def _new_round(names: Names, out: Text, request: str) -> None:
    """Every older request, every reply and every memory of one is no longer of the open round."""
    asking = [table for table in names.program.roles.values() if request in table.request_of.values()]
    replies = sorted({m for table in asking for m, asked in table.request_of.items() if asked == request})
    answered = disj([f"other == m_{reply}" for reply in replies])
    # Going once round a channel keeps its order; unordered ones are sorted again.
    put = "!" if names.fifo else "!!"
    out.comment(f"what is under way is of an older round of {request} from now on")
    out.block(
        f"inline new_round_of_{request}()",
        [
            *(
                f"{names.window(table, window.event)}[me] = 0;"
                for table in asking
                for window in table.windows.values()
                if window.request == request
            ),
            f"asked_{request}[me] = 0;",
            "for (i : 0 .. P - 1) {",
            f"  last_{request}[i] = last_{request}[i] & ~BIT(me);",
            *_round_trip("CH(me, i)", f"other == m_{request}", "a", put),
            *_round_trip("CH(i, me)", answered, "b", put),
            "}",
        ],
    )


def _round_trip(channel: str, wanted: str, bit: str, put: str) -> list[str]:
    """Clear a bit of the messages that are `wanted` in a channel."""
    if put == "!!":  # a sorted channel: what has the bit set is taken out and put in again without it
        names = [part.strip("() ").removeprefix("other == ") for part in wanted.split("||")]
        lines = []
        for name in names:
            for keep in (0, 1):
                fields = f"{name}, 1, {keep}" if bit == "a" else f"{name}, {keep}, 1"
                cleared = f"{name}, 0, {keep}" if bit == "a" else f"{name}, {keep}, 0"
                lines += [
                    f"  do :: {channel} ?? [{fields}] -> {channel} ?? {fields}; {channel} !! {cleared}",
                    "     :: else -> break od;",
                ]
        return lines
    return [
        f"  n = len({channel});",
        f"  do :: n > 0 -> n--; {channel} ? other, a, b;",
        f"       if :: {wanted} -> {bit} = 0 :: else fi; {channel} ! other, a, b",
        "     :: else -> break od;",
    ]


def _has_choice(names: Names) -> bool:
    """Whether anything can happen that need not."""
    a = names.protocol.assumptions
    uncertain = any(
        not all(row.certain for row in table.rows(state, event))
        for table in names.program.roles.values()
        for state, events in table.events_in.items()
        for event in events
    )
    tables = names.program.roles.values()
    outside = any(names.outside_events(table) for table in tables)
    early = a.early_timeouts and any(names.timers(table) for table in tables)
    return bool(names.crashes() or early or a.loss or a.duplicates or uncertain or outside)


def _environment(out: Text, sleeps: bool) -> None:
    out.comment("the course may fall asleep; where nothing can move and it is complete, it is over")
    out.block(
        "active proctype Environment()",
        [
            "do",
            *([":: atomic { AWAKE && !over && !cut -> asleep = 1 }"] if sleeps else []),
            ":: atomic { timeout && COMPLETE && !over && !cut -> over = 1 }",
            ":: over || cut -> break",
            "od",
        ],
    )


def _init(names: Names, out: Text) -> None:
    lines = []
    for role, table in names.program.roles.items():
        begin = names.state(role, table.initial)
        lines += [f"state[{n}] = {begin}; alive[{n}] = 1;" for n in names.members[role]]
    lines += [f"if :: parameter_{f} = 0 :: parameter_{f} = 1 fi;" for f in names.guards(GuardKind.PARAMETER)]
    lines += _links(names)
    lines += [f"run {names.process(role)}({n});" for role in names.program.roles for n in names.members[role]]
    out.block("init", ["atomic {", *(f"  {line}" for line in lines), "}"])


def _links(names: Names) -> list[str]:
    """The relations; chosen freely where the shape leaves a choice."""
    lines = []
    for link in names.protocol.links.values():
        if link.inverse is not None:
            continue
        sources, targets = names.members[link.source], names.members[link.dest]
        for place, i in enumerate(sources):
            mine = f"link_{link.name}[{i}]"
            match link.shape:
                case Shape.ONE:
                    lines.append(f"if {' '.join(f':: {mine} = BIT({j})' for j in targets)} fi;")
                case Shape.GRAPH:
                    lines += [f"if :: {mine} = {mine} | BIT({j}) :: true fi;" for j in targets if j != i]
                case _:
                    steps = {Shape.RING: (-1, 1), Shape.NEXT: (1,), Shape.CHAIN: (1,)}[link.shape]
                    places = {place + step for step in steps}
                    if link.shape is not Shape.CHAIN:
                        places = {p % len(sources) for p in places}
                    mask = [f"BIT({sources[p]})" for p in sorted(places - {place}) if p < len(sources)]
                    lines.append(f"{mine} = {' | '.join(mask) or '0'};")
    for link in names.protocol.links.values():
        if link.inverse is not None:
            for i in names.members[link.source]:
                for j in names.members[link.dest]:
                    there = f"((link_{link.inverse}[{j}] >> {i}) & 1)"
                    lines.append(f"link_{link.name}[{i}] = link_{link.name}[{i}] | ({there} << {j});")
    return lines
