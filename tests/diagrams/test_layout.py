"""What a reader of a picture may count on, measured in what Graphviz makes of it: no words on other words, rungs that
are straight and in order, a loop's words beside it."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import protoflow
from protoflow.diagrams.look import Look
from tests.diagrams.support import KINDS, SOURCES, load

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
FILES = {
    f"{folder.name}/{path.stem}": path
    for folder in (TESTS / "composition" / "shapes", TESTS / "courses")
    for path in sorted(folder.glob("*.yaml"))
}
EVERY = (*SOURCES, *FILES)
SPRAWLING = (
    "secure_aggregation",
    "secure_averaging",
    "fedavg_elastic",
    "federated_evaluation",
    "vertical_trees",
    "vertical_trees_encrypted",
)
"""Here Graphviz leads a line that passes several states outside the frame of its role."""

STACKED = (
    *("correlation_filter", "iv_filter", "swarm", "vertical_lr", "vertical_trees", "vertical_trees_encrypted"),
    "courses/federatedscope_vertical_lr",
)
"""So many messages among more than two roles that two roles stand above each other."""


@dataclass(frozen=True)
class Area:
    """In points, what `name` covers."""

    name: str
    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Area, spare: float = 0.5) -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        along = min(self.top, other.top) - max(self.bottom, other.bottom)
        return across > spare and along > spare


def protocol(name: str) -> protoflow.Protocol:
    return load(name) if name in SOURCES else protoflow.load(FILES[name])


def laid_out(dot: str) -> dict[str, Any]:
    done = subprocess.run(["dot", "-Tjson"], input=dot, capture_output=True, text=True, check=True)
    layout: dict[str, Any] = json.loads(done.stdout)
    return layout


def nodes(layout: dict[str, Any]) -> dict[str, Area]:
    found = {}
    for each in layout["objects"]:
        if "pos" in each:
            x, y = map(float, each["pos"].split(","))
            width, height = float(each["width"]) * 72, float(each["height"]) * 72
            found[each["name"]] = Area(each["name"], x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return found


def labels(layout: dict[str, Any]) -> list[Area]:
    """The words of lines, as far as they are not in nodes of their own: Graphviz says where, and on what."""
    found = []
    for each in layout.get("edges", ()):
        texts = [op for op in each.get("_ldraw_", ()) if op["op"] == "T"]
        if texts:
            left = min(op["pt"][0] for op in texts)
            right = max(op["pt"][0] + op["width"] for op in texts)
            ys = [op["pt"][1] for op in texts]
            found.append(Area(f"line {each['_gvid']}", left, min(ys) - 2, right, max(ys) + 7))
    return found


def spline(edge: dict[str, Any]) -> list[tuple[float, float]]:
    """Its end points and control points, the tips of its arrows first."""
    parts = [part.removeprefix("s,").removeprefix("e,") for part in edge["pos"].split()]
    return [(float(x), float(y)) for x, y in (part.split(",") for part in parts)]


def on_the_line(edge: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """Points along a line, without its arrows."""
    points = spline(edge)[edge["pos"].count("s,") + edge["pos"].count("e,") :]
    for start in range(0, len(points) - 3, 3):
        a, b, c, d = points[start : start + 4]
        for t in (step / 20 for step in range(21)):
            u = 1 - t
            weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            yield (
                sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True)),
                sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)),
            )


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EVERY)
def test_no_words_are_on_other_words(name: str, kind: str, narrow: bool) -> None:
    diagram = protoflow.diagram(protocol(name), kind, look=Look(width=100.0 if narrow else None))
    layout = laid_out(diagram.arrangements[-1])
    areas = [*nodes(layout).values(), *labels(layout)]
    assert [(a.name, b.name) for a, b in itertools.combinations(areas, 2) if a.overlaps(b)] == []


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EVERY)
def test_no_line_goes_through_words(name: str, kind: str, narrow: bool) -> None:
    diagram = protoflow.diagram(protocol(name), kind, look=Look(width=100.0 if narrow else None))
    layout = laid_out(diagram.arrangements[-1])
    names = {each["_gvid"]: each["name"] for each in layout["objects"]}
    areas = [*nodes(layout).values(), *labels(layout)]
    crossed = [
        (names[edge["tail"]], names[edge["head"]], area.name)
        for edge in layout["edges"]
        if edge.get("style") != "invis"
        for area in areas
        if area.name not in (names[edge["tail"]], names[edge["head"]])
        if any(area.left < x < area.right and area.bottom < y < area.top for x, y in on_the_line(edge))
    ]
    assert crossed == []


@pytest.mark.parametrize("name", [each for each in EVERY if each not in ("loose", *STACKED)])
def test_rungs_are_straight_and_in_order(name: str) -> None:
    """Straight between roles that are beside each other. Not those of `loose`, whose labels all hang on one side of a
    role."""
    diagram = protoflow.diagram(protocol(name), "flow")
    layout = laid_out(diagram.dot)
    names = {each["_gvid"]: each["name"] for each in layout["objects"]}
    areas = nodes(layout)
    beside = {
        f"{cluster.id}_{number}"
        for cluster in diagram.picture.clusters
        for number, edge in enumerate(cluster.edges)
        for order in [[box.id for box in cluster.boxes]]
        if abs(order.index(edge.source) - order.index(edge.dest)) == 1
    }
    for edge in layout["edges"]:
        ends = names[edge["tail"]], names[edge["head"]]
        if edge.get("style") != "invis" and beside.intersection(ends):
            ys = [y for _, y in spline(edge)]
            assert max(ys) - min(ys) <= 2, ends
    for cluster in diagram.picture.clusters:
        between: dict[frozenset[str], list[float]] = {}
        for number, edge in enumerate(cluster.edges):
            if edge.source != edge.dest:
                words = areas[f"{cluster.id}_{number}"]
                between.setdefault(frozenset((edge.source, edge.dest)), []).append(words.bottom)
        assert all(tops == sorted(tops, reverse=True) for tops in between.values())


@pytest.mark.parametrize("name", [name for name in EVERY if name not in SPRAWLING])
def test_words_stay_within_the_frame_of_their_role(name: str) -> None:
    layout = laid_out(protoflow.diagram(protocol(name)).dot)
    frames = [each for each in layout["objects"] if re.fullmatch(r"cluster_p\d+", each["name"])]
    bounds = {node: each["bb"].split(",") for each in frames for node in each["nodes"]}
    lines = [each for each in layout["edges"] if any(op["op"] == "T" for op in each.get("_ldraw_", ()))]
    for line, words in zip(lines, labels(layout), strict=True):
        left, _, right, _ = map(float, bounds[line["tail"]])
        assert left <= words.left + 1, line
        assert words.right <= right + 1, line


@pytest.mark.parametrize("name", EVERY)
def test_the_words_of_a_loop_are_beside_it(name: str) -> None:
    layout = laid_out(protoflow.diagram(protocol(name)).dot)
    names = {each["_gvid"]: each["name"] for each in layout["objects"]}
    areas = nodes(layout)
    for edge in layout["edges"]:
        tail, head = names[edge["tail"]], names[edge["head"]]
        if edge.get("style") == "invis" and head.startswith("p"):
            assert 0 < areas[head].left - areas[tail].right < 60, (tail, head)
