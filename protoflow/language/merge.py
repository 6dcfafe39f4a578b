"""Merging drafts: a protocol and the bases it extends.

Elements of the same name are replaced where they stand, new ones follow. A row replaces the base's rows for each pair
(source, trigger) that it names and stands where the first of these stood; of a base's row for several pairs the others
stay. Rows that share a pair keep the order in which they are written, in which they are tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from protoflow.language.limits import MAX_TABLE
from protoflow.language.suggest import clip, nearest
from protoflow.protocol import EVERYTHING, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from protoflow.diagnostics import Span
    from protoflow.language.draft import Draft, RoleDraft, RowKeys
    from protoflow.language.findings import Findings
    from protoflow.protocol import Transition


_Pair: TypeAlias = tuple[str, str]
"""(source, trigger)."""

_Section: TypeAlias = "tuple[str, dict[str, Any]]"
"""A kind of name, and what is declared of it."""


@dataclass(slots=True)
class Removals:
    """What was removed, and where: (kind, role or "", name) -> the place that says so."""

    places: dict[tuple[str, str, str], Span] = field(default_factory=dict)


def merge(drafts: Sequence[Draft], findings: Findings) -> tuple[Draft, Removals]:
    """All drafts as one, the last having the last word."""
    removals = Removals()
    merged, *others = drafts
    if others:
        for draft in others:
            _Merger(merged, draft, findings, removals).merge()
    else:
        _refuse_removals(merged, findings)
    return merged, removals


def _refuse_removals(draft: Draft, findings: Findings) -> None:
    """`remove` in a protocol that extends nothing."""
    if draft.extends:
        return  # the base could not be read, which has been said
    places = [name.span for name in draft.removed]
    for role in draft.roles.values():
        places += [name.span for name in role.removed_names] + [keys.span for keys in role.removed_rows]
    for span in places:
        if span is not None:
            findings.add("PF002", "there is nothing to remove: this protocol extends no other", span)


class _Merger:
    """Merges `draft` into `base`, which it changes."""

    def __init__(self, base: Draft, draft: Draft, findings: Findings, removals: Removals) -> None:
        self.base = base
        self.draft = draft
        self.findings = findings
        self.removals = removals

    def merge(self) -> None:
        base, draft = self.base, self.draft
        self._remove_top()
        base.file, base.span = draft.file, draft.span
        base.name = draft.name or base.name
        base.summary = draft.summary  # the base's says what the base is
        base.source = draft.source or base.source
        base.extends = draft.extends
        base.parameters |= draft.parameters
        base.messages |= draft.messages
        base.links |= draft.links
        base.properties |= draft.properties
        base.fifo = base.fifo if draft.fifo is None else draft.fifo
        base.crashes = base.crashes if draft.crashes is None else draft.crashes
        base.numbers |= draft.numbers
        base.assumption_spans |= draft.assumption_spans
        for name, role in draft.roles.items():
            if name in base.roles:
                self._role(base.roles[name], role)
            else:
                base.roles[name] = role

    # ---- remove --------------------------------------------------------------------------------------------------

    def _remove_top(self) -> None:
        base = self.base
        sections: list[_Section] = [
            ("message", base.messages),
            ("parameter", base.parameters),
            ("link", base.links),
            ("property", base.properties),
            ("role", base.roles),
        ]
        for name in self.draft.removed:
            self._remove(name, sections, "", "message, parameter, link, property or role of the base")

    def _remove(self, name: Name, sections: list[_Section], role: str, kinds: str) -> None:
        for kind, section in sections:
            if name in section:
                del section[name]
                if name.span is not None:
                    self.removals.places[kind, role, name] = name.span
                return
        if name in self.findings.excused or name.span is None:
            return
        near = nearest(name, (known for _, section in sections for known in section))
        self.findings.add("PF003", f"`{clip(name)}` is not a {kinds}" + (f"; `{near}` is" if near else ""), name.span)

    # ---- roles ---------------------------------------------------------------------------------------------------

    def _role(self, base: RoleDraft, role: RoleDraft) -> None:
        sections: list[_Section] = [("state", base.states), ("event", base.events)]
        for name in role.removed_names:
            self._remove(name, sections, role.name, f"state or event of `{role.name}` in the base")
        if role.cls is not None:
            base.replaced = base.cls if role.cls != base.cls else base.replaced
            base.cls = role.cls
        base.count = role.count or base.count
        base.initial = role.initial or base.initial
        base.summary = role.summary or base.summary
        base.spans |= role.spans
        base.states |= role.states
        base.events |= role.events
        if too_many_rows(base, [*base.transitions, *role.transitions], self.findings):
            base.transitions = []
            return
        rows = _Rows(base, self.findings)
        for keys in role.removed_rows:
            rows.remove(keys)
        rows.replace(role.transitions)
        base.transitions = rows.merged()


def too_many_rows(role: RoleDraft, rows: Iterable[Transition], findings: Findings) -> bool:
    """Whether rows stand for so many pairs of state and trigger that their table would be too large; reported if so."""
    size = 0
    for row in rows:
        size += len(row.triggers) * (len(role.states) if EVERYTHING in row.sources else len(row.sources))
        if size > MAX_TABLE and row.span is not None:
            message = (
                f"the rows of `{role.name}` up to here stand for more than {MAX_TABLE:,} pairs of state and trigger"
            )
            findings.add("PF002", message, row.span)
            return True
    return False


@dataclass(slots=True)
class _Row:
    """A row of the base, and the pairs that are still its own."""

    row: Transition
    pairs: set[_Pair]
    whole: bool = True


class _Rows:
    """The rows of a base, and what a protocol that extends it makes of them."""

    def __init__(self, role: RoleDraft, findings: Findings) -> None:
        self.findings = findings
        self.open = [str(name) for name, state in role.states.items() if state is None or not state.final]
        self.base = [_Row(row, self.pairs(row.sources, row.triggers)) for row in role.transitions]
        self.owners: dict[_Pair, list[int]] = {}  # the base's rows for a pair
        for index, row in enumerate(self.base):
            for pair in row.pairs:
                self.owners.setdefault(pair, []).append(index)
        self.placed: dict[int, list[Transition]] = {}  # new rows, by the base's row that they stand before

    def pairs(self, sources: Iterable[str], triggers: Iterable[str]) -> set[_Pair]:
        states = self.open if EVERYTHING in sources else sources
        return {(source, trigger) for source in map(str, states) for trigger in map(str, triggers)}

    def _take(self, pairs: set[_Pair]) -> dict[_Pair, list[int]]:
        """Take pairs from the base's rows: for each that it has, where its rows stand."""
        taken = {pair: self.owners.pop(pair) for pair in pairs if pair in self.owners}
        for pair, places in taken.items():
            for index in places:
                self.base[index].pairs.discard(pair)
                self.base[index].whole = False
        return taken

    def remove(self, keys: RowKeys) -> None:
        if not self._take(self.pairs(keys.sources, keys.triggers)):
            what = f"`{clip(keys.triggers[0])}` in `{clip(keys.sources[0])}`"
            self.findings.add("PF003", f"the base has no row for {what}", keys.span)

    def replace(self, rows: list[Transition]) -> None:
        end = len(self.base)
        stood: dict[_Pair, list[int]] = {}  # where the base's rows for a pair stood
        latest: dict[_Pair, int] = {}  # where the latest new row for a pair stands
        for row in rows:
            pairs = self.pairs(row.sources, row.triggers)
            stood |= self._take(pairs)
            places = sorted({index for pair in pairs for index in stood.get(pair, ())})
            place = max([min(places, default=end), *(latest[pair] for pair in pairs if pair in latest)])
            latest.update(dict.fromkeys(pairs, place))
            replaced = tuple(self.base[index].row for index in places)
            self.placed.setdefault(place, []).append(replace(row, replaced=replaced))

    def merged(self) -> list[Transition]:
        result: list[Transition] = []
        for index, row in enumerate(self.base):
            result += self.placed.get(index, [])
            result += [row.row] if row.whole else self._rest(row)
        return result + self.placed.get(len(self.base), [])

    def _rest(self, row: _Row) -> list[Transition]:
        """What is left of a base's row: one row where that can be said in one, else one for each source."""
        triggers = {source: tuple(t for t in row.row.triggers if (source, t) in row.pairs) for source, _ in row.pairs}
        names = {str(source): source for source in row.row.sources}
        order = [s for s in (self.open if EVERYTHING in names else names) if s in triggers]
        groups: dict[tuple[Name, ...], list[Name]] = {}
        for source in order:
            star = row.row.sources[0].span
            groups.setdefault(triggers[source], []).append(names.get(source) or Name(source, star))
        if len(groups) > 1 and row.row.times is not None and row.row.span is not None:
            self.findings.add(
                "PF002",
                "what is left of this row cannot be one row, and its `times` counts for all of it",
                row.row.span,
                label="replaced or removed in part by a protocol that extends this one",
            )
        return [replace(row.row, triggers=left, sources=tuple(sources)) for left, sources in groups.items()]
