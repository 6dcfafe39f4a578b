"""The states of one role as a graph. networkx takes long to import, hence late: where there is something to report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import networkx as nx

    from protoflow.program import RoleProgram


def reachable_from(role: RoleProgram, states: Iterable[str], *, backwards: bool = False) -> set[str]:
    """These states and all that paths lead to from them (`backwards`: that lead to them), whatever conditions say."""
    following: dict[str, set[str]] = {state: set() for state in role.states}
    for row in role.all_rows():
        here, there = (row.target_state, row.source) if backwards else (row.source, row.target_state)
        following[here].add(there)
    found = set(states)
    todo = list(found)
    while todo:
        new = following[todo.pop()] - found
        found |= new
        todo.extend(new)
    return found


def state_graph(role: RoleProgram, states: Iterable[str]) -> nx.DiGraph[str]:
    """These states, with an edge for each row, whatever its conditions say, from its source to the state afterwards."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(role.states)
    graph.add_edges_from((row.source, row.target_state) for row in role.all_rows())
    return graph.subgraph(states).copy()


def components(graph: nx.DiGraph[str], *, sinks: bool) -> list[list[str]]:
    """Strongly connected parts that no other part leads to (or, `sinks`, that lead to no other), in graph order."""
    import networkx as nx

    condensed = nx.condensation(graph)
    ends = [node for node in condensed if not (condensed.succ if sinks else condensed.pred)[node]]
    order = {state: place for place, state in enumerate(graph)}
    parts = [sorted(condensed.nodes[node]["members"], key=order.__getitem__) for node in ends]
    return sorted(parts, key=lambda part: order[part[0]])
