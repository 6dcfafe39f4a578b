"""The Promela model, held against the naive explorer by the real SPIN.

Every shipped protocol, and mutated ones (pinned by seed) of which each is broken for some N: for N = 1..3 SPIN finds an
unhandled message exactly where the explorer does (PF201), a deadlock exactly where it does (PF202), and, asked for
late messages too, those (PF205).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.errors import UsageError
from protoflow.exports.promela import export
from protoflow.language import read, shipped
from protoflow.program import Program, compile_protocol
from tests.exports import spin
from tests.naive.explorer import explore, sizes
from tests.naive.generate import generate
from tests.naive.mutate import mutate

if TYPE_CHECKING:
    from protoflow.protocol import Protocol

CODES = ("PF201", "PF202")

# seed -> what is found for N = 1, 2, 3 (as far as the protocol's `count` allows them)
BROKEN = {
    302: ("PF202",),
    305: ("PF201",),
    306: ("PF202 PF205",),
    307: ("PF201 PF202 PF205", "PF201 PF202 PF205", "PF201 PF202 PF205"),
    308: ("PF202", "PF201 PF202", "PF201 PF202"),
    309: ("PF201", "PF201", "PF201"),
    310: ("PF202", "PF202", "PF202"),
    315: ("PF202", "PF202"),
    317: ("PF201 PF202", "PF201 PF202", "PF201 PF202"),
    318: ("PF202", "PF202", "PF202"),
    325: ("PF201", "PF201", "PF201"),
    332: ("PF201 PF202",),
    336: ("PF201 PF205",),
    337: ("PF201 PF205", "PF201"),
    339: ("PF201", "PF201", "PF201"),
    340: ("PF201 PF205",),
    347: ("PF201 PF205",),
    355: ("PF201 PF202", "PF201 PF202", "PF201 PF202"),
    364: ("PF202", "", ""),
    368: ("PF201 PF205",),
    371: ("PF201 PF205",),
    379: ("PF201", "PF201", "PF201"),
    382: ("PF201 PF205", "PF201 PF205", "PF201 PF205"),
    383: ("PF201",),
    403: ("PF201 PF205",),
    411: ("PF201 PF202", "PF201 PF202", "PF201 PF202"),
    431: ("PF202", "PF202", "PF202"),
    439: ("PF202", "PF202 PF205", "PF202 PF205"),
    440: ("PF202", "", "PF202"),
    443: ("PF201", "PF201", "PF201"),
    444: ("PF201 PF202", "PF201", "PF201"),
    1006: ("PF201", "PF201", "PF201"),
    1008: ("PF202", "PF202", "PF201"),
    1009: ("PF201", "PF201", "PF201"),
    1011: ("PF202", "PF201", "PF201"),
    1014: ("PF201", "PF201", "PF201"),
    1017: ("PF202", "PF202", "PF202"),
    1019: ("PF202", "PF202", "PF202"),
    1020: ("PF201", "PF201", "PF201"),
    1025: ("PF202", "PF202", "PF202"),
    1029: ("PF202", "PF202", "PF202"),
    1031: ("PF201", "PF201", "PF201"),
    1033: ("PF202", "PF202", "PF202"),
    1037: ("PF202", "PF202", ""),
}

needs_spin = pytest.mark.skipif(not spin.AVAILABLE, reason="SPIN (apt: spin) or gcc is not installed")


def shipped_program(name: str) -> Program:
    """With `rounds` at one where it has them: more say the same, and take longer."""
    protocol = read(name).protocol
    assert protocol is not None
    return compile_protocol(protocol, {"rounds": 1} if "rounds" in protocol.parameters else {})


def broken(seed: int) -> Program:
    """A mutated protocol: a generated one below 1000, a shipped one from there on."""
    if seed < 1000:
        return compile_protocol(mutate(generate(seed), seed)[0])
    protocol: Protocol | None = read(SHIPPED_THEN[seed % len(SHIPPED_THEN)]).protocol
    assert protocol is not None
    return compile_protocol(mutate(protocol, seed)[0], {"rounds": 1} if "rounds" in protocol.parameters else {})


SHIPPED_THEN = ("fedavg", "fedavg_deadline", "fedbuff", "fedprox", "gradient_exchange", "hello")


AS_FEDAVG = ("fedprox", "fedopt", "scaffold", "ditto", "pfedme", "fedrep", "gcfl_plus", "fedex", "pfedhpo")
"""What travels is different, and who handles it; the conversation is that of `fedavg`."""


def without_comments(name: str) -> str:
    return re.sub(r"/\*.*?\*/", "", export(shipped_program(name), {"server": 1, "client": 2}), flags=re.DOTALL)


@pytest.mark.parametrize("name", AS_FEDAVG)
def test_the_same_conversation_is_the_same_model(name: str) -> None:
    assert without_comments(name) == without_comments("fedavg")


TOO_LARGE = {(name, 3) for name in ("fedavg_elastic", "hierarchical", "power_of_choice", "federated_evaluation")}
"""SPIN takes a minute for these, or its memory does not do: many come and go, there are three edges, or timers."""


@needs_spin
@pytest.mark.parametrize(
    ("name", "number"),
    [(name, n) for name in shipped() if name not in AS_FEDAVG for n in (1, 2, 3) if (name, n) not in TOO_LARGE],
)
def test_shipped_protocols_are_clean(name: str, number: int, tmp_path: Path) -> None:
    program = shipped_program(name)
    participants = next(sizes(program, [number]))
    assert spin.verdict(export(program, participants), tmp_path) == {"PF201": False, "PF202": False}


@needs_spin
@pytest.mark.parametrize("seed", BROKEN)
def test_broken_protocols(seed: int, tmp_path: Path) -> None:
    program = broken(seed)
    for participants, expected in zip(sizes(program, (1, 2, 3)), BROKEN[seed], strict=True):
        naive = {place[0] for place in explore(program, participants).found}
        assert sorted(naive & {*CODES, "PF205"}) == expected.split(), participants
        got = spin.verdict(export(program, participants), tmp_path)
        assert got == {code: code in naive for code in CODES}, participants


LATE = [(seed, n) for seed, found in BROKEN.items() for n, codes in enumerate(found) if "PF205" in codes]


@needs_spin
@pytest.mark.parametrize(("seed", "n"), [case for case in LATE if "PF201" not in BROKEN[case[0]][case[1]]][:4])
def test_late_messages_on_request(seed: int, n: int, tmp_path: Path) -> None:
    program = broken(seed)
    model = export(program, list(sizes(program, (1, 2, 3)))[n])
    assert not spin.verdict(model, tmp_path)["PF201"]
    assert spin.verdict(model, tmp_path, defines=("LATE",))["PF201"]


def test_the_text_of_a_model() -> None:
    golden = Path(__file__).parent / "hello.pml"
    assert export(shipped_program("hello"), {"server": 1, "client": 2}) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("participants", "message"),
    [
        ({"server": 1, "client": 0}, "the number of participants in role `client` is at least 1, not 0"),
        ({"server": 2, "client": 1}, "the number of participants in role `server` is exactly 1, not 2"),
        ({"server": 1}, "the number of participants in role `client` is at least 1, not 0"),
        ({"server": 1, "client": 15}, "a Promela model can have at most 15 participants, not 16"),
    ],
)
def test_numbers_that_cannot_be(participants: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        export(shipped_program("hello"), participants)


def test_more_rounds_than_a_byte_counts() -> None:
    protocol = read("fedavg").protocol
    assert protocol is not None
    program = compile_protocol(protocol, {"rounds": 256})
    with pytest.raises(UsageError, match="counts up to 255; `times` of a row for `all_measured` is 256"):
        export(program, {"server": 1, "client": 1})
