"""A flow in DOT: roles as the uprights of a ladder, its rungs the messages between them, straight and in order.

A message has its words in the middle of its line, in a node. Each end of a rung has a port of its own on the side of
its role, as high as the words need: that is what keeps the rungs straight. Ranks follow the order of the boxes, so
messages back and forth are between the same two columns. A message among participants of one role leads from its right
side to the words and back.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from protoflow.diagrams.labels import LINE
from protoflow.diagrams.model import BoxKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import graphviz

    from protoflow.diagrams.model import Cluster

_BETWEEN = 26  # from the words of one message to those of the next, in points
_MARK = 20


class Ladder:
    """The rungs of one cluster, by their place among its edges."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.order = {box.id: place for place, box in enumerate(cluster.boxes)}
        self.loose = {box.id for box in cluster.boxes if box.kind is BoxKind.LOOSE}
        self.rungs: dict[int, tuple[str, str]] = {}  # number -> (box on the left, box on the right)
        for number, edge in enumerate(cluster.edges):
            left, right = sorted((edge.source, edge.dest), key=lambda box: self.order[box])
            self.rungs[number] = left, right

    def box(self, id: str, inner: str, colour: str, width: int) -> str:
        """A role as a table: its ports on both sides of its words."""
        cells = [
            self._ports([number for number, (left, right) in self.rungs.items() if left != right == id]),
            f'<TD CELLPADDING="6" WIDTH="72" HEIGHT="36">{inner}</TD>',
            self._ports([number for number, (left, _) in self.rungs.items() if left == id]),
        ]
        frame = f'BORDER="{width}" COLOR="{colour}" STYLE="ROUNDED" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"'
        return f"<TABLE {frame}><TR>{''.join(cells)}</TR></TABLE>"

    def _ports(self, numbers: list[int]) -> str:
        """In order, but those that lead past another role beneath the others: there is room for their lines."""
        if not numbers:
            return ""
        size = 'FIXEDSIZE="TRUE" WIDTH="4"'
        rows = []
        for number in sorted(numbers, key=self._span):
            ports = [f"r{number}", f"b{number}"] if self._loops(number) else [f"r{number}"]
            height = self._height(number) // len(ports)
            rows += [f'<TR><TD PORT="{port}" {size} HEIGHT="{height}"></TD></TR>' for port in ports]
        return f'<TD><TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{"".join(rows)}</TABLE></TD>'

    def _span(self, number: int) -> int:
        left, right = self.rungs[number]
        return max(1, self.order[right] - self.order[left]) if right not in self.loose else 1

    def _height(self, number: int) -> int:
        """What the words of a message take, and the space to the next; a loop bends around its words."""
        blocks = self.cluster.edges[number].blocks
        words = sum(LINE * len(block.lines) + _MARK * len(block.marks) for block in blocks)
        return words + _BETWEEN * (2 if self._loops(number) else 1)

    def _loops(self, number: int) -> bool:
        left, right = self.rungs[number]
        return left == right

    def rung(self, graph: graphviz.Digraph, number: int, label: Mapping[str, str], line: Mapping[str, str]) -> None:
        words = self._words(number)
        graph.node(words, shape="plain", **label)
        left, right = self.rungs[number]
        forward = self.cluster.edges[number].source == left
        straight = {**line, "weight": "10"}
        if self._loops(number):
            graph.edge(f"{left}:r{number}:e", f"{words}:nw", **straight, dir="none")
            graph.edge(f"{words}:sw", f"{left}:b{number}:e", **line, constraint="false")
            return
        graph.edge(self._end(left, number, "e"), f"{words}:w", **straight, dir="none" if forward else "back")
        graph.edge(f"{words}:e", self._end(right, number, "w"), **straight, dir="forward" if forward else "none")

    def _end(self, box: str, number: int, side: str) -> str:
        return f"{box}:{side}" if box in self.loose else f"{box}:r{number}:{side}"

    def _words(self, number: int) -> str:
        return f"{self.cluster.id}_{number}"

    def keep_order(self, graph: graphviz.Digraph) -> None:
        """Messages between the same two boxes stand beneath each other in the order of their numbers.

        In a cluster that is drawn from left to right, `dot` puts the head of a line within one rank above its tail.
        """
        between: dict[frozenset[str], list[int]] = {}
        for number, ends in self.rungs.items():
            between.setdefault(frozenset(ends) - self.loose, []).append(number)
        for numbers in between.values():
            if len(numbers) > 1:
                with graph.subgraph(
                    graph_attr={"rank": "same"}, edge_attr={"style": "invis", "weight": "0", "minlen": "0"}
                ) as column:
                    for above, below in itertools.pairwise(numbers):
                        column.edge(self._words(below), self._words(above))
