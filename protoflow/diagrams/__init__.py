"""Diagrams of a protocol: its machines (`states`), its messages (`flow`), its runs (`sequence`).

Text forms (`dot`, `mermaid`, `table`) need nothing but Python; SVG, PNG and PDF are laid out by `draw`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.diagrams.model import WINDOW, Picture
from protoflow.errors import UsageError
from protoflow.program import compile_protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from protoflow.diagnostics import Diagnostic
    from protoflow.diagrams.sequence import Chart
    from protoflow.protocol import Protocol
    from protoflow.trace import Step

KINDS = ("states", "flow", "sequence")
FORMATS = ("dot", "svg", "png", "pdf", "mermaid", "table")


@dataclass(frozen=True)
class Diagram:
    """A picture that can be written in any notation. Text is byte-stable; what is drawn depends on the engine."""

    picture: Picture | Chart

    @property
    def dot(self) -> str:
        if isinstance(self.picture, Picture):
            from protoflow.diagrams import dot

            return dot.text(self.picture)
        from protoflow.diagrams import sequence_dot

        return sequence_dot.text(self.picture)

    @property
    def mermaid(self) -> str:
        if isinstance(self.picture, Picture):
            from protoflow.diagrams import mermaid, mermaid_flow

            return mermaid.text(self.picture) if self.picture.kind == "states" else mermaid_flow.text(self.picture)
        from protoflow.diagrams import sequence_mermaid

        return sequence_mermaid.text(self.picture)

    @property
    def table(self) -> str:
        """States and flow as a table, a sequence as a chart in characters."""
        if isinstance(self.picture, Picture):
            from protoflow.diagrams import table

            return table.text(self.picture)
        from protoflow.diagrams import sequence_text

        return "\n".join((self.picture.title, "", *sequence_text.lines(self.picture, standing=True))) + "\n"

    @property
    def crowded(self) -> bool:
        """Too many lines to be read with ease: the table, or one role alone, reads better."""
        return isinstance(self.picture, Picture) and self.picture.crowded

    def svg(self) -> str:
        return self.render("svg").decode()

    def render(self, format: str) -> bytes:
        """The diagram in one of FORMATS, text as UTF-8. Raises UsageError: unknown format, no layout engine."""
        if format in ("dot", "mermaid", "table"):
            return str(getattr(self, format)).encode()
        if format not in FORMATS:
            raise UsageError(f"`{format}` is not a format of diagrams: {', '.join(FORMATS)}")
        from protoflow.diagrams.draw import draw

        engine = "dot" if isinstance(self.picture, Picture) else "neato"
        return draw(self.dot, format, engine, self.picture.title, self.picture.description)


def diagram(
    protocol: Protocol, kind: str = "states", role: str | None = None, findings: Sequence[Diagnostic] = ()
) -> Diagram:
    """The picture of a protocol, `findings` drawn where they are.

    `role` draws that role's machine alone (kind `states`). Kind `sequence` draws the run of the first finding that has
    one. Raises UsageError: unknown kind or role, no run to draw.
    """
    if role is not None and role not in protocol.roles:
        raise UsageError(f"`{role}` is not a role of {protocol.name}: {', '.join(protocol.roles)}")
    if kind not in KINDS:
        raise UsageError(f"`{kind}` is not a kind of diagram: {', '.join(KINDS)}")
    if role is not None and kind != "states":
        raise UsageError(f"one role alone is drawn as `states`, not as `{kind}`")
    if kind == "sequence":
        shown = next((finding for finding in findings if finding.trace), None)
        if shown is None:
            raise UsageError("no run to draw: a sequence shows a finding of PF2xx, or the trace of a run")
        return run_diagram(protocol, shown.trace, shown.participants, verdict=(shown.code, shown.message))
    program = compile_protocol(protocol)
    if kind == "states":
        from protoflow.diagrams import states

        return Diagram(states.picture(program, role, findings))
    from protoflow.diagrams import flow

    return Diagram(flow.picture(program, findings))


def run_diagram(
    protocol: Protocol,
    steps: Sequence[Step],
    participants: Mapping[str, int],
    *,
    verdict: tuple[str, str] | None = None,
    window: int = WINDOW,
) -> Diagram:
    """The sequence chart of a run: its steps, and how many participants each role had.

    `verdict`: code and message of the finding that the run shows. A run of more than `window` events shows as many,
    from its beginning and end.
    """
    from protoflow.diagrams import words
    from protoflow.diagrams.sequence import chart

    requests = {request for role in compile_protocol(protocol).roles.values() for request in role.request_of.values()}
    return Diagram(
        chart(
            steps,
            participants,
            title=words.title(protocol),
            verdict=verdict,
            requests=frozenset(requests),
            initial={name: role.initial for name, role in protocol.roles.items()},
            window=window,
        )
    )
