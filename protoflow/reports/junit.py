"""Findings as JUnit XML, which CI servers show as tests: a test case a protocol, in the order they were given.

A protocol with errors is a failure whose text is the report as people see it; of one without, the report is the case's
output. No times, so that the same files give the same bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from protoflow.reports.paths import relative
from protoflow.reports.text import render as render_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.checks import Report


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for, not even escaped; a file's name may have it."""


def render(reports: Sequence[Report], *, strict: bool = False) -> str:
    """`strict`: warnings make a failure too."""
    failed = [report for report in reports if not report.ok(strict)]
    counts = {"tests": str(len(reports)), "failures": str(len(failed)), "errors": "0", "skipped": "0"}
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "protoflow validate", **counts})
    for report in reports:
        file = _xml(relative(report.file))
        name = str(report.protocol.name) if report.protocol else file
        case = ElementTree.SubElement(suite, "testcase", {"classname": file, "name": name, "file": file})
        if report.ok(strict):
            ElementTree.SubElement(case, "system-out").text = _xml(render_text(report))
        else:
            first = next(found for found in report.shown if strict or found in report.errors)
            said = {"message": _xml(first.message), "type": first.code}
            ElementTree.SubElement(case, "failure", said).text = _xml(render_text(report))
    ElementTree.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(suites, encoding="unicode")}\n'


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
