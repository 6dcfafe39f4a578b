"""Workflow commands of GitHub Actions, read back as its runner reads them."""

from __future__ import annotations

import re
from dataclasses import replace

from protoflow.diagnostics import CODES, Help, Span
from protoflow.reports import github
from protoflow.reports.text import summary
from tests.reports.findings import report, reports

# actions/runner, ActionCommand.TryParseV2: `::name key=value,key=value::data`, and what is unescaped in each
COMMAND = re.compile(r"^::(?P<name>error|warning) (?P<properties>[^:]*)::(?P<data>.*)$")


def unescaped(text: str) -> str:
    return text.replace("%3A", ":").replace("%2C", ",").replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def read(line: str) -> tuple[str, dict[str, str], str]:
    match = COMMAND.match(line)
    assert match, line
    values = dict(each.split("=", 1) for each in match["properties"].split(","))
    return match["name"], {name: unescaped(value) for name, value in values.items()}, unescaped(match["data"])


def test_a_command_a_finding_and_a_line_a_protocol() -> None:
    expected: list[str] = []
    for each in reports():
        expected += [*(f"{f.severity.value} {f.code}" for f in each.shown), summary(each)]
    said = []
    for line in github.render(reports()).splitlines():
        if line.startswith("::"):
            name, properties, _ = read(line)
            said.append(f"{name} {properties['title'].split(':')[0]}")
        else:
            said.append(line)
    assert said == expected


def test_what_a_command_says() -> None:
    (found,) = report("key-twice").diagnostics
    first, _ = github.render([report("key-twice")]).splitlines()
    assert read(first) == (
        "error",
        {
            "file": "key-twice.yaml",
            "line": str(found.span.line),
            "endLine": str(found.span.line),
            "col": "7",
            "endColumn": "15",
            "title": f"PF004: {CODES['PF004'].title}",
        },
        "`finished` is given twice",
    )


def test_nothing_in_a_file_ends_a_command_or_begins_one() -> None:
    (found,) = report("key-twice").diagnostics
    span = Span("a,line=1::b\n::error::c.yaml", 1, 2, 3, 4)
    nasty = replace(found, span=span, message="100%\n::error::x", help=Help("a\r\n::stop-commands::b"))
    first, *_ = lines = github.render([replace(report("key-twice"), diagnostics=(nasty,))]).splitlines()
    _, properties, data = read(first)
    assert len([line for line in lines if line.startswith("::")]) == 1
    assert properties["file"] == span.file
    assert "col" not in properties  # columns count within one line only
    assert data.startswith("100%")
    assert data.count("\n") == 1
