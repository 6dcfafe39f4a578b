"""The generator and the mutator make valid protocols, of every feature, the same for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from protoflow.language import read_text, shipped
from protoflow.protocol import After, Counted, Protocol, Raised, Received, TargetKind
from tests.naive.generate import generate
from tests.naive.mutate import MUTATIONS, mutate
from tests.naive.writing import to_yaml

SEEDS = range(300)


def made(seed: int) -> list[Protocol]:
    protocol = generate(seed)
    return [protocol, mutate(protocol, seed)[0]]


@pytest.mark.parametrize("hundred", range(0, len(SEEDS), 100))
def test_what_is_written_is_valid_and_reads_the_same(hundred: int) -> None:
    for seed in SEEDS[hundred : hundred + 100]:
        for protocol in made(seed):
            reading = read_text(to_yaml(protocol), "written.yaml")
            assert [found for found in reading.diagnostics if found.code.startswith("PF0")] == [], seed
            assert reading.protocol == protocol, seed


def test_shipped_protocols_read_the_same() -> None:
    for name, path in shipped().items():
        protocol = read_text(path.read_text(encoding="utf-8"), str(path)).protocol
        assert protocol is not None
        assert read_text(to_yaml(protocol), "written.yaml").protocol == protocol, name


def test_the_same_seed_makes_the_same_protocol() -> None:
    assert [made(seed) for seed in range(20)] == [made(seed) for seed in range(20)]


def test_every_feature_and_every_mutation_occurs() -> None:
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        for protocol in made(seed):
            seen.update(features(protocol))
        seen.update(mutate(generate(seed), seed)[1])
    wanted = {
        *(mutation.__name__ for mutation in MUTATIONS),
        *(f"target {kind}" for kind in TargetKind),
        *("all", "share", "number", "count", "for", "from link", "after", "raised", "outside", "lost", "start"),
        *("defer", "ignore", "fresh", "stale", "guard", "unless", "times", "maybe", "one", "raise", "maybe raise"),
        *("crashes", "early 0", "loss", "duplicates", "any", "property", "bool", "link guard", "three roles"),
        *(
            "one link",
            "ring link",
            "next link",
            "chain link",
            "graph link",
            "re-entry",
            "count 2..",
            "inverse link",
            "several senders",
        ),
    }
    assert wanted - set(seen) == set()


def features(protocol: Protocol) -> set[str]:
    found = {f"{link.shape} link" for link in protocol.links.values()}
    a = protocol.assumptions
    found |= {
        name
        for name, there in {
            "crashes": bool(a.crashes),
            "early 0": a.early_timeouts == 0,
            "loss": a.loss,
            "duplicates": a.duplicates,
            "any": not a.fifo,
            "property": bool(protocol.properties),
            "three roles": len(protocol.roles) == 3,
            "inverse link": any(link.inverse for link in protocol.links.values()),
            "several senders": any(len(message.senders) > 1 for message in protocol.messages.values()),
        }.items()
        if there
    }
    for role in protocol.roles.values():
        if role.count.minimum == 2:
            found.add("count 2..")
        raised = {raised.event for row in role.transitions for raised in row.raises}
        for state in role.states.values():
            found |= {word for word in ("defer", "ignore") if getattr(state, word)}
        for event in role.events.values():
            match event.condition:
                case Received(_, threshold, link, request):
                    found.add("from link" if link else "number" if isinstance(threshold, int) else "share")
                    found |= {"all"} if threshold == 1 and not isinstance(threshold, int) else set()
                    found |= {"for"} if request else set()
                case Counted():
                    found.add("count")
                case After():
                    found.add("after")
                case Raised():
                    found.add("raised" if event.name in raised else "outside")
        for row in role.transitions:
            found |= {str(trigger) for trigger in row.triggers} & {"lost", "start"}
            found |= {"fresh"} if "fresh" in row.conditions else set()
            found |= {"stale"} if "fresh" in row.unless else set()
            for name in (*row.conditions, *row.unless):
                kind = "bool" if name in protocol.parameters else "link guard" if name in protocol.links else "guard"
                found.add(kind if name != "fresh" else "fresh")
            found |= {"unless"} if set(row.unless) - {"fresh"} else set()
            found |= {"times"} if row.times is not None else set()
            found |= {"re-entry"} if row.dest is not None and row.dest in row.sources else set()
            for raising in row.raises:
                found.add("maybe raise" if raising.maybe else "raise")
            for send in row.sends:
                found |= {word for word in ("maybe", "one") if getattr(send, word)}
                found |= {f"target {send.target.kind}"} if send.target is not None else set()
    return found
