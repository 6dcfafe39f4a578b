"""What the generators write protocols with: a role being drafted, and the choices that all kinds of protocol share."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fractions import Fraction

from protoflow.protocol import (
    After,
    Count,
    Counted,
    Event,
    Link,
    MessageType,
    Name,
    Parameter,
    ParameterType,
    Property,
    Raised,
    Received,
    Role,
    Send,
    State,
    Transition,
)


def names(*texts: str) -> tuple[Name, ...]:
    return tuple(Name(text) for text in texts)


@dataclass
class Draft:
    """A role while it is being written."""

    name: str
    count: Count
    states: dict[str, State] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    rows: list[Transition] = field(default_factory=list)

    def state(self, name: str, final: bool = False) -> str:
        self.states.setdefault(name, State(Name(name), final=final))
        return name

    def event(self, name: str, condition: Received | Counted | After | Raised) -> str:
        self.events[name] = Event(Name(name), condition)
        return name

    def row(self, trigger: str, source: str, dest: str | None = None, *sends: Send, **more: object) -> None:
        self.rows.append(
            Transition(
                names(trigger),
                names(source),
                None if dest is None else Name(dest),
                sends=sends,
                **more,  # type: ignore[arg-type]
            )
        )

    def build(self) -> Role:
        return Role(
            Name(self.name),
            states=self.states,
            initial=next(iter(self.states.values())).name,
            events=self.events,
            transitions=tuple(self.rows),
            count=self.count,
        )


class Drafting:
    """One seed, and what has been declared so far."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.messages: dict[str, MessageType] = {}
        self.parameters: dict[str, Parameter] = {}
        self.links: dict[str, Link] = {}
        self.properties: dict[str, Property] = {}

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def message(self, name: str, senders: tuple[str, ...], receivers: tuple[str, ...]) -> str:
        self.messages[name] = MessageType(Name(name), names(*senders), names(*receivers))
        return name

    def parameter(self, name: str, kind: ParameterType, default: int | float | bool | Fraction) -> Name:
        self.parameters[name] = Parameter(Name(name), kind, default)
        return Name(name)

    def many(self) -> Count:
        return self.rng.choice((Count(1, None), Count(1, None), Count(1, 3), Count(2, None), Count(2, 2)))

    def threshold(self) -> Fraction | int | Name:
        match self.rng.randrange(7):
            case 0:
                return self.rng.choice((1, 1, 2))
            case 1:
                return self.rng.choice((Fraction(1, 2), Fraction(67, 100), Fraction(4, 5)))
            case 2:
                return self.parameter("quorum", ParameterType.INT, self.rng.choice((1, 2)))
            case _:
                return Fraction(1)

    def window(self, role: Draft, message: str, request: str | None) -> str:
        name = f"enough_{message}"
        if self.chance(0.15):
            return role.event(name, Counted(Name(message), self.rng.choice((1, 2))))
        asked = None if request is None else Name(request)
        return role.event(name, Received(Name(message), self.threshold(), None, asked))

    def timer(self, role: Draft, name: str) -> str:
        seconds: float | Name = float(self.rng.choice((5, 10, 20)))
        if self.chance(0.2):
            seconds = self.parameter("patience", ParameterType.DURATION, 30.0)
        return role.event(name, After(seconds))
