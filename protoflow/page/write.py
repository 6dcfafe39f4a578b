"""The page itself: pictures, data, style and script in one file.

Nothing that a protocol says can become markup or script: it is escaped where it stands in the page, and data is JSON
with `<` written as an escape. The page's policy lets no other script run than its own, and no request be made.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from protoflow import __version__
from protoflow.diagrams import diagram
from protoflow.diagrams.look import Look
from protoflow.page.contents import contents
from protoflow.reports.text import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.checks import Report
    from protoflow.page.contents import Run

LOOK = Look(places=True)


def page(report: Report, recorded: Sequence[Run] = ()) -> str:
    """The HTML of a report whose protocol could be read; `recorded` are runs to offer besides those of its findings."""
    protocol = report.protocol
    assert protocol is not None
    data = json.dumps(contents(report, recorded), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    script = _file("page.js")
    pictures = {
        kind: diagram(protocol, kind, findings=report.shown, look=LOOK).svg(inline=True) for kind in ("states", "flow")
    }
    return Template(_file("page.html")).substitute(
        title=escape(protocol.name),
        digest=protocol.digest[:8],
        summary=escape(protocol.summary),
        source=escape(protocol.source),
        verdict=escape(summary(report)),
        state="errors" if report.errors else "warnings" if report.warnings else "clean",
        hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=__version__,
        style=_file("page.css"),
        script=script,
        data=data,
        **pictures,
    )


def _file(name: str) -> str:
    return files("protoflow.page").joinpath(name).read_text(encoding="utf-8")
