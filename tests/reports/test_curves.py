"""Curves, drawn by matplotlib: the lines that are there, and files that are what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import protoflow
from protoflow.errors import UsageError
from protoflow.learning.materials import Materials
from protoflow.reports import curves
from protoflow.reports.rounds import Entry, Rounds

if TYPE_CHECKING:
    from collections.abc import Sequence


def served(*values: float, time: float = 1.0, **more: object) -> list[Entry]:
    return [
        Entry("server", number, number * time, 0, 0, {"round": number, "accuracy": value, **more})
        for number, value in enumerate(values)
    ]


MEASURED = [Entry(f"client{n}", 1, 1.0 + n, 0, 0, {"accuracy": n / 10, "loss": 1.0}) for n in (1, 2, 6)]


def texts(runs: dict[str, Sequence[Entry]], folder: Path) -> list[str]:
    """The words in the picture, numbers on the axes left out."""
    curves.draw(runs, folder / "curves.svg")
    found = re.findall(r"<text[^>]*>([^<]*)</text>", (folder / "curves.svg").read_text(encoding="utf-8"))
    return [text for text in found if not re.fullmatch(r"[\d.−]*", text)]


def test_a_panel_for_each_metric_over_rounds_and_time(tmp_path: Path) -> None:
    runs = {"mine": [*served(0.1, 0.5, learners=3), *MEASURED]}
    said = [
        "accuracy",
        "learners",
        "round",
        "loss",
        "virtual time (s)",
        "server",
        "each client: mean, least to greatest",
    ]
    assert sorted(texts(runs, tmp_path)) == sorted(said)


def test_where_no_time_passes_there_are_rounds_alone(tmp_path: Path) -> None:
    assert texts({"mine": served(0.1, 0.5, time=0.0)}, tmp_path) == ["round", "accuracy", "server"]


def test_several_runs_have_their_names(tmp_path: Path) -> None:
    runs = {"first": [*served(0.1, 0.5, time=0.0), MEASURED[0]], "other": served(0.2, 0.3, time=0.0)}
    found = texts(runs, tmp_path)
    assert found[-3:] == ["first", "other", "first, mean of each client"]  # of `loss`, which the server does not log


def test_who_logs_is_named_by_its_role_or_else_by_its_whole_id(tmp_path: Path) -> None:
    entries = [Entry(who, 1, 1.0, 0, 0, {"loss": 1.0}) for who in ("client10", "client2", "client-10")]
    found = texts({"mine": [*served(0.1, time=0.0), *entries]}, tmp_path)
    assert found[-2:] == ["each client: mean, least to greatest", "client-10: mean, least to greatest"]


def test_rounds_are_whole_numbers(tmp_path: Path) -> None:
    curves.draw({"mine": served(0.0, 0.5, 0.75, time=0.0)}, tmp_path / "curves.svg")
    axis = (tmp_path / "curves.svg").read_text(encoding="utf-8").split('id="matplotlib.axis_2"')[0]
    assert re.findall(r">([\d.]+)</text>", axis) == ["0", "1", "2"]


def points(path: Path, colour: str) -> list[list[tuple[float, float]]]:
    """The polylines of a colour in an SVG, as points from the top left corner."""
    text = path.read_text(encoding="utf-8")
    lines = re.findall(rf'<path d="([^"]*)"[^>]*style="fill: none; stroke(?:-dasharray: [^;]*; stroke[^:]*: [^;]*; '
                       rf'stroke)?: {colour}', text)  # fmt: skip
    return [[(float(x), float(y)) for x, y in re.findall(r"[ML] (\S+) (\S+)", line)] for line in lines]


def test_the_line_goes_through_what_was_logged(tmp_path: Path) -> None:
    path = tmp_path / "curves.svg"
    curves.draw({"mine": served(0.0, 0.5, 0.75, time=0.0)}, path)
    line = next(each for each in points(path, "#0072b2") if len(each) == 3)
    (x0, y0), (x1, y1), (x2, y2) = line
    assert x1 - x0 == pytest.approx(x2 - x1, abs=1e-3)
    assert (y0 - y1) == pytest.approx(2 * (y1 - y2), abs=1e-3)
    assert y0 > y1 > y2


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_same_runs_give_the_same_file(suffix: str, magic: bytes, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.{suffix}" for name in ("one", "again", "other")]
    for path, values in zip(paths, ((0.1, 0.5), (0.1, 0.5), (0.1, 0.6)), strict=True):
        curves.draw({"mine": [*served(*values), *MEASURED]}, path)
    one, again, other = (path.read_bytes() for path in paths)
    assert one.startswith(magic)
    assert one == again
    assert one != other


@pytest.mark.parametrize(
    "entries",
    [[], [Entry("client1", None, 0.0, 0, 0, {"loss": 1.0})], served(float("nan")),
     [Entry("s", 0, 0, 0, 0, {"round": 0})],
     [Entry("s", 1, 0, 0, 0, {"round": 1, "note": "text", "fine": True})]],
)  # fmt: skip
def test_nothing_to_draw(entries: list[Entry], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is nothing to draw: nobody logged a number beside a round"):
        curves.draw({"mine": entries}, tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [("curves.jpg", r"curves\.jpg: curves are drawn as \.png, \.svg or \.pdf"),
     ("curves", "curves: curves are drawn as"),
     ("no/curves.png", r"no/curves\.png: there is no folder no$")],
)  # fmt: skip
def test_where_nothing_can_be_drawn_to(path: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        curves.check(Path(path))


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as util\n"
        "found = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'matplotlib' else found(name)\n"
        "from protoflow.cli import main\n"
        f"sys.exit(main(['run', 'hello', '--plot', {str(tmp_path / 'curves.png')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    said = "error: curves need matplotlib, which is not installed: pip install 'protoflow-fl[plot]'\n"
    assert done.stderr == said


def test_results_are_plotted_as_their_recordings_are(tmp_path: Path) -> None:
    given = Materials("wine", "iid", 0, "linear")
    results = {
        name: protoflow.Course.build(name, {"client": 2}, {"rounds": 2}, setting=given.equip).run()
        for name in ("fedavg", "fedprox")
    }
    protoflow.plot(results, str(tmp_path / "results.svg"))
    curves.draw({name: Rounds(result.trace).entries for name, result in results.items()}, tmp_path / "entries.svg")
    assert (tmp_path / "results.svg").read_bytes() == (tmp_path / "entries.svg").read_bytes()
    assert ">fedprox<" in (tmp_path / "results.svg").read_text(encoding="utf-8")
