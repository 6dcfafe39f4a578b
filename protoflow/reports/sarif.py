"""Findings as SARIF 2.1.0 (OASIS standard), which code hosts and editors show beside the lines.

One run; its rules are the codes, with the texts of `protoflow explain`. A finding of the composition check carries its
run as a code flow: each step with the row that is taken. Suggested text is a `fix`. What another finding explains is
kept and marked as suppressed, with that reason. No times, so that the same files give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from protoflow import __version__
from protoflow.diagnostics import CODES, explanation
from protoflow.reports.paths import uri
from protoflow.reports.steps import sentence
from protoflow.trace import roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from protoflow.checks import Report
    from protoflow.diagnostics import Diagnostic, Edit, Span
    from protoflow.protocol import Protocol
    from protoflow.trace import Step

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "protoflow/v1"


def render(reports: Iterable[Report]) -> str:
    reports = list(reports)
    codes = sorted({found.code for report in reports for found in report.diagnostics})
    results = [result for report in reports for result in _results(report, codes)]
    driver = {
        "name": "protoflow",
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    known = CODES[code]
    text = explanation(code)
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": known.severity.value},
    }


def _results(report: Report, codes: list[str]) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = {}
    for found in report.diagnostics:
        result: dict[str, Any] = {
            "ruleId": found.code,
            "ruleIndex": codes.index(found.code),
            "level": found.severity.value,
            "message": {"text": _message(found)},
            "locations": [{"physicalLocation": _place(found.span)}],
        }
        if found.related:
            result["relatedLocations"] = [
                {"id": number, "physicalLocation": _place(label.span), "message": {"text": label.text}}
                for number, label in enumerate(found.related, 1)
            ]
        if found.trace:
            result["codeFlows"] = [_flow(found, report.protocol)]
        if found.help and found.help.edits:
            result["fixes"] = [
                {"description": {"text": found.help.text}, "artifactChanges": _changes(found.help.edits)}
            ]
        if found.implied_by:
            result["suppressions"] = [{"kind": "external", "justification": f"explained by {found.implied_by}"}]
        result["partialFingerprints"] = {FINGERPRINT: _fingerprint(found, seen)}
        if found.participants:
            result["properties"] = {"participants": dict(found.participants)}
        yield result


def _message(found: Diagnostic) -> str:
    return "\n".join([found.message, *found.notes, *([f"help: {found.help.text}"] if found.help else [])])


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": {"uri": uri(span.file)}, "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _flow(found: Diagnostic, protocol: Protocol | None) -> dict[str, Any]:
    """The run as one thread: its order is what matters, and viewers show one list."""
    roles = roles_of(found.participants, found.trace)
    size = ", ".join(f"{number} {role}" for role, number in found.participants.items())
    locations = [
        {
            "location": {
                "physicalLocation": _place(_row(step, protocol, roles) or found.span),
                "message": {"text": said},
            },
            "executionOrder": number,
        }
        for number, (step, said) in enumerate(((step, sentence(step)) for step in found.trace), 1)
    ]
    return {"message": {"text": f"a run with {size}"}, "threadFlows": [{"locations": locations}]}


def _row(step: Step, protocol: Protocol | None, roles: Mapping[str, str]) -> Span | None:
    """Where the row stands that the step takes; for one that takes none, the state that its participant is in."""
    if protocol is None:
        return None
    role = protocol.roles[roles[step.receiver]]
    if step.row is not None:
        return role.transitions[step.row].span
    state = role.states.get(step.state_before or "")
    return state.span if state else role.span


def _changes(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in edits:
        replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}}
        changes.setdefault(uri(edit.span.file), []).append(replacement)
    return [{"artifactLocation": {"uri": file}, "replacements": changed} for file, changed in changes.items()]


def _fingerprint(found: Diagnostic, seen: dict[str, int]) -> str:
    """The same while lines move: what is said of which file, and the how-manieth of those that say the same."""
    said = f"{uri(found.span.file)}\n{found.code}\n{found.message}"
    number = seen[said] = seen.get(said, 0) + 1
    return hashlib.sha256(f"{said}\n{number}".encode()).hexdigest()
