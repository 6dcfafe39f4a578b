"""The SARIF report: valid, complete, and the same while lines move."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from protoflow.checks import Report, validate
from protoflow.checks.composition import Options
from protoflow.diagnostics import Edit, Span, apply
from protoflow.language import read_text
from protoflow.reports import sarif
from tests.composition.broken_deadline import BROKEN
from tests.reports.findings import report, reports

# The OASIS standard's own schema, as published with errata 01.
SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


def run_of(*of: Report) -> dict[str, Any]:
    document = json.loads(sarif.render(of))
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(document)
    run: dict[str, Any] = document["runs"][0]
    return run


def test_it_is_valid_and_has_every_finding() -> None:
    run = run_of(*reports())
    found = [found for each in reports() for found in each.diagnostics]
    assert [(each["ruleId"], each["level"]) for each in run["results"]] == [(f.code, f.severity.value) for f in found]
    assert {each["ruleId"] for each in run["results"]} >= {
        "PF004",
        "PF002",
        "PF103",
        "PF201",
        "PF202",
        "PF205",
        "PF209",
    }
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert run_of() == {**run, "results": [], "tool": {"driver": {**run["tool"]["driver"], "rules": []}}}


def test_places_are_those_of_the_finding() -> None:
    (found,) = report("key-twice").diagnostics
    (result,) = run_of(report("key-twice"))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "key-twice.yaml"}
    assert Span("key-twice.yaml", *place["region"].values()) == found.span
    assert result["relatedLocations"][0]["message"] == {"text": "first given here"}


def test_the_counterexample_is_a_code_flow() -> None:
    mistaken = report("join_not_handled_while_training")
    (result,) = [each for each in run_of(mistaken)["results"] if each["ruleId"] == "PF201"]
    (flow,) = result["codeFlows"]
    text = mistaken.sources[mistaken.file].split("\n")
    steps = [
        (each["location"]["message"]["text"], text[each["location"]["physicalLocation"]["region"]["startLine"] - 1])
        for each in flow["threadFlows"][0]["locations"]
    ]
    assert [said for said, _ in steps] == [
        "client1 starts in starting, goes to idle; sends join to server",
        "time_up of server elapses early in joining",
        "time_up fires at server in joining, goes to training; sends model to client1",
        "server does not handle join from client1 in training",
    ]
    assert "trigger: start," in steps[0][1]
    assert steps[1][1].strip() == "joining:"
    assert "trigger: time_up," in steps[2][1]
    assert steps[3][1].strip() == "training:"
    assert result["properties"] == {"participants": {"server": 1, "client": 1}}


def test_fixes_are_what_is_to_be_typed() -> None:
    mistaken = report("join_not_handled_while_training")
    results = run_of(mistaken)["results"]
    fixed = 0
    for found, result in zip(mistaken.diagnostics, results, strict=True):
        edits = [
            Edit(Span(mistaken.file, *each["deletedRegion"].values()), each["insertedContent"]["text"])
            for fix in result.get("fixes", ())
            for change in fix["artifactChanges"]
            for each in change["replacements"]
        ]
        assert edits == list(found.help.edits if found.help else ())
        if edits:
            fixed += 1
            assert apply(edits, mistaken.sources[mistaken.file]) != mistaken.sources[mistaken.file]
    assert fixed == 1


def test_what_another_finding_explains_is_there_but_suppressed() -> None:
    found = [found for each in reports() for found in each.diagnostics]
    explained = [bool(each.implied_by) for each in found]
    assert any(explained)
    assert ["suppressions" in result for result in run_of(*reports())["results"]] == explained


@pytest.mark.parametrize("name", ["no_ignore", "no_fresh"])
def test_fingerprints_stay_while_lines_move(name: str) -> None:
    def prints(text: str) -> list[dict[str, str]]:
        found = validate(read_text(text, f"{name}.yaml"), composition=Options(seconds=60))
        assert found.diagnostics
        return [each["partialFingerprints"] for each in run_of(found)["results"]]

    assert prints(BROKEN[name]) == prints("# one\n# two\n" + BROKEN[name])


def test_two_that_say_the_same_are_told_apart() -> None:
    (found,) = report("key-twice").diagnostics
    twice = replace(report("key-twice"), diagnostics=(found, found))
    first, second = (each["partialFingerprints"] for each in run_of(twice)["results"])
    assert first != second


def test_files_are_named_as_uris() -> None:
    (found,) = report("key-twice").diagnostics
    elsewhere = replace(found, span=replace(found.span, file="/else where/100%.yaml"))
    here = replace(found, span=replace(found.span, file=str(Path.cwd() / "a b" / "c#d.yaml")))
    run = run_of(replace(report("key-twice"), diagnostics=(elsewhere, here)))
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]]
    assert uris == ["file:///else%20where/100%25.yaml", "a%20b/c%23d.yaml"]
