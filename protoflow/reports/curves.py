"""Curves of what was logged in one run or several: a panel for each metric, over the rounds and over virtual time.

A line with dots is what the participant that logs the rounds said of each (mostly the server). A dashed one is the mean
of what others logged in a round, and the band about it goes from the least to the greatest. Runs differ in colour and
in the shape of the dots; where there are several, bands are left out, and the mean is drawn only of what no line with
dots has. The panels over time are left out where none passes. The same runs give the same file, byte for byte.
"""

from __future__ import annotations

import math
import re
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError
from protoflow.reports.rounds import END_OF_ROW, Rounds

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes

    from protoflow.reports.rounds import Entry
    from protoflow.runtime import Result

    Runs = Mapping[str, Sequence[Entry]]

MISSING = "curves need matplotlib, which is not installed: pip install 'protoflow-fl[plot]'"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, told apart by colour-blind readers too."""
DOTS = "os^DvP"
DATES = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""What matplotlib would write into a file that is not the same each time."""
_NUMBERED = re.compile(r"(?P<role>[a-z][a-z0-9_]*?)[0-9]+")
"""The id of one of several in a role."""
PANEL = (4.4, 2.9)
"""Inches."""


def plot(results: Mapping[str, Result], file: str | os.PathLike[str]) -> None:
    """Draw what was logged in these courses, each under its name: `plot({"fedavg": result}, "curves.png")`.

    A panel for each metric, over the rounds and over virtual time; the file's name ends in .png, .svg or .pdf. Raises
    UsageError where nothing was logged beside a round, and where matplotlib is missing.
    """
    draw({name: Rounds(result.trace).entries for name, result in results.items()}, Path(file))


def check(path: Path) -> None:
    """Raises UsageError where no curves can be drawn to this file: before a run, rather than after it."""
    if path.suffix[1:] not in DATES:
        raise UsageError(f"{path}: curves are drawn as .png, .svg or .pdf")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")
    if find_spec("matplotlib") is None:
        raise UsageError(MISSING)


def draw(runs: Runs, path: Path) -> None:
    """Draw the runs, each by its name, to a .png, .svg or .pdf. Raises UsageError where nothing was logged to draw."""
    check(path)
    import matplotlib
    from matplotlib.figure import Figure

    metrics = _metrics(runs)
    if not metrics:
        raise UsageError(
            "there is nothing to draw: nobody logged a number beside a round, as self.log(round=3, loss=0.1) does"
        )
    timed = any(entry.time > 0 for entries in runs.values() for entry in entries)
    columns = ["round", "virtual time (s)"] if timed else ["round"]
    figure = Figure(figsize=(PANEL[0] * len(columns), PANEL[1] * len(metrics) + 0.4), layout="constrained")
    panels = figure.subplots(len(metrics), len(columns), squeeze=False, sharex="col", sharey="row")
    for row, metric in zip(panels, metrics, strict=True):
        row[0].set_ylabel(metric)
        for number, (name, entries) in enumerate(runs.items()):
            look = {"color": COLOURS[number % len(COLOURS)], "marker": DOTS[number % len(DOTS)]}
            for axes, by_time in zip(row, (False, True), strict=False):
                _lines(axes, entries, metric, by_time, None if len(runs) == 1 else name, look)
    for axes in panels.flat:
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    for axes, title in zip(panels[-1], columns, strict=True):
        axes.set_xlabel(title)
    panels[-1][0].xaxis.get_major_locator().set_params(integer=True)
    labelled = {
        label: line for axes in panels.flat for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(labelled.values(), labelled.keys(), loc="outside lower center", ncols=3, frameon=False)
    with matplotlib.rc_context({"svg.hashsalt": "protoflow", "svg.fonttype": "none"}):
        figure.savefig(path, dpi=150, metadata=DATES[path.suffix[1:]])


def _metrics(runs: Runs) -> list[str]:
    """What has a curve: numbers that were logged when a round was known, in the order of their first appearance."""
    found = (name for entries in runs.values() for each in entries for name in each.values if _number(each, name))
    return [name for name in dict.fromkeys(found) if name != END_OF_ROW]


def _number(entry: Entry, name: str) -> bool:
    value: Any = entry.values.get(name)
    return entry.round is not None and type(value) in (int, float) and math.isfinite(value)


def _lines(
    axes: Axes, entries: Sequence[Entry], metric: str, by_time: bool, name: str | None, look: Mapping[str, Any]
) -> None:
    """One run's lines in one panel; `name` is None where it is the only run."""
    known = [each for each in entries if _number(each, metric)]
    ends = [each for each in known if each.ends_row]
    if ends:
        at = [each.time if by_time else each.round for each in ends]
        every = max(1, len(ends) // 20)
        label = name or ends[0].participant
        axes.plot(at, [each.values[metric] for each in ends], **look, markersize=4, markevery=every, label=label)
    for who, groups in _others(known) if name is None or not ends else ():
        at = [max(each.time for each in group) if by_time else group[0].round for group in groups]
        values = [[each.values[metric] for each in group] for group in groups]
        label = f"{who}: mean, least to greatest" if name is None else f"{name}, mean of {who}"
        axes.plot(at, [fmean(group) for group in values], color=look["color"], linestyle="--", label=label)
        if name is None:
            lower, upper = [min(group) for group in values], [max(group) for group in values]
            axes.fill_between(at, lower, upper, color=look["color"], alpha=0.15, linewidth=0)


def _others(entries: Sequence[Entry]) -> Iterator[tuple[str, list[list[Entry]]]]:
    """Who logged without ending a row, `each client` or one by its id, and what, grouped by the round."""
    roles: dict[str, dict[Any, list[Entry]]] = {}
    for each in entries:
        if not each.ends_row:
            numbered = _NUMBERED.fullmatch(each.participant)
            who = f"each {numbered['role']}" if numbered else each.participant
            roles.setdefault(who, {}).setdefault(each.round, []).append(each)
    for who, groups in roles.items():
        yield who, list(groups.values())
