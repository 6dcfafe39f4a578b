"""`protoflow run`: run a course in simulation, with the classes that its protocol names."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from protoflow.commands.arguments import add_sources, new_parser, participants, whole_number
from protoflow.errors import ProtocolError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping

    from protoflow.commands.arguments import Parser, Subparsers
    from protoflow.engines.conditions import Conditions
    from protoflow.reports.rounds import Rounds

T = TypeVar("T")

NAME = "run"
SUMMARY = "run a course in simulation"
PARTICIPANTS = 10
"""How many of a role take part where neither the command line nor the protocol says."""
CHECKING = 2.0
"""Seconds that the check of all participants together may take before a run; what it has not found by then, it says."""
TEXT = """\
Run a course on one machine, on a virtual clock, with the Python classes that the protocol names.

examples:
  protoflow run fedavg                                       ten clients learn scikit-learn's digits
  protoflow run fedavg --clients 20 --set rounds=5 --partition dirichlet:0.5 --trace fedavg.jsonl
  protoflow run fedavg_deadline --crash client:3@round=2     client3 is gone from the second round on
  protoflow run fedavg --data my.csv --model my_package:make_model --csv results.csv --plot curves.png
  protoflow run fedavg_cross_device --clients 1000000 --partition drawn:20
  protoflow run my.yaml --latency 10ms..50ms --loss 1% --seed 7
  protoflow run my.yaml --replay runs/my.1.PF201.jsonl       a run that `validate --runs` wrote

The protocol and the classes are validated first; a course does not start on an error. Classes are looked for in the
working directory too. --latency, --compute, --loss and --crash may be repeated. Same seed, same trace.
exit codes: 0 the course completed, 1 the protocol has errors or the course failed, 2 wrong usage, 130 interrupted;
with --replay: 0 it arrives where the file says (in the bad state of the finding, at the end of the run), 1 elsewhere,
2 the run cannot be followed
"""


def add(subparsers: Subparsers) -> Parser:
    parser = new_parser(subparsers, NAME, TEXT, run)
    add_sources(parser, many=False)
    parser.add_argument(
        "--clients",
        metavar="N",
        help=f"how many take part: a number for every role that may have several, or ROLE=N,ROLE=N (default: "
        f"{PARTICIPANTS}, or what the protocol allows)",
    )
    parser.add_argument(
        "--data",
        metavar="DATA",
        default="digits",
        help="what is learned from: digits (the default), breast_cancer, wine, diabetes, synthetic:ALPHA,BETA, a file "
        "(my.npz, my.csv, my.csv:column), or a function of yours (my_package:make_dataset)",
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        default="mlp",
        help="what learns: mlp (the default), linear, cnn, or a function of yours (my_package:make_model), called with "
        "the numbers of features and outputs",
    )
    parser.add_argument(
        "--partition",
        metavar="SCHEME",
        default="iid",
        help="how the data are divided among the learners: iid (the default), dirichlet:ALPHA, shards:K, "
        "quantity:ALPHA, natural; or drawn:K, drawn:K,ALPHA: each draws K for itself, for more learners than examples",
    )
    parser.add_argument("--seed", type=whole_number, default=0, help="fixes all that is left to chance (default: 0)")
    parser.add_argument("--csv", metavar="OUT", type=Path, help="write what every participant logged to this file")
    parser.add_argument(
        "--plot", metavar="OUT", type=Path, help="draw the same as curves: a .png, .svg or .pdf (needs matplotlib)"
    )
    parser.add_argument("--trace", metavar="OUT", type=Path, help="write every step to this file, as JSON Lines")
    parser.add_argument("--until", metavar="TIME", help="end the course after this virtual time, such as 10m")
    for option, metavar, what in (
        ("--latency", "TIME", "how long messages take: 10ms..50ms, or 'client -> server=200ms'"),
        ("--compute", "TIME", "how long handlers take: client=1s"),
        ("--loss", "SHARE", "the share of messages that get lost, by chance: 1%%, or update=5%%"),
        ("--crash", "WHO@WHEN", "who stops for ever: client:3@round=2, or client:3@time=5s"),
    ):
        parser.add_argument(option, metavar=metavar, action="append", default=[], help=what)
    parser.add_argument("--faults", metavar="FILE", type=Path, help="the same as a YAML file")
    parser.add_argument(
        "--replay", metavar="FILE", type=Path, help="follow the run in this file, without calling any handler"
    )
    return parser


def run(options: argparse.Namespace) -> int:
    import logging
    from logging.handlers import BufferingHandler

    from protoflow.checks import validate
    from protoflow.checks.composition import Options
    from protoflow.commands.progress import Progress
    from protoflow.commands.sources import look_here_for_classes
    from protoflow.commands.terminal import colours
    from protoflow.language import read
    from protoflow.language.commands import validating
    from protoflow.learning.materials import Materials
    from protoflow.program import compile_protocol
    from protoflow.reports import concise, curves, text
    from protoflow.runtime import Course

    if options.replay:
        return _replay(options)
    conditions = _conditions(options)
    if options.plot:
        curves.check(options.plot)
    if options.csv and not options.csv.parent.is_dir():
        raise UsageError(f"{options.csv}: there is no folder {options.csv.parent}")
    look_here_for_classes()
    reading = read(options.source, dict(options.overrides))
    check = partial(validate, reading, handlers=True, composition=Options(seconds=CHECKING))
    report = check(suggestions=False)
    if not report.ok() or reading.protocol is None:
        report = check()  # for what is shown then, it is worth the time
        sys.stderr.write(text.render(report, colour=colours(sys.stderr)))
        return 1
    if report.shown:
        sys.stderr.write(concise.render([report]))
        again = validating(reading.protocol, reading.parameters, ["--handlers"])
        print(f"{text.summary(report)}; to see it all: {again}", file=sys.stderr)

    warnings = BufferingHandler(capacity=sys.maxsize)  # they are printed below
    logging.getLogger("protoflow").addHandler(warnings)
    program = compile_protocol(reading.protocol, reading.parameters)
    counts = participants(program, options.clients, PARTICIPANTS)
    materials = Materials(options.data, options.partition, options.seed, options.model)  # loaded when one asks for them
    course = Course.build(program.protocol, counts, program.parameters, setting=materials.equip, seed=options.seed)
    who = ", ".join(text.plural(number, role) for role, number in counts.items())
    described = f"\n{materials.described}" if materials.described else ""
    progress = Progress(sys.stderr, f"{program.protocol.name}: {who}{described}")
    outcome = "not complete"
    try:
        result = course.run(
            conditions=conditions,
            seed=options.seed,
            trace=options.trace,
            progress=progress,
            until=_until(options.until),
            validate=False,
        )
        outcome = "complete" if result.outcome == "complete" else f"not complete: ended at {options.until}"
    finally:
        logging.getLogger("protoflow").removeHandler(warnings)
        progress.close()
        if progress.begun:
            _show(options, program.protocol.name, progress.rounds)
            print(outcome)
    for warning in [*(each.getMessage() for each in warnings.buffer), *_astray(progress.rounds, program.parameters)]:
        print(f"warning: {warning}", file=sys.stderr)
    if result.crashed:
        print(f"stopped for ever: {', '.join(result.crashed)}", file=sys.stderr)
    return 0


def _astray(rounds: Rounds, parameters: Mapping[str, object]) -> Iterator[str]:
    """What is said where training has run away, and the table alone would say it between the lines."""
    from protoflow.language.suggest import quoted

    if (found := rounds.gone_astray()) is not None:
        names, number = found
        rate = parameters.get("learning_rate")
        try_ = f"; a smaller step may help: --set learning_rate={rate / 10:g}" if isinstance(rate, float) else ""
        yield f"{quoted(names)} {'is' if len(names) == 1 else 'are'} not finite in round {number}{try_}"


def _show(options: argparse.Namespace, name: str, rounds: Rounds) -> None:
    """The table, and the files that were asked for: also of a course that failed, as far as it got."""
    from protoflow.reports import csv, curves

    sys.stdout.write(rounds.table())
    if options.csv:
        options.csv.write_text(csv.render(rounds.entries), encoding="utf-8")
        print(f"csv: {options.csv}")
    if options.plot:
        try:
            curves.draw({name: rounds.entries}, options.plot)
            print(f"plot: {options.plot}")
        except UsageError as error:
            print(f"warning: {options.plot} is not drawn: {error}", file=sys.stderr)
    if options.trace:
        print(f"trace: {options.trace}")


def _replay(options: argparse.Namespace) -> int:
    """Drive the engine along a run that was written, its handlers replaced by puppets, and say where it leads.

    A file says where that should be: a counterexample by the finding that it shows, a whole run by its end.
    """
    import logging

    from protoflow.commands.runs import read as read_run
    from protoflow.engines.replay import replay
    from protoflow.engines.world import States
    from protoflow.language import read
    from protoflow.program import compile_protocol
    from protoflow.reports import text
    from protoflow.trace import Claim, End

    logging.getLogger("protoflow").addHandler(logging.NullHandler())  # what it warned of is in its steps
    header, steps, said = read_run(options.replay)
    as_written = read(options.source).protocol
    if as_written is not None and as_written.name != header.protocol:
        raise UsageError(f"{options.replay} is a run of `{header.protocol}`, not of `{as_written.name}`")
    reading = read(options.source, {**header.parameters, **dict(options.overrides)})
    if reading.protocol is None:
        raise ProtocolError(reading.diagnostics)
    changed = reading.protocol.digest != header.digest
    if changed:
        print(f"note: {reading.file} is not as it was when this run was written", file=sys.stderr)
    program = compile_protocol(reading.protocol, reading.parameters)
    try:
        end = replay(program, header.participants, steps, header.links, said if isinstance(said, Claim) else None)
    except UsageError as error:
        if changed and isinstance(said, Claim):
            ask = f"`protoflow validate {reading.file}` says whether its {said.code} is gone"
            raise UsageError(f"{error}; this is no run of {reading.file} any more: {ask}") from None
        raise
    print(f"{reading.file}: after {text.plural(len(end.steps), 'step')}: {end.words}\n{end.account}")
    if isinstance(said, Claim):
        where = "the same bad state as in the finding" if end.same else "not the bad state of the finding"
        print(f"{where}: {said.code} {said.message}")
        return 0 if end.same else 1
    if isinstance(said, End) and said.outcome in ("complete", "stuck", "unhandled"):
        same = said.outcome == end.outcome and end.states == States(end.world.directory, said.states)
        print("the same end as that of the run" if same else f"not the end of the run, which was {said.outcome}")
        return 0 if same else 1
    return 1 if end.outcome in ("unhandled", "stuck") else 0


def _conditions(options: argparse.Namespace) -> Conditions:
    """What the faults file says, and what the options add to it or put in its place."""
    from dataclasses import replace

    from protoflow.engines import conditions_text as notation
    from protoflow.engines.conditions import Conditions

    found = notation.read_conditions(options.faults) if options.faults else Conditions()
    latency, compute, loss = dict(found.latency), dict(found.compute), dict(found.loss)
    for text in options.latency:
        latency |= _parsed("--latency", notation.parse_latency, text)
    for text in options.compute:
        compute |= _parsed("--compute", notation.parse_compute, text)
    for text in options.loss:
        loss |= _parsed("--loss", notation.parse_loss, text)
    crashes = (*found.crashes, *(_parsed("--crash", notation.parse_crash, text) for text in options.crash))
    return replace(found, latency=latency, compute=compute, loss=loss, crashes=crashes)


def _parsed(option: str, parse: Callable[[str], T], text: str) -> T:
    """Raises UsageError with the option, for a text that is not in its notation."""
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None


def _until(text: str | None) -> float | None:
    from protoflow.language.scalars import UNITS, duration

    if text is None:
        return None
    seconds = duration(text)
    if seconds is None:
        raise UsageError(f"--until takes a time with its unit ({UNITS}), not `{text}`")
    return seconds
