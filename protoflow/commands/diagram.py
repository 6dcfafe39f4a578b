"""`protoflow diagram`: draw protocols, or tell which committed pictures are no longer what their files give."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from protoflow.commands import composition
from protoflow.commands.arguments import add_sources, new_parser, one_of, several_of
from protoflow.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from protoflow.checks import Report
    from protoflow.commands.arguments import Parser, Subparsers
    from protoflow.diagnostics import Diagnostic
    from protoflow.diagrams import Diagram
    from protoflow.diagrams.look import Look
    from protoflow.language import Reading
    from protoflow.protocol import Protocol

NAME = "diagram"
SUMMARY = "draw protocols"
KINDS = ("states", "flow", "sequence")
FORMATS = ("dot", "svg", "png", "pdf", "mermaid", "table")
BINARY = ("png", "pdf")
STAMPED = (".svg", ".png", ".pdf")
SUFFIXES = {
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".mmd": "mermaid",
    ".txt": "table",
}
TEXT = """\
Draw protocols: the state machine of each role, the flow of messages between the roles, or one run in its sequence.

examples:
  protoflow diagram fedavg                               as a table, here in the terminal
  protoflow diagram my.yaml -o my.svg                    the state machines, as a picture
  protoflow diagram my.yaml --kind flow --format mermaid the message flow, to paste into Markdown
  protoflow diagram my.yaml --check -o my.png            with what `validate` finds drawn in
  protoflow diagram my.yaml --kind sequence --finding 1  the run that shows the first finding
  protoflow diagram fedavg --kind sequence --trace out.jsonl -o out.svg

  protoflow diagram protocols/ -o pictures/              states and flow of every protocol in a folder
  protoflow diagram protocols/ -o pictures/ --format svg,mermaid
  protoflow diagram protocols/ -o pictures/ --check-fresh
                                                         in CI: fails if a picture is not what its file gives now
  protoflow diagram -o pictures/                         the `paths` of [tool.protoflow] in pyproject.toml

  protoflow diagram my.yaml --width 8.5cm --greyscale -o my.pdf
                                                         for a column of a paper
  protoflow diagram my.yaml --detail less --font "Times New Roman" -o my.pdf

exit codes: 0 drawn (or fresh), 1 the protocol has errors (with --check: drawn, and has errors) or a picture is not
fresh, 2 wrong usage
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, diagram)
    add_sources(parser, many=True, optional=True)
    parser.add_argument(
        "--kind",
        metavar="KIND",
        type=several_of("kind of diagram", *KINDS),
        help="states: one state machine a role; flow: who sends what to whom; sequence: a run; or several: states,flow "
        "(states by default, into a folder both states and flow)",
    )
    parser.add_argument("--role", help="the state machine of this role alone")
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        type=several_of("format", *FORMATS),
        help=f"{', '.join(FORMATS)}, or several: svg,mermaid (by default what OUT's name says, else svg into a folder, "
        "table without OUT)",
    )
    parser.add_argument("--check", action="store_true", help="validate too, and draw the findings where they are")
    parser.add_argument("--finding", metavar="N", type=int, help="of a sequence: the run of this finding")
    parser.add_argument("--trace", metavar="FILE", type=Path, help="of a sequence: the run in this file")
    parser.add_argument(
        "--whole", action="store_true", help="of a sequence: every event, not only the first and the last 20"
    )
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="a file, or a folder for several pictures")
    parser.add_argument(
        "--check-fresh",
        action="store_true",
        help="draw nothing: fail if a picture in OUT is missing, not what its protocol gives now, or of none that is "
        "there",
    )
    look = parser.add_argument_group("looks")
    look.add_argument(
        "--detail",
        metavar="DETAIL",
        type=one_of("detail", "full", "less"),
        default="full",
        help="full, or less: without summaries, handlers, payloads, and what an event counts",
    )
    look.add_argument(
        "--width",
        metavar="LENGTH",
        help="at most this wide, such as 8.5cm or 3.3in: roles beneath each other, shorter lines, and then scaled down "
        "(svg, png, pdf)",
    )
    look.add_argument("--font", metavar="NAME", help="the font of all words (svg, png, pdf, dot)")
    look.add_argument("--greyscale", action="store_true", help="no colours: lines differ by dash, width and mark")
    composition.add_options(parser)
    return parser


@dataclass(frozen=True)
class Job:
    """One picture to be made: of what, in which notation, and where it goes (None: standard output)."""

    reading: Reading
    kind: str
    format: str
    target: Path | None


def diagram(options: argparse.Namespace) -> int:
    from protoflow.configuration import find

    options.sources = find(Path.cwd()).sources(options.sources)
    output: Path | None = options.output
    into_folder = output is not None and (output.is_dir() or not output.suffix)
    kinds = options.kind or (("states", "flow") if into_folder and not options.role else ("states",))
    formats = options.format or (_format(output, into_folder),)
    _refuse_what_makes_no_sense(options, kinds)
    if output is None and sys.stdout.isatty() and (binary := set(formats) & set(BINARY)):
        form = min(binary)
        raise UsageError(f"{form} is not for a terminal; say where to write it: -o picture.{form}")

    jobs, failed, names = [], False, set()
    for place, reading in _read(options):
        names.add(place / Path(reading.file).stem)
        if reading.protocol is None:
            _show_errors(reading)
            failed = True
            continue
        for kind in kinds:
            for form in formats:
                name = _file_name(reading, options.role or kind, form)
                jobs.append(Job(reading, kind, form, output / place / name if output and into_folder else output))
    _refuse_clashes(jobs, into_folder)
    failed |= _check_fresh(jobs, options) if options.check_fresh else _draw(jobs, options)
    if options.check_fresh and output and into_folder and any(Path(source).is_dir() for source in options.sources):
        failed |= _left_over(output, names)
    return int(failed)


def _refuse_what_makes_no_sense(options: argparse.Namespace, kinds: tuple[str, ...]) -> None:
    sequence = "sequence" in kinds
    if options.role and kinds != ("states",):
        raise UsageError(f"--role draws one state machine; `--kind {','.join(kinds)}` is about all roles")
    if sequence and (options.finding is None) == (options.trace is None):
        raise UsageError("a sequence shows one run: that of a finding (--finding 1), or one from a file (--trace FILE)")
    if not sequence and (options.finding is not None or options.trace is not None):
        raise UsageError("--finding and --trace are for `--kind sequence`")
    if options.whole and not sequence:
        raise UsageError("--whole is for `--kind sequence`")
    if options.check_fresh and options.output is None:
        raise UsageError("--check-fresh compares with pictures that were drawn; say where they are: -o pictures/")


def _read(options: argparse.Namespace) -> Iterator[tuple[Path, Reading]]:
    """Each protocol, and the subfolder for its pictures: that in which it lies below the folder that was named."""
    from protoflow.commands.sources import read_all

    for source in options.sources:
        below = Path(source) if source != "-" and Path(source).is_dir() else None
        for reading in read_all([source], dict(options.overrides)):
            yield Path(reading.file).parent.relative_to(below) if below else Path(), reading


def _refuse_clashes(jobs: list[Job], into_folder: bool) -> None:
    for target, count in Counter(job.target for job in jobs).items():
        if count > 1 and into_folder:
            names = " and ".join(sorted({job.reading.file for job in jobs if job.target == target}))
            raise UsageError(f"{names} would both be drawn to {target}; draw them into folders of their own")
        if count > 1 and (target or any(job.format in BINARY for job in jobs)):
            raise UsageError(f"several pictures would go to {target or 'standard output'}; name a folder: -o pictures/")


def _draw(jobs: list[Job], options: argparse.Namespace) -> bool:
    """Writes each picture as soon as it is drawn. Whether errors are drawn in one."""
    failed = False
    for number, (job, picture, errors) in enumerate(_pictures(jobs, options), 1):
        failed |= errors
        _progress(f"{number} of {len(jobs)}: {job.target}" if len(jobs) > 1 and job.target else "")
        data = picture.render(job.format)
        _progress("")
        if job.target is None:
            sys.stdout.buffer.write(data)
            continue
        job.target.parent.mkdir(parents=True, exist_ok=True)
        job.target.write_bytes(data)
        print(f"wrote {job.target}")
        if picture.crowded and job.format != "table":
            print(
                f"{job.target} is crowded; one role alone (--role ROLE) or a table (--format table) reads better",
                file=sys.stderr,
            )
    return failed


def _check_fresh(jobs: list[Job], options: argparse.Namespace) -> bool:
    """Names each picture that is not fresh, and the command that draws them. Whether there is one."""
    unfresh = 0
    for job, picture, _ in _pictures(jobs, options):
        assert job.target is not None
        if not job.target.is_file():
            print(f"missing: {job.target}")
        elif not picture.is_fresh(job.format, job.target.read_bytes()):
            print(f"stale: {job.target}")
        else:
            continue
        unfresh += 1
    if unfresh:
        print(f"{_pictures_of(unfresh, len(jobs))} not what the protocols give now; to draw all anew:")
        print(f"  {_typed(options)}")
    elif jobs:
        print(f"{_pictures_of(len(jobs), len(jobs))} fresh")
    return unfresh > 0


def _left_over(output: Path, names: set[Path]) -> bool:
    """Names each drawn picture in a folder whose protocol is not, or no longer, in the folder that is drawn there.

    Text (Mermaid, DOT, tables) has no stamp that tells who wrote it, and is left alone. Whether there is one.
    """
    from protoflow.diagrams import stamp

    found = False
    for path in sorted(path for suffix in STAMPED for path in output.rglob(f"*{suffix}")):
        name = path.relative_to(output).with_suffix("")
        if name.suffix not in (".states", ".flow") or name.with_suffix("") in names:
            continue
        if stamp.find(path.read_bytes()):
            print(f"left over: {path}, whose protocol is gone: delete it")
            found = True
    return found


def _pictures_of(some: int, all: int) -> str:
    count = str(some) if some == all else f"{some} of {all}"
    return f"{count} picture{'s are' if all != 1 else ' is'}"


def _typed(options: argparse.Namespace) -> str:
    """The command without `--check-fresh`."""
    parts = ["protoflow", "diagram", *options.sources]
    for name in ("kind", "format"):
        if value := getattr(options, name):
            parts += [f"--{name}", ",".join(value)]
    parts += ["--detail", "less"] if options.detail == "less" else []
    for name in ("role", "width", "font", "trace", "finding"):
        if (value := getattr(options, name)) is not None:
            parts += [f"--{name}", str(value)]
    parts += [f"--{name}" for name in ("whole", "greyscale", "check") if getattr(options, name)]
    checked = composition.typed(options)
    return " ".join(filter(None, (shlex.join(parts), checked, shlex.join(["-o", str(options.output)]))))


def _pictures(jobs: list[Job], options: argparse.Namespace) -> Iterator[tuple[Job, Diagram, bool]]:
    """The picture of each job, and whether errors are drawn in it. A protocol is validated once."""
    from protoflow.diagrams import diagram
    from protoflow.diagrams.model import WINDOW
    from protoflow.language import with_values

    reports: dict[str, Report] = {}
    window = None if options.whole else WINDOW
    for job in jobs:
        assert job.reading.protocol is not None
        protocol, look = with_values(job.reading.protocol, job.reading.parameters), _look(options, job)
        if job.kind == "sequence" and options.trace is not None:
            yield job, _run(protocol, options.trace, look, window), False
            continue
        shown: list[Diagnostic] = []
        errors = False
        if options.check or job.kind == "sequence":
            if job.reading.file not in reports:
                reports[job.reading.file] = _validated(job.reading, options)
            report = reports[job.reading.file]
            shown = list(report.shown)
            errors = options.check and not report.ok()
        if job.kind == "sequence":
            shown = [_finding(reports[job.reading.file], options.finding)]
        yield job, diagram(protocol, job.kind, options.role, shown, look=look, window=window), errors


def _validated(reading: Reading, options: argparse.Namespace) -> Report:
    from protoflow.checks import validate

    explored = composition.options(options)
    selected = {"select": options.select, "ignore": options.ignore}
    report = validate(reading, composition=explored, suggestions=False, **selected)
    composition.clear_progress(explored)
    return report


def _run(protocol: Protocol, file: Path, look: Look, window: int | None) -> Diagram:
    from protoflow.commands.runs import read
    from protoflow.diagrams import run_diagram
    from protoflow.trace import Claim

    header, steps, said = read(file)
    if isinstance(said, Claim):
        verdict = (said.code, said.message)
        return run_diagram(
            protocol, steps, header.participants, verdict=verdict, loop=said.loop, window=window, look=look
        )
    return run_diagram(protocol, steps, header.participants, window=window, look=look)


def _look(options: argparse.Namespace, job: Job) -> Look:
    from protoflow.diagrams.look import FONT, Detail, Look, points

    return Look(
        detail=Detail(options.detail),
        width=None if options.width is None else points(options.width),
        font=options.font or FONT,
        greyscale=options.greyscale,
        link=str if job.target is None else _link_from(job.target.parent),
    )


def _link_from(folder: Path) -> Callable[[str], str]:
    """Links of a picture in `folder` lead from there to the protocol, if it lies in the working directory."""
    from os.path import relpath
    from urllib.parse import quote, unquote

    def link(url: str) -> str:
        file, _, line = url.partition("#")
        path = Path(unquote(file))
        if path.is_absolute() or path.name == "<stdin>":
            return ""
        return f"{quote(Path(relpath(path, folder)).as_posix())}#{line}"

    return link


def _finding(report: Report, number: int) -> Diagnostic:
    """The finding of that number, as the text report counts them. Raises UsageError where it has no run."""
    with_a_run = {place: found for place, found in enumerate(report.shown, 1) if found.trace}
    if number not in with_a_run:
        numbers = ", ".join(map(str, with_a_run)) or "none"
        raise UsageError(f"{report.file} has no finding {number} with a run; those that have one: {numbers}")
    return with_a_run[number]


def _format(output: Path | None, into_folder: bool) -> str:
    if output is None:
        return "table"
    if into_folder:
        return "svg"
    if output.suffix not in SUFFIXES:
        raise UsageError(f"`{output.name}` ends in none of {', '.join(SUFFIXES)}; name one of these, or add --format")
    return SUFFIXES[output.suffix]


def _file_name(reading: Reading, what: str, form: str) -> str:
    suffix = next(suffix for suffix, each in SUFFIXES.items() if each == form)
    return f"{Path(reading.file).stem}.{what}{suffix}"


def _progress(line: str) -> None:
    """What is being drawn, on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{composition.CLEAR}{line[:79]}")
        sys.stderr.flush()


def _show_errors(reading: Reading) -> None:
    from protoflow.commands.terminal import colours
    from protoflow.reports.text import render_diagnostic

    for diagnostic in reading.diagnostics:
        print(render_diagnostic(diagnostic, reading.sources, colour=colours(sys.stderr)) + "\n", file=sys.stderr)
