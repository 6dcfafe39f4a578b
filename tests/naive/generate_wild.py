"""Tables filled at random."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from protoflow.protocol import (
    LOST,
    Count,
    Link,
    Name,
    Property,
    Raise,
    Raised,
    Received,
    Send,
    Shape,
    Target,
    TargetKind,
    Transition,
)
from tests.naive.drafting import Draft, Drafting, names


class WildDrafting(Drafting):
    """Anything that is valid, however senseless."""

    def wild(self) -> list[Draft]:
        rng = self.rng
        roles = [Draft("server", Count(1, 1)), Draft("client", self.many())]
        if self.chance(0.25):
            roles.append(Draft("helper", rng.choice((Count(1, 1), Count(1, 2)))))
        roles_by_name = {role.name: role for role in roles}
        pairs = [(a.name, b.name) for a in roles for b in roles if a is not b] + [("client", "client")]
        directions = [("server", "client"), ("client", "server"), *rng.choices(pairs, k=rng.randrange(3))]
        for number, (sender, receiver) in enumerate(directions):
            senders = (sender, rng.choice(list(roles_by_name))) if self.chance(0.1) else (sender,)
            receivers = (receiver, rng.choice(list(roles_by_name))) if self.chance(0.1) else (receiver,)
            self.message(f"m{number}", tuple(dict.fromkeys(senders)), tuple(dict.fromkeys(receivers)))
        if self.chance(0.3):
            shape = rng.choice((Shape.RING, Shape.NEXT, Shape.CHAIN, Shape.GRAPH))
            self.links["near"] = Link(Name("near"), Name("client"), Name("client"), shape)
        for role in roles:
            for number in range(rng.choice((1, 2, 2, 3))):
                role.state(f"{role.name[0]}{number}")
            role.state("end", final=True)
            self.wild_events(role)
        for role in roles:
            self.wild_rows(role)
        if self.chance(0.2):
            chosen = rng.sample(roles, k=rng.choice((1, 2)))
            never = {Name(role.name): names(rng.choice(list(role.states))) for role in chosen}
            self.properties["never"] = Property(Name("never"), never)
        return list(roles_by_name.values())

    def wild_events(self, role: Draft) -> None:
        heard = [m for m, t in self.messages.items() if role.name in t.receivers]
        for message in heard:
            if self.chance(0.5):
                senders = self.messages[message].senders
                requests = [
                    m for m, t in self.messages.items() if role.name in t.senders and set(senders) & set(t.receivers)
                ]
                request = self.rng.choice(requests) if requests and self.chance(0.5) else None
                event = self.window(role, message, request)
                condition = role.events[event].condition
                peers = "near" in self.links and role.name == "client" and "client" in senders
                if peers and isinstance(condition, Received) and not request:
                    role.event(event, Received(Name(message), Fraction(1), Name("near")))
        if self.chance(0.4):
            self.timer(role, f"{role.name}_time")
        if self.chance(0.2):
            self.timer(role, f"{role.name}_later")
        if self.chance(0.25):
            role.event(f"{role.name}_raised", Raised())

    def wild_rows(self, role: Draft) -> None:
        rng = self.rng
        heard = [m for m, t in self.messages.items() if role.name in t.receivers]
        counted = {
            e.condition.message
            for e in role.events.values()
            if isinstance(e.condition, Received) and e.condition.request
        }
        for state in list(role.states.values()):
            for message in heard:
                pick = rng.random()
                if pick < (0.3 if state.final else 0.1):
                    role.states[state.name] = replace(
                        role.states[state.name], ignore=(*role.states[state.name].ignore, Name(message))
                    )
                elif pick < 0.2 and not state.final:
                    role.states[state.name] = replace(
                        role.states[state.name], defer=(*role.states[state.name].defer, Name(message))
                    )
                elif pick < (0.4 if state.final else 0.95):
                    self.wild_row(role, state.name, message, message in counted)
            for event in role.events:
                if self.chance(0.15 if state.final else 0.7):
                    self.wild_row(role, state.name, event, False)
            if not state.final and self.chance(0.1):
                self.wild_row(role, state.name, LOST, False)
        if self.chance(0.7) or not role.rows:
            self.wild_row(role, next(iter(role.states)), "start", False)

    def wild_row(self, role: Draft, source: str, trigger: str, counted: bool) -> None:
        rng = self.rng
        conditions: tuple[str, ...] = ()
        unless: tuple[str, ...] = ()
        if counted and self.chance(0.5):
            conditions = ("fresh",)
        elif self.chance(0.15):
            conditions = (rng.choice(("p", "q")),)
        elif "near" in self.links and role.name == "client" and self.chance(0.15):
            conditions = ("near",)
        times = 1 if self.chance(0.1) else None
        order = list(role.states)
        onward = [*order[order.index(source) :], "end"]
        dest = rng.choice(onward) if self.chance(0.6) else (rng.choice(order) if self.chance(0.15) else None)
        self.put_row(role, source, trigger, dest, conditions, unless, times)
        if (conditions or times) and self.chance(0.7):
            swapped = conditions if self.chance(0.5) else ()
            self.put_row(role, source, trigger, rng.choice(onward), (), swapped, None)

    def put_row(
        self,
        role: Draft,
        source: str,
        trigger: str,
        dest: str | None,
        conditions: tuple[str, ...],
        unless: tuple[str, ...],
        times: int | None,
    ) -> None:
        rng = self.rng
        sends = []
        for message, kind in self.messages.items():
            if role.name in kind.senders and self.chance(0.3):
                sends.append(self.wild_send(role, message, trigger))
        raised = [
            name for name, event in role.events.items() if isinstance(event.condition, Raised) and name != trigger
        ]
        raises = (Raise(Name(rng.choice(raised)), maybe=self.chance(0.5)),) if raised and self.chance(0.15) else ()
        role.rows.append(
            Transition(
                names(trigger),
                names(source),
                None if dest is None else Name(dest),
                conditions=names(*conditions),
                unless=names(*unless),
                times=times,
                sends=tuple(sends),
                raises=raises,
            )
        )

    def wild_send(self, role: Draft, message: str, trigger: str) -> Send:
        receiver = self.messages[message].receivers[0]
        options: list[Target | None] = [
            None,
            Target(TargetKind.ALL, Name("all")),
            Target(TargetKind.ROLE, Name(receiver)),
            Target(TargetKind.SELECTOR, Name("some")),
        ]
        if trigger in self.messages and receiver in self.messages[trigger].senders:
            options += [Target(TargetKind.SENDER, Name("sender"))] * 3
        if receiver == "client" and role.name == "client" and "near" in self.links:
            options += [Target(TargetKind.LINK, Name("near"))] * 2
        for name, event in role.events.items():
            if isinstance(event.condition, Received) and receiver in self.messages[event.condition.message].senders:
                options.append(Target(TargetKind.EVENT, Name(name)))
        target = self.rng.choice(options)
        one = target is not None and target.kind is not TargetKind.SENDER and self.chance(0.1)
        return Send(Name(message), target, maybe=self.chance(0.12), one=one)
