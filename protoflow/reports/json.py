"""Findings for programs: `{"version": 1, "protocols": [...]}`, all of them, those implied by another included.

Byte-stable: the same files give the same bytes (ASCII, two spaces, fields in a fixed order, no times). Lines and
columns count from 1 and ends are exclusive. A step of a `trace` is the record that a trace file has; durations are
seconds, and shares are written as `--set` takes them (`80%`). From step `loop` of a `trace` on (from 0), if that is
given, it is repeated for ever.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from protoflow import trace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.checks import Report
    from protoflow.checks.composition.verdict import Verdict
    from protoflow.diagnostics import Diagnostic
    from protoflow.protocol import Assumptions

VERSION = 1


def render(reports: Iterable[Report]) -> str:
    document = {"version": VERSION, "protocols": [_protocol(report) for report in reports]}
    return json.dumps(document, indent=2) + "\n"


def _protocol(report: Report) -> dict[str, Any]:
    return {
        "file": report.file,
        "name": str(report.protocol.name) if report.protocol else None,
        "ok": not report.errors,
        "verdict": _verdict(report.verdict, report.assumptions) if report.verdict else None,
        "findings": [_finding(diagnostic) for diagnostic in report.diagnostics],
    }


def _verdict(verdict: Verdict, assumptions: Assumptions | None) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "holds_for": verdict.holds_for,
        "by_code": dict(verdict.by_code),
        "configurations": verdict.configurations,
        "terminates": verdict.terminates,
        "assumptions": _assumptions(assumptions) if assumptions else None,
    }


def _assumptions(assumptions: Assumptions) -> dict[str, Any]:
    return {
        "channels": "fifo" if assumptions.fifo else "any",
        "crashes": dict(assumptions.crashes),
        "early_timeouts": assumptions.early_timeouts,
        "loss": assumptions.loss,
        "duplicates": assumptions.duplicates,
    }


def _finding(diagnostic: Diagnostic) -> dict[str, Any]:
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "help": diagnostic.help.text if diagnostic.help else None,
        "implied_by": diagnostic.implied_by,
        "participants": dict(diagnostic.participants),
        "parameters": {name: _value(value) for name, value in diagnostic.parameters.items()},
        "trace": [_step(step) for step in diagnostic.trace],
        "loop": diagnostic.loop,
    }


def _step(step: trace.Step) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(trace.encode(step))
    del record["record"]
    return record


def _value(value: object) -> object:
    return f"{float(value * 100):g}%" if isinstance(value, Fraction) else value
