"""Findings are drawn where they are, with code and number, and listed beneath."""

from __future__ import annotations

import pytest

import protoflow
from protoflow.diagnostics import Diagnostic, Span
from protoflow.diagrams.model import Mark, Picture
from tests.diagrams.support import load, mermaid_problems, words_of_mermaid


def finding(code: str, *subject: tuple[str, str], message: str = "something") -> Diagnostic:
    return Diagnostic(code, message, Span("x.yaml", 1, 1, 1, 2), subject=frozenset(subject))


def marked(picture: Picture) -> list[str]:
    """What carries a mark, in words."""
    found = ["protocol"] * bool(picture.marks)
    for cluster in picture.clusters:
        found += [f"role {cluster.name}"] * bool(cluster.marks)
        found += [f"box {box.name}" for box in cluster.boxes if box.marks]
        found += [block.lines[0].text for edge in cluster.edges for block in edge.blocks if block.marks]
    return found


@pytest.mark.parametrize(
    ("subject", "states", "flow"),
    [
        ([("role", "server"), ("state", "waiting"), ("message", "hello")], ["box waiting"], ["1 hello"]),
        ([("role", "server"), ("row", "3"), ("state", "waiting")], ["○ ↻ patience: after 90s"], ["box server"]),
        ([("role", "server"), ("event", "half")], ["◆ half: 50% of hello / close"], ["box server"]),
        ([("role", "server"), ("message", "orphan")], ["role server"], ["✗ 2 orphan"]),
        ([("role", "client"), ("message", "wish")], ["wish, part"], ["✗ wish"]),
        ([("role", "client")], ["role client × 3..8"], ["box client × 3..8"]),
        ([("message", "part")], ["◆ half: 50% of hello / close", "wish, part"], ["4 part → half"]),
        ([("message", "unheard")], ["protocol"], ["✗ unheard"]),
        ([], ["protocol"], ["protocol"]),
    ],
)
def test_the_most_particular_thing_carries_the_mark(
    subject: list[tuple[str, str]], states: list[str], flow: list[str]
) -> None:
    protocol, findings = load("loose"), [finding("PF103", *subject)]
    for kind, expected in (("states", states), ("flow", flow)):
        picture = protoflow.diagram(protocol, kind, findings=findings).picture
        assert isinstance(picture, Picture)
        assert marked(picture) == expected


def test_findings_are_numbered_and_listed() -> None:
    findings = [finding("PF101", ("role", "server"), ("state", "island"), message=f"`island` {i}") for i in range(2)]
    diagram = protoflow.diagram(load("loose"), findings=findings)
    marks = [Mark(1, "PF101"), Mark(2, "PF101")]
    assert diagram.picture.findings == tuple(zip(marks, ("`island` 0", "`island` 1"), strict=True))
    for text in (diagram.dot, words_of_mermaid(diagram.mermaid), diagram.table):
        assert text.count("PF101 (1)") == text.count("PF101 (2)") == 2, "once in the state, once in the list"
    assert "`island` 0" in diagram.table
    assert "island (unreachable, PF101 (1), PF101 (2))" in diagram.table


def test_pictures_with_findings_parse_in_mermaid() -> None:
    awkward = finding("PF103", ("message", "orphan"), message='`orphan` "is"; sent # to {server} --> [x] %% <b>\nend')
    diagrams = [protoflow.diagram(load("loose"), kind, findings=[awkward]) for kind in ("states", "flow")]
    assert mermaid_problems([diagram.mermaid for diagram in diagrams]) == ["", ""]
    assert all(diagram.render("png").startswith(b"\x89PNG") for diagram in diagrams)
