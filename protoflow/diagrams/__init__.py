"""Diagrams of a protocol: its machines (`states`), its messages (`flow`), its runs (`sequence`).

Text forms (`dot`, `mermaid`, `table`) need nothing but Python; SVG, PNG and PDF are laid out by `draw`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from protoflow.diagrams.look import PLAIN, Look
from protoflow.diagrams.model import LIFELINES, NARROW, WIDTH, WINDOW, Picture
from protoflow.errors import UsageError
from protoflow.program import compile_protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from protoflow.diagnostics import Diagnostic
    from protoflow.diagrams.chart import Chart
    from protoflow.diagrams.draw import Sheet
    from protoflow.protocol import Protocol
    from protoflow.trace import Step

KINDS = ("states", "flow", "sequence")
FORMATS = ("dot", "svg", "png", "pdf", "mermaid", "table")
TEXTS = ("dot", "mermaid", "table")


@dataclass(frozen=True)
class Diagram:
    """A picture that can be written in any notation. Text is byte-stable; what is drawn depends on the engine."""

    picture: Picture | Chart
    look: Look = PLAIN
    narrow: Picture | None = None
    """The same picture in shorter lines, for where there is no room for it."""

    @property
    def dot(self) -> str:
        return self.arrangements[0]

    @property
    def arrangements(self) -> tuple[str, ...]:
        """As DOT texts, the usual one first; for a width there is a narrow one too."""
        if isinstance(self.picture, Picture):
            from protoflow.diagrams import dot

            usual = dot.text(self.picture, self.look)
            return (usual,) if self.narrow is None else (usual, dot.text(self.narrow, self.look, narrow=True))
        from protoflow.diagrams import sequence_dot

        return (sequence_dot.text(self.picture, self.look),)

    @property
    def mermaid(self) -> str:
        if isinstance(self.picture, Picture):
            from protoflow.diagrams import mermaid, mermaid_flow

            text = mermaid.text if self.picture.kind == "states" else mermaid_flow.text
            return text(self.picture, self.look)
        from protoflow.diagrams import sequence_mermaid

        return sequence_mermaid.text(self.picture)

    @property
    def table(self) -> str:
        """States and flow as a table, a sequence as a chart in characters."""
        if isinstance(self.picture, Picture):
            from protoflow.diagrams import table

            return table.text(self.picture)
        from protoflow.diagrams import sequence_text

        left_out = [f"not shown: {', '.join(self.picture.left_out)}"] if self.picture.left_out else []
        lines = sequence_text.lines(self.picture, standing=True)
        return "\n".join((self.picture.title, "", *lines, *left_out)) + "\n"

    @property
    def crowded(self) -> bool:
        """Too many lines to be read with ease: the table, or one role alone, reads better."""
        return isinstance(self.picture, Picture) and self.picture.crowded

    def svg(self, *, inline: bool = False, alt: str = "") -> str:
        """A picture to be kept in a file or, `inline`, to be put into an HTML page, whose text colour it takes.

        `alt` takes the place of its description for those who do not see it.
        """
        from protoflow.diagrams.draw import draw

        self._refuse("svg")
        sheet = self._sheet()
        return draw(replace(sheet, description=alt or sheet.description), "svg", inline=inline).decode()

    def render(self, format: str) -> bytes:
        """The diagram in one of FORMATS, text as UTF-8.

        Raises UsageError: unknown format, a look that the format cannot have, words too small, no layout engine.
        """
        self._refuse(format)
        if format in TEXTS:
            return str(getattr(self, format)).encode()
        from protoflow.diagrams.draw import draw

        return draw(self._sheet(), format)

    def is_fresh(self, format: str, written: bytes) -> bool:
        """Whether `written` is what `render` gives now; a drawn picture may come from another version of Graphviz."""
        self._refuse(format)
        if format in TEXTS:
            return written == self.render(format)
        from protoflow.diagrams import stamp

        return stamp.find(written) == self._sheet().stamp(format)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """What a notebook shows: the picture, or, where nothing can lay it out, the table."""
        del include, exclude
        bundle = {"text/plain": self.table}
        with suppress(UsageError):
            bundle["image/svg+xml"] = self.svg()
        return bundle

    def _refuse(self, format: str) -> None:
        if format not in FORMATS:
            raise UsageError(f"`{format}` is not a format of diagrams: {', '.join(FORMATS)}")
        if refusal := self.look.refusal(format):
            raise UsageError(refusal)

    def _sheet(self) -> Sheet:
        from protoflow.diagrams.draw import Sheet

        engine = "dot" if isinstance(self.picture, Picture) else "neato"
        return Sheet(
            self.arrangements, engine, self.picture.title, self.picture.description, self.look, tuple(self._narrower())
        )

    def _narrower(self) -> Iterator[str]:
        """The options of the command line with which there is less to draw; a sequence has its lifelines anyway."""
        if isinstance(self.picture, Picture) and not self.look.less:
            yield "`--detail less`"
        if isinstance(self.picture, Picture) and self.picture.kind == "states" and len(self.picture.clusters) > 1:
            yield "`--role ROLE`, one state machine alone"


def diagram(
    protocol: Protocol,
    kind: str = "states",
    role: str | None = None,
    findings: Sequence[Diagnostic] = (),
    *,
    look: Look = PLAIN,
    window: int | None = WINDOW,
) -> Diagram:
    """The picture of a protocol, `findings` drawn where they are.

    `role` draws that role's machine alone (kind `states`). Kind `sequence` draws the run of the first finding that has
    one, and of a long one `window` events (None: all). Raises UsageError: unknown kind or role, no run to draw.
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
        verdict = (shown.code, shown.message)
        return run_diagram(
            protocol, shown.trace, shown.participants, verdict=verdict, loop=shown.loop, window=window, look=look
        )
    from protoflow.diagrams import flow, states
    from protoflow.diagrams.words import Wording

    program = compile_protocol(protocol)

    def picture(width: int) -> Picture:
        wording = Wording(look.less, width)
        if kind == "states":
            return states.picture(program, role, findings, wording)
        return flow.picture(program, findings, wording)

    return Diagram(picture(WIDTH), look, None if look.width is None else picture(NARROW))


def run_diagram(
    protocol: Protocol,
    steps: Sequence[Step],
    participants: Mapping[str, int],
    *,
    verdict: tuple[str, str] | None = None,
    loop: int | None = None,
    window: int | None = WINDOW,
    look: Look = PLAIN,
) -> Diagram:
    """The sequence chart of a run: its steps, and how many participants each role had.

    `verdict`: code and message of the finding that the run shows; from step `loop` on (from 0) it goes on for ever. A
    run of more than `window` events shows as many, from its beginning and end; None: all.
    """
    from protoflow.diagrams import words
    from protoflow.diagrams.rounds import answered
    from protoflow.diagrams.sequence import chart

    return Diagram(
        chart(
            steps,
            participants,
            title=words.title(protocol),
            verdict=verdict,
            answers=answered(protocol),
            initial={name: role.initial for name, role in protocol.roles.items()},
            loop=loop,
            window=window,
            most=LIFELINES if verdict is None else None,
            less=look.less,
        ),
        look,
    )
