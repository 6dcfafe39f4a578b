"""A Program and assumptions, compiled to the integers of `tables`.

Nothing here decides anything that `protoflow.program` does not say; `times` alone may be read in another way than
written (`Times`), which the verdict then tells.
"""

from __future__ import annotations

from protoflow.checks.composition.liveness import find_live
from protoflow.checks.composition.tables import (
    TIMES_KEPT,
    EventKind,
    EventModel,
    RoleModel,
    RowModel,
    SendModel,
    Times,
    WindowModel,
)
from protoflow.program import GuardKind, Program, RoleProgram, Row, RowSend, Window
from protoflow.protocol import LOST, START, After, Assumptions, Counted, Shape, TargetKind


class Model:
    """The whole protocol in integers, under given assumptions."""

    def __init__(self, program: Program, assumptions: Assumptions, times: Times = Times.COUNTED) -> None:
        self.program = program
        self.assumptions = assumptions
        self.times = times
        protocol = program.protocol
        self.messages = tuple(protocol.messages)
        self.message_index = {name: index for index, name in enumerate(self.messages)}
        self.role_index = {name: index for index, name in enumerate(program.roles)}
        self.link_bit = {name: 2 << index for index, name in enumerate(protocol.links)}
        self.rows: list[RowModel] = []
        self.bools = tuple(
            name
            for name in protocol.parameters
            if any(
                guard.kind is GuardKind.PARAMETER and guard.name == name
                for role in program.roles.values()
                for row in role.all_rows()
                for guard in row.guards
            )
        )
        self.bool_index = {name: index for index, name in enumerate(self.bools)}
        self.roles = [self._role(index, role) for index, role in enumerate(program.roles.values())]
        for role in self.roles:
            self._tables(role)
        find_live(self)

    @property
    def star(self) -> bool:
        """Members of many-roles exchange messages with single participants only, over links that are fixed."""
        many = {role.name for role in self.roles if not role.single}
        protocol = self.program.protocol
        for message in protocol.messages.values():
            if many & set(message.senders) and many & set(message.receivers):
                return False
        for link in protocol.links.values():
            bound, to = (link.source, link.dest) if link.inverse is None else (link.dest, link.source)
            if to in many or (bound in many and link.shape is not Shape.ONE):
                return False
        return bool(many)

    def _role(self, index: int, program: RoleProgram) -> RoleModel:
        states = program.states
        role = RoleModel(
            index=index,
            program=program,
            states=states,
            initial=states.index(program.initial),
            final=tuple(state in program.finals for state in states),
        )
        role.requests = list(dict.fromkeys(program.request_of.values()))
        role.request_of_message = {self.message_index[r]: i for i, r in enumerate(role.requests)}
        role.reply_to = {self.message_index[m]: role.requests.index(r) for m, r in program.request_of.items()}
        role.event_names = tuple(program.role.events)
        for number, (name, event) in enumerate(program.role.events.items()):
            match event.condition:
                case Counted():
                    role.events[name] = EventModel(number, name, EventKind.COUNTER, len(role.counters))
                    role.counters.append(program.windows[name].total or 0)
                case After():
                    role.events[name] = EventModel(number, name, EventKind.TIMER, len(role.timers))
                    role.timers.append(name)
                case _ if name in program.windows:
                    role.events[name] = EventModel(number, name, EventKind.WINDOW, len(role.windows))
                    role.windows.append(self._window(role, program.windows[name]))
        for message, windows in program.counted_by.items():
            events = [role.events[window.event] for window in windows]
            role.counts[self.message_index[message]] = (
                tuple(e.position for e in events if e.kind is EventKind.WINDOW),
                tuple(e.position for e in events if e.kind is EventKind.COUNTER),
            )
        messages = self.program.protocol.messages.values()
        role.peers = frozenset(
            self.role_index[peer]
            for message in messages
            for mine, theirs in ((message.senders, message.receivers), (message.receivers, message.senders))
            if program.name in mine
            for peer in theirs
        )
        role.watches_lost = program.watches_lost
        return role

    def _window(self, role: RoleModel, window: Window) -> WindowModel:
        senders = self.program.protocol.messages[window.message].senders
        return WindowModel(
            senders=frozenset(self.role_index[name] for name in senders),
            link=0 if window.link is None else self.link_bit[window.link],
            request=-1 if window.request is None else role.requests.index(window.request),
            window=window,
        )

    def _tables(self, role: RoleModel) -> None:
        program = role.program
        counted = self.times is Times.COUNTED or not role.single
        for transition, times in dict.fromkeys((r.index, r.times) for r in program.all_rows() if r.times is not None):
            if counted and times is not None:
                kept = times if self.times is Times.COUNTED else min(times, TIMES_KEPT)
                role.slots[transition] = (len(role.slots), kept)
        for state_number, state in enumerate(role.states):
            for message in program.receives:
                number = self.message_index[message]
                role.disposition[state_number, number] = program.disposition(state, message)
            role.events_in.append(tuple(role.events[name] for name in program.events_in[state]))
            role.timers_in.append(tuple(role.events[timer.event].position for timer in program.timers_in[state]))
            role.outside_in.append(tuple(role.event_names.index(name) for name in program.outside_in[state]))
        for (state, trigger), rows in program.table.items():
            number = role.states.index(state)
            models = tuple(self._row(role, number, row) for row in rows)
            if trigger == START:
                if number == role.initial:
                    role.on_start = models
            elif trigger == LOST:
                role.on_lost[number] = models
            elif trigger in self.message_index and trigger in program.receives:
                role.on_message[number, self.message_index[trigger]] = models
            elif trigger in role.event_names:
                role.on_event[number, role.event_names.index(trigger)] = models

    def _row(self, role: RoleModel, source: int, row: Row) -> RowModel:
        model = RowModel(
            uid=len(self.rows),
            role=role.index,
            source=source,
            dest=-1 if row.dest is None else role.states.index(row.dest),
            slot=role.slots[row.index][0] if row.index in role.slots else -1,
            sends=tuple(self._send(role, send) for send in row.sends),
            raises=tuple((role.event_names.index(event), maybe) for event, maybe in row.raises),
            speaks_of_fresh=any(guard.kind is GuardKind.FRESH for guard in row.guards),
            row=row,
        )
        self.rows.append(model)
        return model

    def _send(self, role: RoleModel, send: RowSend) -> SendModel:
        message = self.message_index[send.message]
        target = send.target
        window = -1
        if target.kind is TargetKind.EVENT and target.name in role.events:
            event = role.events[target.name]
            window = event.position if event.kind is EventKind.WINDOW else -1
        return SendModel(
            message=message,
            maybe=send.maybe,
            one=send.one,
            kind=target.kind,
            roles=frozenset(self.role_index[name] for name in send.roles),
            link=self.link_bit[target.name] if target.kind is TargetKind.LINK else 0,
            window=window,
            request=role.request_of_message.get(message, -1) if send.opens or send.extends else -1,
            opens=send.opens,
            declared=send,
        )
