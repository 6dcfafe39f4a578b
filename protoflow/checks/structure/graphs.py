"""The states of one role as a graph. networkx takes half a second to import, hence late, and only here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import networkx as nx

    from protoflow.program import RoleProgram


def state_graph(role: RoleProgram) -> nx.DiGraph[str]:
    """An edge for each row, whatever its conditions say, from its source to the state afterwards."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(role.states)
    graph.add_edges_from((row.source, row.target_state) for row in role.all_rows())
    return graph


def reachable_from(graph: nx.DiGraph[str], states: Iterable[str]) -> set[str]:
    """These states and all that paths lead to from them."""
    import networkx as nx

    start = set(states)
    return start.union(*(nx.descendants(graph, state) for state in start))


def components(graph: nx.DiGraph[str], *, sinks: bool) -> list[list[str]]:
    """Strongly connected parts that no other part leads to (or, `sinks`, that lead to no other), in graph order."""
    import networkx as nx

    condensed = nx.condensation(graph)
    ends = [node for node in condensed if not (condensed.succ if sinks else condensed.pred)[node]]
    order = {state: place for place, state in enumerate(graph)}
    parts = [sorted(condensed.nodes[node]["members"], key=order.__getitem__) for node in ends]
    return sorted(parts, key=lambda part: order[part[0]])
