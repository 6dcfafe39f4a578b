"""The rows that the runtime takes are the rows that the table says, for any table.

Protocols are drawn and written as YAML, so the whole way from text to run is tested. The oracle is a few lines over
what was drawn: it knows nothing of compiled tables, machines or the interpreter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.engines.conditions import Conditions, Span
from protoflow.errors import CourseError
from protoflow.runtime import Course, Participant
from protoflow.trace import Outcome, Step, StepKind
from tests.runtime.driving import protocol

STATES = ("red", "green", "blue", "last")  # `last` is final
MESSAGES = ("ping", "pong", "peep")
PREDICATES = ("warm", "wet")


@dataclass(frozen=True)
class Row:
    triggers: list[str]
    sources: list[str]
    dest: str | None
    conditions: list[str]
    unless: list[str]
    times: int | None
    raises: bool

    def text(self, index: int) -> str:
        parts = [f"trigger: [{', '.join(self.triggers)}]", f"handler: do_{index}"]
        parts.append(f"source: [{', '.join(self.sources)}]" if self.sources else "source: '*'")
        parts += [f"dest: {self.dest}"] if self.dest else []
        parts += [f"conditions: [{', '.join(self.conditions)}]"] if self.conditions else []
        parts += [f"unless: [{', '.join(self.unless)}]"] if self.unless else []
        parts += [f"times: {self.times}"] if self.times else []
        parts += ["raise: alarm"] if self.raises else []
        return "      - {" + ", ".join(parts) + "}"


@dataclass
class Table:
    rows: list[Row]
    ignored: dict[str, list[str]]
    deferred: dict[str, list[str]]
    taken: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for state, ignored in self.ignored.items():
            self.deferred[state] = [name for name in self.deferred[state] if name not in ignored]

    def text(self) -> str:
        states = []
        for state in STATES:
            keys = ["final: true"] if state == "last" else []
            keys += [f"ignore: [{', '.join(self.ignored[state])}]"] if self.ignored[state] else []
            keys += [f"defer: [{', '.join(self.deferred[state])}]"] if self.deferred[state] else []
            states.append(f"{state}: {{{', '.join(keys)}}}" if keys else f"{state}: ")
        rows = "\n".join(row.text(index) for index, row in enumerate(self.rows))
        messages = "\n".join(f"  {name}: {{from: client, to: server}}" for name in MESSAGES)
        sends = "\n".join(
            f"      - {{trigger: say_{name}, source: on, send: {name}, raise: [maybe say_ping, maybe say_pong, "
            f"maybe say_peep], handler: talk}}"
            for name in MESSAGES
        )
        events = ", ".join(f"say_{name}: {{raised: true}}" for name in MESSAGES)
        return f"""
messages:
{messages}
roles:
  server:
    states: {{{", ".join(states)}}}
    events: {{alarm: {{raised: true}}}}
    transitions:
{rows}
  client:
    states: {{on: {{final: true}}}}
    events: {{{events}}}
    transitions:
      - {{trigger: start, source: on, handler: talk, raise: [maybe say_ping, maybe say_pong, maybe say_peep]}}
{sends}
"""

    def row(self, state: str, trigger: str, answers: dict[str, bool]) -> int | None:
        """What the table says: the first row written that holds."""
        for index, row in enumerate(self.rows):
            if trigger not in row.triggers or state not in (row.sources or STATES[:-1]):
                continue
            if row.times is not None and self.taken.get(index, 0) >= row.times:
                continue
            if all(answers[name] for name in row.conditions) and not any(answers[name] for name in row.unless):
                return index
        return None


class Talker(Participant):
    """Says what it is given to say, one message after the other."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def talk(self) -> None:
        if self.words:
            self.raise_event(f"say_{self.words.pop(0)}")


def some(names: tuple[str, ...], most: int) -> Any:
    return st.lists(st.sampled_from(names), max_size=most, unique=True)


ROWS = st.builds(
    Row,
    triggers=st.one_of(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=3, unique=True), st.just(["alarm"])),
    sources=some(STATES, 3),
    dest=st.sampled_from([None, *STATES]),
    conditions=some(PREDICATES, 2),
    unless=some(PREDICATES, 1),
    times=st.sampled_from([None, None, None, 1, 2]),
    raises=st.sampled_from([False, False, False, True]),
)
PER_STATE = st.fixed_dictionaries({state: some(MESSAGES, 1) for state in STATES})


def usable(rows: list[Row]) -> bool:
    """Somebody handles the alarm, and it does not go round in a circle."""
    alarms = [row for row in rows if "alarm" in row.triggers]
    return bool(alarms) and not any(row.raises and row.times is None for row in alarms)


TABLES = st.builds(Table, st.lists(ROWS, min_size=3, max_size=9).filter(usable), PER_STATE, PER_STATE)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(table=TABLES, words=st.lists(st.sampled_from(MESSAGES), max_size=14), data=st.data())
def test_the_runtime_takes_the_rows_that_the_table_says(table: Table, words: list[str], data: st.DataObject) -> None:
    server, asked = Participant(), []
    course = Course(protocol(table.text()), server=server, client=Talker(list(words)))
    for index, row in enumerate(table.rows):
        raising = (lambda me, *_: me.raise_event("alarm")) if row.raises else (lambda me, *_: None)
        course.register("server", f"do_{index}", raising)
    for name in PREDICATES:
        if any(name in row.conditions + row.unless for row in table.rows):

            def ask(me: Participant, *_: object, name: str = name) -> bool:
                answer = data.draw(st.booleans(), label=name)
                asked.append((name, answer))
                return answer

            course.register("server", name, ask)
    steps: list[Step] = []
    answers_of: list[dict[str, bool]] = []

    def watch(step: Step) -> None:
        if step.receiver == "server":
            steps.append(step)
            answers_of.append(dict(asked))
            assert len(dict(asked)) == len(asked), "each predicate is asked once within a choice"
            asked.clear()

    failed = False
    try:
        course.run(progress=watch, validate=False)
    except CourseError:
        failed = True

    waiting, state, alarms = list(words), "red", 0
    for step, answers in zip(steps, answers_of, strict=True):
        assert step.state_before == state
        if alarms:
            assert (step.kind, step.trigger) == (StepKind.RAISED, "alarm"), "raised events are urgent"
            alarms -= 1
        else:
            assert step.kind is StepKind.DELIVER
            first = next(word for word in waiting if word not in table.deferred[state])
            assert step.trigger == first, "fifo, but for what is deferred"
            waiting.remove(first)
        trigger = str(step.trigger)
        if trigger in table.ignored[state]:
            assert (step.outcome, step.row) == (Outcome.IGNORED, None)
            continue
        # what was not asked cannot matter: try it both ways
        unasked = [name for name in PREDICATES if name not in answers]
        rows = {table.row(state, trigger, answers | dict.fromkeys(unasked, value)) for value in (True, False)}
        assert rows == {step.row}
        if step.row is None:
            late = state == "last" and step.kind is StepKind.DELIVER
            assert step.outcome is (Outcome.LATE if late else Outcome.UNHANDLED)
            assert failed is not late or step is not steps[-1]
            continue
        row = table.rows[step.row]
        table.taken[step.row] = table.taken.get(step.row, 0) + 1
        state = row.dest or state
        alarms += row.raises
        assert (step.outcome, step.state_after) == (Outcome.HANDLED, state)
    if not failed:
        assert state == "last"
        assert alarms == 0
        assert all(word in table.deferred[state] for word in waiting), "all that could be handled was"
    elif not steps or steps[-1].outcome is not Outcome.UNHANDLED:
        assert state != "last", "stuck"
        assert all(word in table.deferred[state] for word in waiting)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(table=TABLES, words=st.lists(st.sampled_from(MESSAGES), max_size=14), seed=st.integers(0, 99))
def test_the_same_seed_gives_the_same_run_of_any_table(table: Table, words: list[str], seed: int) -> None:
    runs = []
    for _ in range(2):
        course = Course(protocol(table.text()), server=Participant(), client=Talker(list(words)))
        for index, row in enumerate(table.rows):
            raising = (lambda me, *_: me.raise_event("alarm")) if row.raises else (lambda me, *_: None)
            course.register("server", f"do_{index}", raising)
            for name in row.conditions + row.unless:
                course.register("server", name, lambda me, *_: int(me.now * 1000) % 2 == 0)
        steps: list[Step] = []
        conditions = Conditions(latency={("*", "*"): Span(0, 1)}, compute={"*": Span(0, 1)}, loss={"*": 0.1})
        try:
            end = course.run(progress=steps.append, conditions=conditions, seed=seed, validate=False).outcome
        except CourseError as error:
            end = str(error)
        runs.append((steps, end))
    assert runs[0] == runs[1]
