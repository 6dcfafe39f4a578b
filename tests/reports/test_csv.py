"""What was logged, as CSV."""

from __future__ import annotations

import csv
import io

from protoflow.reports.csv import render
from protoflow.reports.rounds import Rounds
from protoflow.trace import SentMessage, Step, StepKind


def step(who: str, time: float, sent: int = 0, **metrics: object) -> Step:
    sends = (SentMessage("model", ("client1", "client2")),) if sent else ()
    return Step(StepKind.DELIVER, who, sends=sends, bytes=sent or None, time=time, metrics=metrics)


STEPS = [
    step("client1", 0.5, hello=True),
    step("server", 1.0, 100, round=0, accuracy=0.5),
    step("client2", 1.25, note='a, "b"', accuracy=1 / 3),
    step("client1", 1.5),
    step("client1", 1.75, accuracy=0.25),
    step("server", 2.0, 50, round=1, accuracy=0.75, loss=2),
]


def test_there_is_a_line_for_each_step_that_logged() -> None:
    assert render(Rounds(STEPS).entries) == (
        "participant,round,time,messages,bytes,hello,accuracy,note,loss\n"
        "client1,,0.5,0,0,True,,,\n"
        "server,0,1.0,2,100,,0.5,,\n"
        'client2,0,1.25,2,100,,0.3333333333333333,"a, ""b""",\n'
        "client1,0,1.75,2,100,,0.25,,\n"
        "server,1,2.0,4,150,,0.75,,2\n"
    )


def test_it_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(render(Rounds(STEPS).entries))))
    assert [float(row["accuracy"]) for row in rows if row["accuracy"]] == [0.5, 1 / 3, 0.25, 0.75]


def test_of_nothing_there_is_the_head() -> None:
    assert render([]) == "participant,round,time,messages,bytes\n"
