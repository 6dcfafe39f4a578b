"""Courses that are nearly right: phases that real ones have, with a random choice wherever the language offers one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from protoflow.protocol import (
    EVERYTHING,
    LOST,
    Count,
    Link,
    Name,
    ParameterType,
    Property,
    Raise,
    Raised,
    Received,
    Send,
    Shape,
    State,
    Target,
    TargetKind,
    Transition,
)
from tests.naive.drafting import Draft, Drafting, names


class CourseDrafting(Drafting):
    """The phases of a course."""

    def course(self) -> list[Draft]:
        self.server = Draft("server", Count(1, 1))
        self.client = Draft("client", self.many())
        self.others: list[Draft] = []
        self.at = self.server.state("s0")
        self.client.state("c0")
        self.client_at = "c0"
        phases = [self.join] if self.chance(0.6) else []
        phases += self.rng.choice(([self.round], [self.round, self.round], [self.peers], [self.round, self.helper]))
        if self.chance(0.15):
            phases.append(self.helper)
        for number, phase in enumerate(phases):
            phase(number)
        if not phases or phases[0] != self.join:
            self.begin()
        self.finish()
        self.decorate()
        return [self.server, self.client, *self.others]

    def next_state(self, role: Draft) -> str:
        return role.state(f"{role.name[0]}{len(role.states)}")

    def receivers(self, message: str, role: str, event: str | None = None) -> Send:
        """A send from the server to clients, in one of the forms."""
        target = self.rng.choice(
            (
                None,
                Target(TargetKind.ALL, Name("all")),
                Target(TargetKind.ROLE, Name(role)),
                Target(TargetKind.SELECTOR, Name("cohort")),
                Target(TargetKind.SELECTOR, Name("cohort")) if event is None else Target(TargetKind.EVENT, Name(event)),
            )
        )
        one = target is not None and self.chance(0.12)
        return Send(Name(message), target, maybe=self.chance(0.05), one=one)

    def begin(self) -> None:
        """Without a join the server starts by itself: its first row on an event is one on `start` too."""
        first = next((row for row in self.server.rows if row.sources == ("s0",) and row.sends), None)
        if first is None:
            self.server.rows.append(Transition(names("start"), names("s0"), Name(self.at)))
        else:
            self.server.rows.append(replace(first, triggers=names("start"), conditions=(), unless=()))

    def join(self, number: int) -> None:
        join = self.message("join", ("client",), ("server",))
        self.client_at = self.next_state(self.client)
        self.client.row("start", "c0", self.client_at, Send(Name(join)))
        self.server.row(join, "s0", conditions=names("welcome") if self.chance(0.05) else ())
        self.joined = self.window(self.server, join, None)
        self.pending = [self.joined]
        if self.chance(0.4):
            self.pending.append(self.timer(self.server, "join_time_up"))

    def round(self, number: int) -> None:
        ask = self.message(f"ask{number}", ("server",), ("client",))
        reply = self.message(f"reply{number}", ("client",), ("server",))
        counted = self.chance(0.65)
        before, during = self.at, self.server.state(f"s{len(self.server.states)}")
        opening = getattr(self, "pending", [])
        for event in opening or ["start"]:
            joined = event if event in self.server.events and self.chance(0.4) else None
            is_window = joined is not None and isinstance(self.server.events[joined].condition, Received)
            self.server.row(event, before, during, self.receivers(ask, "client", joined if is_window else None))
        if hasattr(self, "joined") and self.chance(0.25):
            self.server.row("join", during, None, Send(Name(ask), Target(TargetKind.SENDER, Name("sender"))))
        full = self.window(self.server, reply, ask if counted else None)
        condition = self.server.events[full].condition
        by_round = isinstance(condition, Received) and condition.request is not None
        fresh = names("fresh") if by_round and self.chance(0.6) else ()
        self.server.row(reply, during, conditions=fresh)
        if fresh and self.chance(0.3):
            self.server.row(reply, during, unless=names("fresh"))
        ends = [full]
        if self.chance(0.5):
            ends.append(self.timer(self.server, f"time_up{number}"))
        if self.chance(0.5):
            times = self.parameter("rounds", ParameterType.INT, 1) if self.chance(0.5) else 1
            again = self.receivers(
                ask, "client", full if isinstance(self.server.events[full].condition, Received) else None
            )
            for event in ends:
                self.server.row(event, during, during, again, times=times)
        if self.chance(0.15):
            for event in ends:
                self.server.row(event, during, during, self.receivers(ask, "client"), conditions=names("not_yet"))
        self.at, self.pending = during, ends
        self.answer(ask, reply, number)

    def answer(self, ask: str, reply: str, number: int) -> None:
        """How a client replies: at once, or not always, or after a while, or by way of a raised event."""
        at, back = self.client_at, Send(Name(reply), maybe=self.chance(0.1))
        match self.rng.randrange(8):
            case 0:
                self.client.row(ask, at, None, back, conditions=names("able"))
                self.client.row(ask, at, None, unless=names("able"))
            case 1:
                busy = self.next_state(self.client)
                if self.chance(0.5):
                    self.client.states[busy] = State(Name(busy), defer=names(self.rng.choice(("*", ask))))
                self.client.row(ask, at, busy)
                self.client.row(self.timer(self.client, f"worked{number}"), busy, at, back)
            case 2:
                done = self.client.event(f"done{number}", Raised())
                self.client.row(ask, at, None, raises=(Raise(Name(done), maybe=self.chance(0.3)),))
                self.client.row(done, at, None, back)
            case 3:
                self.client_at = self.next_state(self.client)
                self.client.row(ask, at, self.client_at, back)
            case _:
                self.client.row(ask, at, None, back)

    def peers(self, number: int) -> None:
        """Clients talk among themselves, then report to the server."""
        begin = self.message(f"begin{number}", ("server",), ("client",))
        share = self.message(f"share{number}", ("client",), ("client",))
        report = self.message(f"report{number}", ("client",), ("server",))
        before, during = self.at, self.server.state(f"s{len(self.server.states)}")
        for event in getattr(self, "pending", []) or ["start"]:
            self.server.row(event, before, during, Send(Name(begin), Target(TargetKind.ALL, Name("all"))))
        link = None
        if self.chance(0.6):
            shape = self.rng.choice((Shape.RING, Shape.NEXT, Shape.CHAIN))
            link = "neighbours"
            self.links[link] = Link(Name(link), Name("client"), Name("client"), shape)
        at, talking = self.client_at, self.next_state(self.client)
        target = Target(TargetKind.LINK, Name(link)) if link else Target(TargetKind.ALL, Name("all"))
        if link and self.chance(0.4):
            alone = Send(Name(report), None)
            self.client.row(begin, at, talking, Send(Name(share), target), conditions=names(link))
            self.client.row(begin, at, talking, alone, unless=names(link))
        else:
            self.client.row(begin, at, talking, Send(Name(share), target))
        if self.chance(0.6):
            self.client.states[at] = State(Name(at), defer=names(share))
        self.client.row(share, talking)
        heard = f"heard{number}"
        by_link = link is not None and self.links[link].shape is Shape.RING
        threshold = Fraction(1) if by_link or self.chance(0.7) else 1
        self.client.event(heard, Received(Name(share), threshold, Name(link) if by_link and link else None))
        self.client_at = self.next_state(self.client)
        self.client.row(heard, talking, self.client_at, Send(Name(report)))
        self.server.row(report, during)
        self.at, self.pending = during, [self.window(self.server, report, None)]
        if self.chance(0.3):
            self.pending.append(self.timer(self.server, f"time_up{number}"))

    def helper(self, number: int) -> None:
        """Another role does something for the server in between."""
        if self.others:
            return
        helper = Draft("helper", self.rng.choice((Count(1, 1), Count(1, 1), Count(1, 2))))
        self.others.append(helper)
        please = self.message("please", ("server",), ("helper",))
        served = self.message("served", ("helper",), ("server",))
        before, during = self.at, self.server.state(f"s{len(self.server.states)}")
        for event in getattr(self, "pending", []) or ["start"]:
            self.server.row(event, before, during, Send(Name(please)))
        self.server.row(served, during)
        self.at, self.pending = during, [self.server.event("all_served", Received(Name(served)))]
        helper.state("h0", final=self.chance(0.7))
        helper.row(please, "h0", helper.state("h1", final=True) if self.chance(0.4) else None, Send(Name(served)))
        if helper.count.maximum == 1 and self.chance(0.3):
            self.links["mine"] = Link(Name("mine"), Name("client"), Name("helper"), Shape.ONE)
            self.message("tell", ("client",), ("helper",))
            client_row = next((n for n, row in enumerate(self.client.rows) if row.sends), None)
            if client_row is not None:
                row = self.client.rows[client_row]
                told = Send(Name("tell"), Target(TargetKind.LINK, Name("mine")))
                self.client.rows[client_row] = replace(row, sends=(*row.sends, told))
            helper.states["h0"] = replace(helper.states["h0"], ignore=names("tell"))

    def finish(self) -> None:
        finish = self.message("finish", ("server",), ("client",))
        done = self.server.state("finished", final=True)
        over = self.client.state("over", final=True)
        for event in getattr(self, "pending", []) or ["start"]:
            target = Target(TargetKind.ALL, Name("all")) if self.chance(0.9) else None
            self.server.row(event, self.at, done, Send(Name(finish), target))
        self.client.row(finish, self.client_at, over)
        if self.chance(0.5):
            late = [m for m, t in self.messages.items() if "server" in t.receivers]
            ignored = names("*") if self.chance(0.3) else names(*late)
            self.server.states[done] = replace(self.server.states[done], ignore=ignored)
        if self.chance(0.3):
            self.properties["not_before"] = Property(
                Name("not_before"), {Name("server"): names(self.at), Name("client"): names("over")}
            )

    def decorate(self) -> None:
        """What no phase needs."""
        if self.chance(0.2):
            server = self.server
            sends = [
                Send(Name(m)) for m, t in self.messages.items() if "server" in t.senders and "client" in t.receivers
            ]
            again = (
                (replace(self.rng.choice(sends), target=Target(TargetKind.SENDER, Name("sender"))),) if sends else ()
            )
            dest = self.rng.choice((None, None, "finished"))
            source = "*" if self.chance(0.2) else self.rng.choice(list(server.states))
            server.row(LOST, source, dest, *(again if self.chance(0.3) else ()))
        if self.chance(0.1):
            stop = self.server.event("stop", Raised())
            source = self.rng.choice([name for name, state in self.server.states.items() if not state.final])
            self.server.row(stop, source, "finished", Send(Name("finish"), Target(TargetKind.ALL, Name("all"))))
        if self.chance(0.1):
            flag = self.parameter("strict", ParameterType.BOOL, True)
            place = self.rng.randrange(len(self.server.rows))
            row = self.server.rows[place]
            self.server.rows[place] = replace(row, conditions=(*row.conditions, flag))
            if self.chance(0.7):
                self.server.rows.insert(place + 1, replace(row, unless=(*row.unless, flag)))
        if self.chance(0.25):
            role = self.rng.choice([self.server, self.client])
            state = self.rng.choice([s for s in role.states.values() if not s.final])
            heard = [m for m, t in self.messages.items() if role.name in t.receivers]
            handled = {t for row in role.rows if state.name in row.sources for t in row.triggers}
            free = [m for m in heard if m not in handled]
            if free and EVERYTHING not in state.defer:
                kind = self.rng.choice(("defer", "ignore"))
                chosen = names(self.rng.choice(free))
                if chosen[0] not in (*state.defer, *state.ignore):
                    role.states[state.name] = replace(state, **{kind: (*getattr(state, kind), *chosen)})

    def hierarchy(self) -> list[Draft]:
        """A server, edges, and clients that are bound to one edge each."""
        self.server = server = Draft("server", Count(1, 1))
        edge = Draft("edge", self.rng.choice((Count(1, None), Count(2, 2), Count(1, 1))))
        self.client = client = Draft("client", self.many())
        self.links["my_edge"] = Link(Name("my_edge"), Name("client"), Name("edge"), Shape.ONE)
        self.links["my_clients"] = Link(Name("my_clients"), Name("edge"), Name("client"), Shape.ONE, Name("my_edge"))
        down, model = self.message("down", ("server",), ("edge",)), self.message("model", ("edge",), ("client",))
        update, up = self.message("update", ("client",), ("edge",)), self.message("up", ("edge",), ("server",))
        finish = self.message("finish", ("server",), ("edge", "client") if self.chance(0.6) else ("client",))
        to_clients = Target(TargetKind.LINK, Name("my_clients"))
        begun, done = server.state("s0"), server.state("finished", final=True)
        server.row("start", begun, None, Send(Name(down), Target(TargetKind.ALL, Name("all"))))
        server.row(up, begun)
        full = server.event(
            "all_up", Received(Name(up), self.threshold(), None, Name(down) if self.chance(0.5) else None)
        )
        if self.chance(0.4):
            server.row(full, begun, begun, Send(Name(down)), times=1)
        server.row(full, begun, done, Send(Name(finish), Target(TargetKind.ALL, Name("all"))))
        waiting, busy = edge.state("e0", final="edge" not in self.messages[finish].receivers), edge.state("e1")
        if self.chance(0.7):
            edge.row(down, waiting, busy, Send(Name(model), to_clients), conditions=names("my_clients"))
            edge.row(down, waiting, None, Send(Name(up)), unless=names("my_clients"))
        else:
            edge.row(down, waiting, busy, Send(Name(model), to_clients))
        edge.row(update, busy)
        heard = edge.event("all_heard", Received(Name(update), Fraction(1), Name("my_clients")))
        edge.row(heard, busy, waiting, Send(Name(up)))
        if "edge" in self.messages[finish].receivers:
            over = edge.state("over", final=True)
            edge.row(finish, waiting, over)
        at, over = client.state("c0"), client.state("over", final=True)
        client.row(model, at, None, Send(Name(update), Target(TargetKind.LINK, Name("my_edge"))))
        client.row(finish, at, over)
        self.decorate()
        return [server, edge, client]
