"""The JUnit report, read by a library that CI tools use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from junitparser import Failure, JUnitXml, TestSuite

from protoflow.reports import junit, text
from tests.reports.findings import report, reports

if TYPE_CHECKING:
    from protoflow.checks import Report


def suite(*of: Report, strict: bool = False) -> TestSuite:
    (found,) = JUnitXml.fromstring(junit.render(of, strict=strict).encode())
    assert isinstance(found, TestSuite)
    return found


def test_a_case_a_protocol_and_a_failure_for_each_that_has_errors() -> None:
    found = suite(*reports())
    cases = list(found)
    assert [case.classname for case in cases] == [each.file for each in reports()]
    assert [bool(case.result) for case in cases] == [not each.ok() for each in reports()]
    assert (found.tests, found.failures, found.errors) == (len(reports()), sum(not each.ok() for each in reports()), 0)
    assert cases[0].name == "fedavg"


def test_a_failure_has_the_whole_report() -> None:
    mistaken = report("no_timer")
    ((failure,),) = [case.result for case in suite(mistaken)]
    assert isinstance(failure, Failure)
    first = next(found for found in mistaken.shown if found in mistaken.errors)
    assert (failure.type, failure.message) == (first.code, first.message)
    assert failure.text == text.render(mistaken)


def test_warnings_fail_only_if_they_are_to() -> None:
    warned = report("no_ignore")
    assert warned.warnings
    assert not warned.errors
    (case,) = suite(warned)
    assert not case.result
    assert case.system_out == text.render(warned)
    (case,) = suite(warned, strict=True)
    assert case.result


def test_characters_that_xml_has_no_place_for() -> None:
    (case,) = suite(replace(report("key-twice"), file="a\x00\x1b[2J<&>.yaml"))
    assert case.classname == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2J<&>.yaml"
