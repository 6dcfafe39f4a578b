"""What a finding says to type, where it has to be what was forgotten: each in a shipped protocol that lacks it.

That it mends the finding is tried for all suggestions in `tests/composition/test_suggestions.py`; here the text is held
against what people would have written.
"""

from __future__ import annotations

import re

import pytest

from protoflow.checks import mending, validate
from protoflow.checks.composition import Options
from protoflow.diagnostics import apply
from protoflow.language import read_text, shipped

TEXTS = {name: path.read_text(encoding="utf-8") for name, path in shipped().items()}
FEDAVG, DEADLINE, HELLO = (TEXTS[name] for name in ("fedavg", "fedavg_deadline", "hello"))


@pytest.fixture(autouse=True)
def _all_the_time_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "SECONDS", 60.0)


def without(text: str, *parts: str) -> str:
    """The text without the lines that have these parts, one each."""
    for part in parts:
        (line,) = (line for line in text.splitlines(keepends=True) if part in line)
        text = text.replace(line, "")
    return text


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


NOBODY_JOINED = (
    "      - {trigger: time_up, source: joining, dest: finished, unless: somebody_joined, send: {finish: all}}\n"
)
SOMEBODY_JOINED = (
    "      - {trigger: time_up, source: joining, dest: training, conditions: somebody_joined, handler: start_round, "
    "send: {model: cohort}}\n"
)
NO_TIMER = without(DEADLINE, "conditions: somebody_joined", "unless: somebody_joined", "{after: patience}").replace(
    "[enough, time_up]", "enough"
)
END = "dest: finished,   handler: finish,      send: {finish: all}"

GOES_ON = """
protoflow: 1
name: goes_on
messages:
  ask:    {from: server, to: client}
  word:   {from: client, to: server}
  finish: {from: server, to: client}
roles:
  server:
    states: {asking: , over: {final: true, ignore: word}}
    events: {tick: {after: 1s}}
    transitions:
      - {trigger: start, source: asking, send: {ask: all}}
      - {trigger: word, source: asking, dest: asking, send: {ask: sender}}
      - {trigger: tick, source: asking, dest: asking, times: 3}
      - {trigger: tick, source: asking, dest: over, send: {finish: all}, conditions: enough}
  client:
    count: 1..
    states: {idle: , over: {final: true, ignore: ask}}
    transitions:
      - {trigger: ask, source: idle, send: word}
      - {trigger: finish, source: idle, dest: over}
"""
SO_OFTEN = "{trigger: tick, source: asking, dest: asking, times: 3}"
IF_ENOUGH = "{trigger: tick, source: asking, dest: over, send: {finish: all}, conditions: enough}"
LAST = "{trigger: tick, source: asking, dest: over, send: {finish: all}}"

CASES = {
    # the row for when a condition fails
    "unless forgotten, which stops the course": (
        without(DEADLINE, "unless: somebody_joined"),
        "PF202",
        [NOBODY_JOINED],
    ),
    "unless forgotten, which stops nothing": (
        changed(without(DEADLINE, "unless: somebody_joined"), "{client: 1}", "{}"),
        "PF107",
        [NOBODY_JOINED],
    ),
    "conditions forgotten": (
        changed(without(DEADLINE, "conditions: somebody_joined"), "{client: 1}", "{}"),
        "PF107",
        [SOMEBODY_JOINED],
    ),
    "of an event that counts": (
        changed(HELLO, "dest: done}\n\n", "dest: done, conditions: pleased}\n\n"),
        "PF202",
        ["      - {trigger: all_answered, source: waiting, dest: done, unless: pleased}\n"],
    ),
    "of a message that has to be answered": (
        changed(HELLO, "handler: reply, send", "handler: reply, conditions: polite, send"),
        "PF201",
        [
            "      - {trigger: greeting, source: waiting, dest: done, unless: polite, handler: reply, send: answer}\n",
        ],
    ),
    "a number of replies to those that were selected": (
        changed(DEADLINE, "for: model, from: quorum", "for: model, from: 5"),
        "PF107",
        ["all"],
    ),
    "a word of the language, for which any name may stand": (
        changed(DEADLINE, "conditions: fresh}", "conditions: frehs}"),
        "PF201",
        ["fresh"],
    ),
    # a send that was forgotten, in the row that should have it
    "an answer, which is counted": (
        changed(FEDAVG, "handler: train,     send: update", "handler: train"),
        "PF108",
        [", send: update"],
    ),
    "the first word of all": (
        changed(FEDAVG, "handler: introduce, send: join", "handler: introduce"),
        "PF108",
        [", send: join"],
    ),
    "a request, to which answers are waited for": (
        changed(FEDAVG, "handler: start_round, send: {model: cohort}", "handler: start_round"),
        "PF108",
        [", send: {model: all}"],
    ),
    "a request that another row sends": (
        changed(FEDAVG, "handler: aggregate,   send: {evaluate: all}", "handler: aggregate"),
        "PF202",
        [", send: {evaluate: all}"],
    ),
    "a request that another row sends later": (
        changed(FEDAVG, "handler: evaluate,    send: {evaluate: all}", "handler: evaluate"),
        "PF202",
        [", send: {evaluate: all}"],
    ),
    "a question that no event asks for": (
        changed(HELLO, "handler: greet,  send: greeting", "handler: greet"),
        "PF202",
        [", send: {greeting: all}"],
    ),
    # what holds only so many times
    "the row after the last round": (
        without(DEADLINE, "[enough, time_up], source: training, dest: finished"),
        "PF102",
        ["      - {trigger: [enough, time_up], source: training, dest: finished, send: {finish: all}}\n"],
    ),
    "a message that comes more often": (
        changed(FEDAVG, "handler: train,     send: update", "handler: train, send: update, times: 2"),
        "PF201",
        ["      - {trigger: model, source: idle, handler: train, send: update}\n"],
    ),
    "a row for so many times, that nothing comes after": (
        GOES_ON,
        "PF203",
        [f"      - {LAST}\n"],
    ),
    "a row for so many times, after one that always holds": (
        changed(changed(GOES_ON, SO_OFTEN, LAST), IF_ENOUGH, SO_OFTEN),
        "PF106",
        [SO_OFTEN, LAST],
    ),
    # the end
    "nobody is told of the end": (
        changed(FEDAVG, END, "dest: finished,   handler: finish"),
        "PF202",
        [", send: {finish: all}"],
    ),
    "nobody is told of the end, and nothing would fill it": (
        changed(FEDAVG, END, "dest: finished"),
        "PF202",
        [", handler: on_all_measured", ", send: {finish: all}"],
    ),
    "one of two ends is not told": (
        changed(DEADLINE, "send: {finish: all}, unless", "unless"),
        "PF202",
        [", send: {finish: all}"],
    ),
    "the end is told to nobody": (
        without(FEDAVG, "trigger: finish,   source: idle"),
        "PF103",
        ["      - {trigger: finish, source: idle, dest: finished, handler: on_finish}\n"],
    ),
    # a time limit
    "a wait without a limit": (
        NO_TIMER,
        "PF202",
        [
            "      time_up: {after: patience}\n",
            SOMEBODY_JOINED + NOBODY_JOINED,
            "[enough, time_up]",
            "[enough, time_up]",
        ],
    ),
    "a wait without a limit, and no parameter for it": (
        without(NO_TIMER, "patience: "),
        "PF202",
        [
            "      time_up: {after: 30s}\n",
            SOMEBODY_JOINED + NOBODY_JOINED,
            "[enough, time_up]",
            "[enough, time_up]",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_was_forgotten(case: str) -> None:
    text, code, typed = CASES[case]
    report = validate(read_text(text, "course.yaml"), composition=Options(cache=False))
    (found,) = (each for each in report.shown if each.code == code)
    assert found.help is not None
    assert [edit.replacement for edit in found.help.edits] == typed
    again = validate(read_text(apply(found.help.edits, text), "course.yaml"), composition=Options(cache=False))
    assert [each.message for each in again.shown] == []


@pytest.mark.parametrize(
    ("course", "row"),
    [
        ("one_shot", "{trigger: finish, source: waiting, dest: finished, handler: on_finish}"),
        ("correlation_filter", "{trigger: dims, source: reported, dest: finished, handler: on_dims}"),
        ("vertical_trees", "{trigger: finish, source: reported, dest: finished, handler: on_finish}"),
    ],
)
def test_a_message_is_taken_where_it_arrives(course: str, row: str) -> None:
    """Not in every state that handles some message, but where nothing else leads on."""
    trigger, source, dest = (part.split(": ")[1] for part in row.strip("{}").split(", ")[:3])
    lines = TEXTS[course].splitlines(keepends=True)
    written = re.compile(rf"trigger: {trigger}, +source: {source}, +dest: {dest}")
    (line,) = (number for number, each in enumerate(lines) if written.search(each))
    text = "".join(lines[:line] + lines[line + 1 :])
    report = validate(read_text(text, "course.yaml"), composition=Options(cache=False))
    (found,) = (each for each in report.shown if each.code == "PF103")
    assert found.help is not None
    assert [edit.replacement.strip() for edit in found.help.edits] == [f"- {row}"]
