"""Looks: less to say, a width, a font, no colours; and the stamp that a drawn picture bears."""

from __future__ import annotations

import re
import struct
import zlib

import pytest

import protoflow
from protoflow import Look
from protoflow.diagrams import stamp
from protoflow.diagrams.labels import prose
from protoflow.diagrams.look import Detail, points
from protoflow.diagrams.words import wrapped
from tests.diagrams.support import KINDS, SOURCES, load, mermaid_problems, words_of_dot

COLOUR = re.compile(r"#(?!888888)[0-9A-Fa-f]{6}\b")


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("kind", KINDS)
def test_greyscale_has_no_colour_and_the_same_words(name: str, kind: str) -> None:
    coloured, grey = protoflow.diagram(load(name), kind), protoflow.diagram(load(name), kind, look=Look(greyscale=True))
    assert COLOUR.search(coloured.dot) or (name, kind) == ("ring", "flow")  # one role and one message
    assert not COLOUR.search(grey.dot)
    assert "stroke:#" not in grey.mermaid
    assert mermaid_problems([grey.mermaid]) == [""]


def test_less_leaves_out_summaries_handlers_and_payloads() -> None:
    protocol = load("fedavg")
    states = protoflow.diagram(protocol, look=Look(detail="less"))
    for shown in (words_of_dot(states.dot), states.mermaid, states.table):
        assert "aggregate" not in shown
        assert "all of update" not in shown
        assert "all_updated" in shown
        assert "converged" in shown
    assert "Until every client has" not in states.dot
    flow = protoflow.diagram(protocol, "flow", look=Look(detail="less"))
    for shown in (flow.dot, flow.mermaid, flow.table):
        assert "tensors" not in shown
        assert "metrics" in shown


@pytest.mark.parametrize("width", ["10.5cm", "17cm", "5.2in"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_at_most_as_wide_as_it_should_be(kind: str, width: str) -> None:
    for name in ("hello", "fedavg", "fedbuff"):
        svg = protoflow.diagram(load(name), kind, look=Look(width=points(width))).svg()
        found = re.search(r'width="([\d.]+)pt"', svg)
        assert found is not None
        assert float(found[1]) <= points(width) + 1
        scale = re.search(r"scale\(([\d.]+)", svg)
        assert scale is not None
        assert 9 * float(scale[1]) >= 5.9, "the smallest words can be read"


DETAIL, ROLE = "`--detail less`", "`--role ROLE`, one state machine alone"


@pytest.mark.parametrize(
    ("kind", "role", "detail", "narrower"),
    [
        ("states", None, "full", f"; with less in it, it is narrower: {DETAIL} or {ROLE}"),
        ("states", None, "less", f"; with less in it, it is narrower: {ROLE}"),
        ("states", "client", "less", ""),
        ("flow", None, "full", f"; with less in it, it is narrower: {DETAIL}"),
    ],
)
def test_a_width_at_which_nothing_can_be_read_is_refused(
    kind: str, role: str | None, detail: str, narrower: str
) -> None:
    """With what would help, of which nothing has been done yet."""
    look = Look(Detail(detail), width=points("1cm"))
    with pytest.raises(protoflow.UsageError) as caught:
        protoflow.diagram(load("fedavg"), kind, role, look=look).svg()
    words = r"fedavg is too wide: at 1\.0cm its words would be smaller than 6 points; it needs \d+\.\dcm"
    assert re.fullmatch(words + re.escape(narrower), str(caught.value))


@pytest.mark.parametrize("text", ["", "8.5", "cm", "-1cm", "0cm", "1e3cm", "8,5cm", "1 km"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(protoflow.UsageError, match="is not a length such as"):
        points(text)


def test_a_font_is_named_in_every_format_that_can() -> None:
    diagram = protoflow.diagram(load("hello"), look=Look(font="Times New Roman"))
    assert 'fontname="Times New Roman"' in diagram.dot
    assert "Arial" not in diagram.dot
    assert '"Times New Roman", Arial' in diagram.svg()
    with pytest.raises(protoflow.UsageError, match="is not the name of a font"):
        Look(font='x"; }')


def test_a_stamp_does_not_harm_a_picture() -> None:
    diagram = protoflow.diagram(load("hello"))
    png = diagram.render("png")
    place, kinds = 8, []
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        body = png[place + 4 : place + 8 + length]
        assert png[place + 8 + length : place + 12 + length] == struct.pack(">I", zlib.crc32(body))
        kinds.append(body[:4])
        place += 12 + length
    assert kinds[:2] == [b"IHDR", b"tEXt"]
    assert kinds[-1] == b"IEND"
    pdf = diagram.render("pdf")
    assert int(pdf.rsplit(b"startxref", 1)[1].split()[0]) < pdf.rindex(b"%protoflow")
    stamps = {stamp.find(diagram.render(form)) for form in ("svg", "png", "pdf")}
    assert len(stamps) == 3
    assert "" not in stamps


def test_what_stands_in_backticks_does_so_on_each_line() -> None:
    assert wrapped("write `send: {model: all}` here", 14) == ("write `send:`", "`{model: all}`", "here")
    for line in wrapped("a `name with blanks` and `another one` at the end", 8):
        assert "`" not in prose(line)
