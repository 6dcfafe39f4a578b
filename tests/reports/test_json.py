"""The JSON report: its exact bytes for a finding with everything in it."""

from __future__ import annotations

import json
from fractions import Fraction

from protoflow.checks import Report
from protoflow.diagnostics import Diagnostic, Help, Span
from protoflow.reports import concise
from protoflow.reports import json as json_report
from protoflow.trace import Outcome, SentMessage, Step, StepKind

RUN = (
    Step(StepKind.START, "client1", sends=(SentMessage("join", ("server",)),), state_before="a", state_after="b"),
    Step(StepKind.DELIVER, "server", message="join", sender="client1", state_before="x", outcome=Outcome.UNHANDLED),
)
FOUND = Diagnostic(
    "PF201",
    "`join` can reach `server` in state `x`, which does not handle it – ü",
    Span("mine.yaml", 5, 7, 5, 11),
    help=Help("handle it"),
    trace=RUN,
    participants={"server": 1, "client": 1},
    parameters={"rounds": 1, "fraction": Fraction(4, 5)},
)
IMPLIED = Diagnostic("PF203", "never complete", Span("base.yaml", 1, 1, 1, 2), implied_by="PF201")
REPORTS = [Report("mine.yaml", None, (FOUND, IMPLIED)), Report("clean.yaml", None, ())]

EXPECTED = {
    "version": 1,
    "protocols": [
        {
            "file": "mine.yaml",
            "name": None,
            "ok": False,
            "verdict": None,
            "findings": [
                {
                    "code": "PF201",
                    "severity": "error",
                    "message": "`join` can reach `server` in state `x`, which does not handle it – ü",
                    "file": "mine.yaml",
                    "line": 5,
                    "column": 7,
                    "end_line": 5,
                    "end_column": 11,
                    "help": "handle it",
                    "implied_by": None,
                    "participants": {"server": 1, "client": 1},
                    "parameters": {"rounds": 1, "fraction": "80%"},
                    "trace": [
                        {
                            "kind": "start",
                            "receiver": "client1",
                            "state_before": "a",
                            "state_after": "b",
                            "sends": [{"message": "join", "to": ["server"]}],
                        },
                        {
                            "kind": "deliver",
                            "receiver": "server",
                            "message": "join",
                            "sender": "client1",
                            "state_before": "x",
                            "outcome": "unhandled",
                        },
                    ],
                    "loop": None,
                },
                {
                    "code": "PF203",
                    "severity": "error",
                    "message": "never complete",
                    "file": "base.yaml",
                    "line": 1,
                    "column": 1,
                    "end_line": 1,
                    "end_column": 2,
                    "help": None,
                    "implied_by": "PF201",
                    "participants": {},
                    "parameters": {},
                    "trace": [],
                    "loop": None,
                },
            ],
        },
        {"file": "clean.yaml", "name": None, "ok": True, "verdict": None, "findings": []},
    ],
}


def test_json_has_every_finding_in_a_fixed_order_of_fields() -> None:
    shown = json_report.render(REPORTS)
    assert shown.isascii()
    assert json.loads(shown) == EXPECTED
    assert shown == json.dumps(EXPECTED, indent=2) + "\n"


def test_concise_has_a_line_for_each_finding_that_no_other_explains() -> None:
    assert concise.render(REPORTS) == (
        "mine.yaml:5:7: PF201 `join` can reach `server` in state `x`, which does not handle it – ü\n"
    )


def test_concise_keeps_control_characters_from_the_terminal() -> None:
    nasty = Diagnostic("PF002", "a\x1b[2Jb", Span("x\n.yaml", 1, 1, 1, 2))
    assert concise.render([Report("x", None, (nasty,))]) == "x\ufffd.yaml:1:1: PF002 a\ufffd[2Jb\n"
