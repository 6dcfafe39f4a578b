"""Sequence charts: counterexamples and real runs, in characters, as DOT and as Mermaid."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import protoflow
from protoflow.diagnostics import Diagnostic, Span
from protoflow.diagrams import Diagram, run_diagram, sequence_dot
from protoflow.diagrams.chart import SIGNS, Arrow, Note, Omitted
from protoflow.diagrams.look import PLAIN
from protoflow.diagrams.sequence import chart, text
from protoflow.trace import Outcome, SentMessage, Step, StepKind
from tests.diagrams.support import GOLDEN, load, mermaid_problems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START, DELIVER, FIRE, ELAPSE, CRASH, LOSE = (
    StepKind.START,
    StepKind.DELIVER,
    StepKind.FIRE,
    StepKind.ELAPSE,
    StepKind.CRASH,
    StepKind.LOSE,
)


def start(
    who: str, *sends: SentMessage, states: tuple[str, str] = ("starting", "idle"), time: float | None = None
) -> Step:
    return Step(START, who, "start", None, None, None, *states, Outcome.HANDLED, 0, sends, time=time)


def take(
    who: str,
    message: str,
    sender: str,
    states: tuple[str, str],
    *sends: SentMessage,
    outcome: Outcome = Outcome.HANDLED,
    round: int | None = None,
    time: float | None = None,
) -> Step:
    return Step(DELIVER, who, message, message, sender, round, *states, outcome, 0, sends, time=time)


def fire(who: str, event: str, states: tuple[str, str], *sends: SentMessage, time: float | None = None) -> Step:
    return Step(FIRE, who, event, None, None, None, *states, Outcome.HANDLED, 0, sends, time=time)


JOIN = SentMessage("join", ("server",))
TOO_EARLY = (
    Step(ELAPSE, "server", "time_up", state_before="joining", early=True),
    fire("server", "time_up", ("joining", "training"), SentMessage("model", ("client1",), 1)),
    start("client1", JOIN),
    take("server", "join", "client1", ("training", "training"), outcome=Outcome.UNHANDLED),
)
ONE_EACH = {"server": 1, "client": 1}


def test_a_counterexample_looks_as_the_design_has_it() -> None:
    assert text(TOO_EARLY, ONE_EACH) == [
        "server                                       client1",
        "   | time_up, early: joining -> training        |",
        "   |------------------ model ------------------>|",
        "   |                                            | start: starting -> idle",
        "   |<------------------ join -------------------|",
        "   | join is not handled in training",
    ]


def test_who_stands_where_at_the_end() -> None:
    assert text(TOO_EARLY, ONE_EACH, standing=True)[-2:] == [
        "   | join is not handled in training            |",
        "training                                      idle",
    ]


def everybody(number: int) -> list[Step]:
    """Clients join one after another; the server sends each a model when all are there."""
    clients = [f"client{i + 1}" for i in range(number)]
    steps = [start(who, JOIN) for who in clients]
    steps += [take("server", "join", who, ("joining", "joining")) for who in clients]
    steps.append(fire("server", "all_joined", ("joining", "training"), SentMessage("model", tuple(clients), 1)))
    return steps + [take(who, "model", "server", ("idle", "busy")) for who in clients]


def test_clients_that_are_alike_share_a_lifeline() -> None:
    assert text(everybody(12), {"server": 1, "client": 12}) == [
        "server                                    client[1..12]",
        "   |                                            | start: starting -> idle",
        "   |<------------------ join -------------------|",
        "   | all_joined: joining -> training            |",
        "   |------------------ model ------------------>|",
        "   |                                            | model: idle -> busy",
    ]


def test_one_that_differs_has_its_own() -> None:
    steps = everybody(6)
    steps.insert(13, Step(CRASH, "client4", state_before="idle"))
    del steps[next(i for i, step in enumerate(steps) if step.message == "model" and step.receiver == "client4")]
    lifelines = chart(steps, {"server": 1, "client": 6}).lifelines
    assert [(line.name, line.state) for line in lifelines] == [
        ("server", "training"),
        ("client[1..3,5..6]", "busy"),
        ("client4", "idle"),
    ]


def test_a_late_message_is_an_arrow_to_the_row_where_it_is_taken() -> None:
    steps = [
        start("client1", JOIN),
        start("client2", JOIN),
        take("server", "join", "client2", ("joining", "joining")),
        take("server", "join", "client1", ("joining", "done")),
    ]
    events = chart(steps, {"server": 1, "client": 2}).events
    assert events == (
        Note(1, "start: starting -> idle"),
        Arrow(1, 0, "join", taken=4),
        Note(2, "start: starting -> idle"),
        Arrow(2, 0, "join"),
        Note(0, "join: joining -> done"),
    )


def test_lost_messages_and_crashes() -> None:
    steps = [
        start("client1", JOIN),
        Step(LOSE, "server", message="join", sender="client1"),
        Step(CRASH, "client1", state_before="idle"),
        fire("server", "time_up", ("joining", "done"), SentMessage("finish", ("client1",))),
    ]
    assert text(steps, ONE_EACH) == [
        "server                                       client1",
        "   |                                            | start: starting -> idle",
        "   |   x--------------- join -------------------|",
        "   |                                            | crashes",
        "   | time_up: joining -> done                   |",
        "   |----------------- finish ---------------x   |",
    ]


def test_what_is_under_way_to_one_that_crashes_never_arrives() -> None:
    copied = replace(take("server", "join", "client1", ("joining", "joining")), kind=StepKind.DUPLICATE)
    steps = [
        start("client1", JOIN),
        start("client2", replace(JOIN, message="hello"), JOIN),
        copied,
        take("server", "join", "client2", ("joining", "joining")),
        Step(CRASH, "server", state_before="joining"),
    ]
    arrows = [each for each in chart(steps, {"server": 1, "client": 2}).events if isinstance(each, Arrow)]
    assert [(each.text, each.lost, each.ends) for each in arrows] == [
        ("join", False, 2),
        ("hello", True, 4),
        ("join", False, 3),
    ]


def test_a_lost_message_ends_just_before_the_lifeline_of_its_receiver() -> None:
    """However many are between, to the right and to the left."""
    steps = [
        start("client1", replace(JOIN, to=("client4",))),
        start("client4", replace(JOIN, to=("client1",))),
        *(
            Step(LOSE, to, message="join", sender=sender)
            for to, sender in (("client4", "client1"), ("client1", "client4"))
        ),
        start("client2"),
        start("client3", states=("starting", "busy")),
    ]
    drawn = chart(steps, {"client": 4})
    dot = sequence_dot.text(drawn, PLAIN)
    places = {name: (float(x), float(y)) for name, x, y in re.findall(r'(n\d+) .*pos="([-\d.]+),([-\d.]+)!"', dot)}
    lifelines = [places[name][0] for name in re.findall(r"(n\d+) \[label=<<B>client", dot)]
    lost = [(places[a], places[b]) for a, b in re.findall(r"(n\d+) -> (n\d+) \[arrowhead=none", dot)]
    assert [(a[0], b[0]) for a, b in lost] == [
        (lifelines[0], lifelines[3] - sequence_dot.SHORT),
        (lifelines[3], lifelines[0] + sequence_dot.SHORT),
    ]
    assert lifelines[2] < lifelines[3] - sequence_dot.SHORT
    bars = [place for place, sign in enumerate(text(steps, {"client": 4})[3]) if sign == "|"]
    rightwards, leftwards = (line for line in text(steps, {"client": 4}) if "x" in line)
    assert (rightwards.index("x"), leftwards.index("x")) == (bars[-1] - 4, bars[0] + 4)


def test_no_two_marks_have_the_same_sign() -> None:
    assert len(set(SIGNS.values())) == len(SIGNS)


def test_what_becomes_of_a_message_is_said() -> None:
    outcomes = (Outcome.IGNORED, Outcome.STALE, Outcome.LATE, Outcome.UNHANDLED)
    steps = [start("client1", *(replace(JOIN, message=f"m{i}") for i in range(4)))]
    steps += [
        take("server", f"m{i}", "client1", ("done", "done"), outcome=outcome) for i, outcome in enumerate(outcomes)
    ]
    notes = [event.text for event in chart(steps, ONE_EACH).events if isinstance(event, Note)]
    assert notes[1:] == [
        "m0 is ignored in done",
        "m1 is stale: dropped",
        "m2 comes late, in done: dropped",
        "m3 is not handled in done",
    ]


def test_a_timer_that_elapses_and_does_not_fire_has_a_line() -> None:
    steps = [Step(ELAPSE, "server", "time_up", state_before="joining"), start("client1")]
    assert chart(steps, ONE_EACH).events == (
        Note(0, "time_up elapses", "timer"),
        Note(1, "start: starting -> idle"),
    )


def test_a_step_of_a_stranger_is_an_error() -> None:
    with pytest.raises(protoflow.UsageError, match="the run has steps of `client2`"):
        text([start("client2")], ONE_EACH)


def test_a_long_run_shows_its_beginning_and_its_end() -> None:
    states = ("idle", "idle")
    steps = [start("client1", *[JOIN] * 50)] + [take("server", "join", "client1", states) for _ in range(50)]
    whole = chart(steps, ONE_EACH, window=1000)
    cut = chart(steps, ONE_EACH, window=10)
    assert len(whole.events) == 101
    assert cut.events[5] == Omitted(91)
    assert len(cut.events) == 11
    assert cut.events[-1] == whole.events[-1]
    assert all(event.taken is None for event in cut.events if isinstance(event, Arrow)), "taken out of sight"


def rounds(number: int) -> list[Step]:
    """So many rounds of a model and an update, four lines each."""
    training, idle = ("training", "training"), ("idle", "idle")
    steps = []
    for each in range(1, number + 1):
        steps += [
            fire("server", "enough", training, SentMessage("model", ("client1",), each)),
            take("client1", "model", "server", idle, SentMessage("update", ("server",), each), round=each),
            take("server", "update", "client1", training, round=each),
        ]
    return steps


def test_the_frame_of_a_round_ends_where_lines_are_left_out_and_the_next_says_which_it_is() -> None:
    whole = chart(rounds(9), ONE_EACH, answers=ANSWERS, window=None)
    assert len(whole.events) == 9 * 4
    cut = Diagram(chart(rounds(9), ONE_EACH, answers=ANSWERS, window=12))
    assert [line[3:].split("  ")[0] for line in cut.table.splitlines()[3:-1]] == [
        "| enough",
        "+-- round 1 of model ------------------------+",
        "|------------------ model ------------------>|",
        "|<----------------- update ------------------|",
        "| enough",
        ": … 25 lines omitted",
        "+-- round 8 of model, continued -------------+",
        "|------------------ model ------------------>|",
        "|<----------------- update ------------------|",
        "| enough",
        "+-- round 9 of model ------------------------+",
        "|------------------ model ------------------>|",
        "|<----------------- update ------------------|",
    ]
    lines = cut.mermaid.splitlines()
    gap = lines.index("  Note over p0,p1: … 25 lines omitted")
    assert (lines[gap - 1], lines[gap + 1].split("(")[0]) == ("  end", "  rect rgba")
    assert cut.dot.count('style="dashed,rounded"') == 3
    assert mermaid_problems([cut.mermaid]) == [""]


def test_a_role_whose_name_ends_in_a_digit() -> None:
    """What is of which round is told by the role, and that is not the id without its digits."""
    model = [SentMessage("model", ("client",), number) for number in (1, 2)]
    training, idle = ("training", "training"), ("idle", "idle")
    steps = [
        start("server2", model[0], states=training),
        take("client", "model", "server2", idle, SentMessage("update", ("server2",), 1), round=1),
        fire("server2", "time_up", training, model[1]),
        take("server2", "update", "client", training, outcome=Outcome.STALE, round=1),
    ]
    drawn = text(steps, {"server2": 1, "client": 1}, answers={"server2": ANSWERS["server"]})
    assert drawn[-1] == "   | update of round 1 is stale: dropped"
    limited = chart(steps, {"server2": 1, "client": 1}, most=1)
    assert [line.name for line in limited.lifelines] == ["server2", "client"]


def timed() -> list[Step]:
    """Two rounds with virtual time: client2's update overtakes client1's, which is stale when it comes."""
    model = [SentMessage("model", ("client1", "client2"), number) for number in (1, 2)]
    update = [SentMessage("update", ("server",), number) for number in (1, 2)]
    idle, training = ("idle", "idle"), ("training", "training")
    return [
        start("client1", JOIN, time=0.0),
        start("client2", JOIN, time=0.0),
        take("server", "join", "client1", ("joining", "joining"), time=0.5),
        take("server", "join", "client2", ("joining", "joining"), time=0.5),
        fire("server", "all_joined", ("joining", "training"), model[0], time=0.5),
        take("client1", "model", "server", idle, update[0], round=1, time=1.0),
        take("client2", "model", "server", idle, update[0], round=1, time=2.0),
        take("server", "update", "client2", training, round=1, time=2.5),
        Step(ELAPSE, "server", "time_up", state_before="training", early=True, time=30.5),
        fire("server", "time_up", training, model[1], time=30.5),
        take("server", "update", "client1", training, outcome=Outcome.STALE, round=1, time=31.0),
        take("client1", "model", "server", idle, update[1], round=2, time=32.0),
        Step(CRASH, "client2", state_before="idle", time=33.25),
    ]


ANSWERS = {"server": {"update": "model"}}


def late(outcome: Outcome) -> list[Step]:
    """client2 answers the first model when the second has been sent; the server takes that, or drops it."""
    model = [SentMessage("model", ("client1", "client2"), number) for number in (1, 2)]
    idle, training = ("idle", "idle"), ("training", "training")
    return [
        start("server", model[0], states=training),
        take("client1", "model", "server", idle, SentMessage("update", ("server",), 1), round=1),
        take("server", "update", "client1", training, round=1),
        fire("server", "enough", training, model[1]),
        take("client2", "model", "server", idle, SentMessage("update", ("server",), 1), round=1),
        take("server", "update", "client2", training, outcome=outcome, round=1),
    ]


def test_a_message_of_an_old_round_says_so() -> None:
    """And then all that are counted by rounds do."""
    taken = text(late(Outcome.HANDLED), {"server": 1, "client": 2}, answers=ANSWERS)
    assert taken == [
        "server                               client1                       client2",
        "   | start                              |                             |",
        "   +-- round 1 of model ----------------------------------------------+",
        "   |-------- model of round 1 --------->|                             |",
        "   |----------------------- model of round 1 ------------------------>|",
        "   |                                    | model of round 1            |",
        "   |<-------- update of round 1 --------|                             |",
        "   | enough                             |                             |",
        "   +-- round 2 of model ----------------------------------------------+",
        "   |-------- model of round 2 --------->|                             |",
        "   |----------------------- model of round 2 ------------------------>|",
        "   |                                    |                             | model of round 1",
        "   |<----------------------- update of round 1 -----------------------|",
        "   | update of round 1 is taken, stale",
    ]
    dropped = text(late(Outcome.STALE), {"server": 1, "client": 2}, answers=ANSWERS)
    assert dropped[-1] == "   | update of round 1 is stale: dropped"


def test_rounds_are_shown_only_where_they_matter() -> None:
    steps = late(Outcome.HANDLED)[:4]
    assert not [line for line in text(steps, {"server": 1, "client": 2}, answers=ANSWERS) if "round" in line]


def test_which_of_two_is_taken_from_an_unordered_channel_is_told_by_its_round() -> None:
    update = [SentMessage("update", ("server",), number) for number in (1, 2)]
    idle, training = ("idle", "idle"), ("training", "training")
    steps = [
        start("server", SentMessage("model", ("client1",), 1), states=training),
        take("client1", "model", "server", idle, update[0], round=1),
        fire("server", "time_up", training, SentMessage("model", ("client1",), 2)),
        take("client1", "model", "server", idle, update[1], round=2),
        take("server", "update", "client1", training, round=2),
        take("server", "update", "client1", training, round=1, outcome=Outcome.STALE),
    ]
    events = chart(steps, {"server": 1, "client": 1}, answers=ANSWERS).events
    assert [event.text for event in events if isinstance(event, Arrow)] == [
        "model of round 1",
        "update of round 1",
        "model of round 2",
        "update of round 2",
    ]


def test_what_goes_on_for_ever_is_marked() -> None:
    steps = [start("server", SentMessage("model", ("client1",))), take("client1", "model", "server", ("idle", "busy"))]
    assert text(steps, ONE_EACH, loop=1)[2:4] == [
        "   |------------------ model ------------------>|",
        "   +-- again and again -------------------------+",
    ]


def test_virtual_time_stands_in_a_gutter(golden: Callable[[Path, str], None]) -> None:
    diagram = run_diagram(load("fedavg_deadline"), timed(), {"server": 1, "client": 2})
    # The first line has the digest, which changes with every word of the protocol.
    golden(GOLDEN / "run.sequence.txt", diagram.table.split("\n", 2)[2])


@pytest.mark.parametrize("notation", ["dot", "mermaid"])
def test_sequence_text(notation: str, golden: Callable[[Path, str], None]) -> None:
    made = chart(timed(), {"server": 1, "client": 2}, title="timed 0", answers=ANSWERS)
    golden(GOLDEN / f"run.sequence.{notation}", protoflow.diagrams.Diagram(made).render(notation).decode())
    shown = chart(TOO_EARLY, ONE_EACH, title="early 0", verdict=("PF201", "`join` can reach `server`"))
    golden(GOLDEN / f"finding.sequence.{notation}", protoflow.diagrams.Diagram(shown).render(notation).decode())


def finding(steps: tuple[Step, ...]) -> Diagnostic:
    return Diagnostic("PF201", "`join` is not handled", Span("x.yaml", 1, 1, 1, 2), trace=steps, participants=ONE_EACH)


def test_a_finding_is_drawn_as_its_run() -> None:
    protocol = load("fedavg_deadline")
    diagram = protoflow.diagram(protocol, "sequence", findings=[finding(()), finding(TOO_EARLY)])
    shown = "".join(
        "".join(e.itertext()) for e in ET.fromstring(diagram.svg()).iter("{http://www.w3.org/2000/svg}text")
    )
    for words in ("PF201 join is not handled in training", "time_up, early: joining -> training", "round 1 of model"):
        assert words in shown.replace("\xa0", " ")
    assert diagram.render("png").startswith(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(protoflow.UsageError, match="no run to draw"):
        protoflow.diagram(protocol, "sequence", findings=[finding(())])


def test_sequences_parse_in_mermaid() -> None:
    """Those of runs, and one whose names are Mermaid's own words."""
    traps = [
        Step(
            FIRE,
            "end1",
            "note",
            None,
            None,
            None,
            "loop",
            "end",
            Outcome.HANDLED,
            0,
            (SentMessage("end", ("class",), 1),),
        ),
        take("class", "end", "end1", ("rect", "x_y__z"), SentMessage("participant", ("end1", "end2"))),
        Step(LOSE, "end1", message="participant", sender="class"),
        Step(CRASH, "end2", state_before="activate"),
        take("class", "end", "end2", ("x_y__z", "x_y__z"), outcome=Outcome.UNHANDLED),
    ]
    texts = [
        run_diagram(load("fedavg_deadline"), timed(), {"server": 1, "client": 2}).mermaid,
        run_diagram(load("fedavg_deadline"), timed(), {"server": 1, "client": 2}, window=4).mermaid,
        run_diagram(load("traps"), traps, {"class": 1, "end": 2}, verdict=("PF201", "a; b # c --> d %% e")).mermaid,
    ]
    assert mermaid_problems(texts) == ["", "", ""]


def test_no_line_is_drawn_over_words() -> None:
    """Lines come first, and each note and message has paper of its own, of the page's colour in an SVG."""
    svg = run_diagram(load("fedavg_deadline"), timed(), {"server": 1, "client": 2}).svg()
    assert svg.rindex('class="edge"') < svg.index('class="node"')
    assert svg.count('fill="#ffffff" fill-opacity="0.7') >= len(timed())
    assert '.protoflow [fill="#ffffff"] { fill: var(--paper) }' in svg


def test_a_run_of_many_who_are_not_alike_shows_some_and_names_the_rest() -> None:
    """First those to whom something unusual happened; what others do is seen only in what changes a state."""
    clients = [f"client{number}" for number in range(1, 13)]
    steps = [start(who, JOIN) for who in clients]
    # How often each is told makes them differ.
    for number, who in enumerate(clients):
        steps += [take("server", "join", who, ("joining", "joining"))] * (number + 1)
    steps += [Step(CRASH, "client11", state_before="idle")]
    steps += [take("server", "join", "client12", ("joining", "training"))]
    diagram = run_diagram(load("fedavg_deadline"), steps, {"server": 1, "client": 12})
    names = [line.name for line in diagram.picture.lifelines]
    assert names == ["server", "client1", "client2", "client3", "client11"]
    assert diagram.picture.left_out == ("client[4..10,12]",)
    assert "join: joining -> training" in diagram.table
    for written in (diagram.table, diagram.mermaid, diagram.dot):
        assert "not shown: client[4..10,12]" in written.replace("#91;", "[").replace("#93;", "]")
    shown = run_diagram(load("fedavg_deadline"), steps, {"server": 1, "client": 12}, verdict=("PF201", "x"))
    assert len(shown.picture.lifelines) == 13
    assert mermaid_problems([diagram.mermaid]) == [""]


def test_very_many_alike_are_named_by_the_first_of_them_and_their_number() -> None:
    asked = tuple(f"device{number}" for number in range(1, 100, 2))
    ask = SentMessage("ask", asked)
    steps = [start("server", ask), *(take(who, "ask", "server", ("ready", "ready")) for who in asked)]
    few, many = (chart(steps, {"server": 1, "device": number}) for number in (99, 1000))
    assert [line.name for line in few.lifelines] == [
        "server",
        "device[1,3,5,7,9,11,13,15,17,19,21,23,... 50 in all]",
        "device[2,4,6,8,10,12,14,16,18,20,22,24,... 49 in all]",
    ]
    assert many.lifelines[2].name == "device[2,4,6,8,10,12,14,16,18,20,22,24,... 950 in all]"
