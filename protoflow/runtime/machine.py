"""One `transitions.Machine` per role, shared by all its participants. It fires the rows of the table.

A row is a transition of the library, a message or event is its trigger: rows are tried in the order written, conditions
are asked, the handler is called, the state changes, all in the library's `Event.trigger` and `Transition.execute`. They
are extended here by what the library does not know: `times`, and conditions that are true in their own right.

Two kinds of model can be driven by it:

- The runtime's own (`RowModel`), which answers for its conditions and carries out a whole row. There is one machine
  for any number of them, and none is added to it: `machine.events[trigger].trigger(model)`. Of the library's callbacks
  those of states are called for them, not those of the whole machine.
- Any object of a user's, in the ordinary way: `protoflow.machine(protocol, "server").add_model(mine)`, then
  `mine.trigger("join", message)`. Conditions, links and `fresh` are its attributes or methods by name, handlers are
  `before` callbacks by name; nothing is sent, counted or checked, because that is not a machine's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transitions import Event, EventData, Machine, Transition
from transitions.core import Condition

from protoflow.errors import UsageError
from protoflow.program import GuardKind
from protoflow.runtime.loading import load_program

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from protoflow.program import RoleProgram, Row
    from protoflow.protocol import Protocol, Value


class RowModel:
    """What the machine asks of a participant of the runtime. `rows_taken`: index of a `times` row -> how often."""

    __slots__ = ("rows_taken", "state")
    state: str
    rows_taken: dict[int, int]

    def holds(self, name: str) -> bool:
        """What the condition of that name says now: a predicate, a link or `fresh`."""
        raise NotImplementedError

    def perform(self, row: Row) -> None:
        """All that a row does, its change of state apart."""
        raise NotImplementedError


class RowCondition(Condition):
    """A condition by name, or a parameter. What is true goes by Python's notion: an empty link is false."""

    def check(self, event_data: EventData) -> bool:
        model, func = event_data.model, self.func
        if isinstance(model, RowModel) and isinstance(func, str):
            return model.holds(func) is self.target
        value = event_data.machine.resolve_callable(func, event_data)(*event_data.args, **event_data.kwargs)
        return bool(value) is self.target


class ParameterCondition:
    """A `bool` parameter as a condition: one value for the whole course."""

    def __init__(self, name: str, value: bool) -> None:
        self.__name__ = name
        self.value = value

    def __call__(self, *_: object, **__: object) -> bool:
        return self.value


class RowTransition(Transition):
    """A row of the table for one of its sources."""

    condition_cls = RowCondition

    def __init__(self, *args: Any, row: Row, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row

    def _eval_conditions(self, event_data: EventData) -> bool:
        return not self._used_up(event_data.model) and bool(super()._eval_conditions(event_data))

    def execute(self, event_data: EventData) -> bool:
        """For a model of a user's."""
        if not super().execute(event_data):
            return False
        self._count(event_data.model)
        return True

    def take(self, model: RowModel, event: RowEvent, arguments: tuple[object, ...]) -> bool:
        """The same for a model of the runtime; the library's `EventData` is made where something of it is called."""
        if self._used_up(model):
            return False
        if self.conditions and not super()._eval_conditions(_event_data(event, model, arguments)):
            return False
        model.perform(self.row)
        if self.dest:
            machine: Any = event.machine
            source, dest = machine.states[self.source], machine.states[self.dest]
            if source.on_exit or dest.on_enter or (dest.final and machine.on_final):
                self._change_state(_event_data(event, model, arguments))
            else:  # the change alone, without the library's log lines
                model.state = dest.value
        self._count(model)
        return True

    def _used_up(self, model: object) -> bool:
        times = self.row.times
        return times is not None and _rows_taken(model).get(self.row.index, 0) >= times

    def _count(self, model: object) -> None:
        if self.row.times is not None:
            taken = _rows_taken(model)
            taken[self.row.index] = taken.get(self.row.index, 0) + 1


class RowEvent(Event):
    """A trigger. For a `RowModel` the rows are tried at once: it has no queue, and only asks where there are rows."""

    def trigger(self, model: object, *args: object, **kwargs: object) -> bool:
        if not isinstance(model, RowModel):
            return bool(super().trigger(model, *args, **kwargs))
        rows: Any = self.transitions.get(model.state, ())
        for row in rows:  # noqa: SIM110  a generator costs a microsecond
            if row.take(model, self, args):
                return True
        return False


class RoleMachine(Machine):
    """The machine of one role."""

    event_cls = RowEvent
    transition_cls = RowTransition

    def __init__(self, program: RoleProgram, parameters: Mapping[str, Value]) -> None:
        super().__init__(
            model=None,
            states=[{"name": str(name), "final": state.final} for name, state in program.role.states.items()],
            initial=str(program.initial),
            auto_transitions=False,
            name=program.name,
        )
        for row in program.all_rows():
            conditions: dict[bool, list[Any]] = {True: [], False: []}
            for guard in row.guards:
                condition: Any = guard.name
                if guard.kind is GuardKind.PARAMETER:
                    condition = ParameterCondition(guard.name, bool(parameters[guard.name]))
                conditions[guard.wanted].append(condition)
            self.add_transition(
                row.trigger,
                row.source,
                row.dest,
                conditions=conditions[True],
                unless=conditions[False],
                before=row.handler,
                row=row,
            )


def _event_data(event: RowEvent, model: RowModel, arguments: tuple[object, ...]) -> EventData:
    return EventData(None, event, event.machine, model, arguments, {})


def _rows_taken(model: Any) -> dict[int, int]:
    """Index of a `times` row -> how often this model has taken it; kept on the model itself."""
    try:
        taken: dict[int, int] = model.rows_taken
    except AttributeError:
        taken = model.rows_taken = {}
    return taken


def machine(
    protocol: Protocol | str | os.PathLike[str], role: str, parameters: Mapping[str, object] | None = None
) -> RoleMachine:
    """The state machine of a role, as pytransitions has it: add your own model to it, or draw it.

    `protocol` is a `Protocol`, or the path or name of one. Raises UsageError for a role that is not there.
    """
    program, _ = load_program(protocol, parameters)
    if role not in program.roles:
        raise UsageError(f"`{role}` is not a role of `{program.protocol.name}`")
    return RoleMachine(program.roles[role], program.parameters)
