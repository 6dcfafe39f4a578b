"""The laws of compression, what it does to the size of messages, and that courses learn with it."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.errors import UsageError
from protoflow.learning import compression, training
from protoflow.learning.compression import BUCKET, Compression, Compressor, parse
from protoflow.runtime import Course, Result
from tests.learning.courses import accuracies, course, materials, run

SIZES = st.integers(1, 3 * BUCKET)
SEEDS = st.integers(0, 2**31)
SHARES = st.fractions(Fraction(1, 1000), 1)
BITS = st.integers(2, 16)


def numbers(size: int, seed: int) -> torch.Tensor:
    """Of very different magnitudes, some zero."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(size, generator=generator) ** 5
    return torch.where(torch.rand(size, generator=generator) < 0.1, 0.0, drawn)


def rounding(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Top-k


@settings(deadline=None)
@given(SIZES, SEEDS, SHARES)
def test_top_k_keeps_exactly_the_largest(size, seed, share):
    vector, top = numbers(size, seed), Compression(share=share)
    count = math.ceil(share * size)
    sent = top.pack(vector, rounding())
    assert len(sent["values"]) == count
    restored = top.unpack(sent, size)
    kept = restored != 0
    assert kept.sum() <= count
    torch.testing.assert_close(restored[kept], vector[kept], rtol=0, atol=0)
    largest = vector.abs().sort(descending=True).values
    assert restored.abs().sort(descending=True).values[:count].equal(largest[:count])


@settings(deadline=None)
@given(SIZES, SEEDS, SHARES, st.integers(1, 6))
def test_what_top_k_leaves_out_is_sent_later(size, seed, share, rounds):
    """What was sent, and what is still kept, add up to all changes, exactly but for the rounding of sums."""
    compressor = Compressor(Compression(share=share), seed=0)
    changes = [{"a": numbers(size, seed + number)} for number in range(rounds)]
    sent = sum(compressor.compression.restore(compressor(each), each)["a"].double() for each in changes)
    whole = sum(each["a"].double() for each in changes)
    torch.testing.assert_close(sent + compressor.residual.double(), whole, rtol=1e-5, atol=1e-4)


def test_everything_comes_through_in_the_end():
    """A change that is sent once, with nothing after it, is whole after as many messages as it takes."""
    compressor = Compressor(Compression(share=Fraction(1, 10)), seed=0)
    change = {"a": numbers(100, 1).reshape(10, 10)}
    nothing = training.each(torch.zeros_like, change)
    sent = [compressor.compression.restore(compressor(each), change)["a"] for each in (change, *[nothing] * 9)]
    assert torch.stack(sent).sum(dim=0).equal(change["a"])


# Quantization


@settings(deadline=None)
@given(SIZES, SEEDS, BITS)
def test_quantization_is_off_by_less_than_a_step(size, seed, bits):
    vector, rounded = numbers(size, seed), Compression(bits=bits)
    restored = rounded.unpack(rounded.pack(vector, rounding(seed)), size)
    scales = torch.cat([part.abs().max().expand(len(part)) for part in torch.split(vector, BUCKET)])
    step = scales / (2 ** (bits - 1) - 1)
    assert ((restored - vector).abs() <= step * (1 + 1e-5)).all()
    assert (restored.abs() <= scales * (1 + 1e-6)).all()


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_quantization_is_right_on_average(bits):
    """The mean of 4,000 is within five standard errors of the number (the bound on its deviation is half a step)."""
    vector, rounded, times = numbers(40, 7), Compression(bits=bits), 4000
    generator = rounding(3)
    mean = torch.stack([rounded.unpack(rounded.pack(vector, generator), 40) for _ in range(times)]).double().mean(dim=0)
    step = vector.abs().max() / (2 ** (bits - 1) - 1)
    assert ((mean - vector).abs() <= 5 * step / 2 / times**0.5).all()
    assert not rounded.unpack(rounded.pack(vector, generator), 40).equal(vector)


@settings(deadline=None)
@given(SIZES, SEEDS, SHARES, BITS)
def test_both_are_one_after_the_other(size, seed, share, bits):
    """The numbers that top-k keeps, and no others, are rounded; what the rounding misses is not kept for later."""
    vector, both = numbers(size, seed), Compression(share, bits)
    compressor = Compressor(both, seed)
    restored = both.unpack(compressor({"a": vector}), size)
    alone = Compression(share=share)
    kept = alone.unpack(alone.pack(vector, rounding()), size)
    assert (kept[restored != 0] != 0).all()
    assert (compressor.residual + kept).equal(vector)
    assert ((restored - kept).abs() <= vector.abs().max() / (2 ** (bits - 1) - 1) * (1 + 1e-5)).all()


# The form on the wire


@settings(deadline=None)
@given(SIZES, SEEDS, st.one_of(st.none(), SHARES), st.one_of(st.none(), BITS))
def test_the_size_of_what_is_sent(size, seed, share, bits):
    """Places and levels take their bits and no more, scales four bytes for each 512 numbers, numbers four bytes."""
    sent = Compression(share, bits).pack(numbers(size, seed), rounding())
    count = math.ceil(share * size) if share else size
    places = math.ceil(count * max(1, (size - 1).bit_length()) / 8) if share else 0
    values = math.ceil(count * bits / 8) + 4 * math.ceil(count / BUCKET) if bits else 4 * count
    assert sum(tensor.nbytes for tensor in sent.values()) == places + values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", Compression()),
        ("top-k:1%", Compression(share=Fraction(1, 100))),
        ("top-k:100%", Compression(share=Fraction(1))),
        ("quantize:2", Compression(bits=2)),
        ("top-k:0.5%,quantize:16", Compression(Fraction(1, 200), 16)),
        ("top-k:5%, quantize:8", Compression(Fraction(1, 20), 8)),
    ],
)
def test_what_can_be_written(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "zip", "top-k", "top-k:0.01", "top-k:0%", "top-k:101%", "quantize:1", "quantize:17", "quantize:-2",
     "quantize:8,top-k:1%", "top-k:1%,top-k:1%", "quantize:8,quantize:8", "none,quantize:8", "top-k:1%,"],
)  # fmt: skip
def test_what_cannot(text):
    with pytest.raises(UsageError, match=r"^`compress` is one of `none`, .*, not `"):
        parse(text)
    with pytest.raises(UsageError, match="`compress` is one of"):
        course("fedavg", clients=2, compress=text)


def test_a_course_without_the_parameter_compresses_nothing():
    assert not compression.agreed({"rounds": 3})


# Courses

BOTH = "top-k:5%,quantize:8"
SIZE = 64 * 64 + 64 + 64 * 10 + 10
SENT = math.ceil(241 * 13 / 8) + 241 + 4
"""Bytes of an update of SIZE numbers with BOTH: 241 numbers, 13 bits a place."""


def bytes_of(result: Result, message: str) -> set[int]:
    """The sizes of all steps that sent this message, and nothing else, to one receiver."""
    return {
        step.bytes for step in result.trace if [(sent.message, len(sent.to)) for sent in step.sends] == [(message, 1)]
    }


def hierarchy(**parameters: object) -> Result:
    given = materials("digits", "iid", 0)
    counts = {"edge": 2, "client": 10}
    return Course.build("hierarchical", counts, parameters, setting=given.equip, seed=0).run(seed=0)


@pytest.mark.parametrize(
    ("protocol", "plain", "compressed"),
    [("fedavg", 4 * SIZE + 8, SENT + 8), ("fedprox", 4 * SIZE + 8, SENT + 8), ("scaffold", 8 * SIZE + 8, 2 * SENT + 8),
     ("fedbuff", 4 * SIZE + 8, SENT + 8), ("fedasync", 4 * SIZE + 8, SENT + 8)],
)  # fmt: skip
def test_messages_are_smaller(protocol, plain, compressed):
    settings = {"clients": 2, "rounds": 1, "local_epochs": 1}
    assert bytes_of(run(protocol, **settings), "update") == {plain}
    assert bytes_of(run(protocol, compress=BOTH, **settings), "update") == {compressed}


@pytest.mark.parametrize(
    ("protocol", "rounds"),
    [("fedavg", 12), ("fedprox", 12), ("fedopt", 12), ("scaffold", 12), ("gradient_exchange", 6),
     ("fedavg_deadline", 12), ("fedbuff", 40)],
)  # fmt: skip
def test_courses_learn_from_a_thirtieth_of_the_bytes(protocol, rounds):
    """An update has 637 bytes in place of 19,248. Above 0.91, as is asked of the same courses without."""
    result = run(protocol, seed=1, rounds=rounds, compress=BOTH)
    assert max(accuracies(result)[-3:]) > 0.91
    assert bytes_of(result, "update") <= {SENT + 8, 2 * SENT + 8}


def test_a_hierarchy_learns_from_it():
    plain, compressed = hierarchy(learning_rate=0.3), hierarchy(learning_rate=0.3, compress=BOTH)
    learned = [logged.values["accuracy"] for logged in compressed.metrics if logged.participant == "cloud"]
    assert learned[-1] > 0.91
    assert bytes_of(plain, "update") == {4 * SIZE + 8}
    assert bytes_of(compressed, "update") == {SENT + 8}


def test_a_swarm_learns_from_it():
    """Whoever leads has the model that the others began from: the last merge, and at first the one that all have."""
    given = materials("digits", "iid", 0)
    parameters = {"rounds": 8, "learning_rate": 0.3, "compress": BOTH}
    result = Course.build("swarm", {"peer": 4}, parameters, setting=given.equip, seed=0).run(seed=0)
    assert [logged.values["accuracy"] for logged in result.metrics][-1] > 0.91
    assert bytes_of(result, "update") == {SENT + 8}


@pytest.mark.parametrize("compress", ["quantize:8", "top-k:100%"])
def test_next_to_nothing_lost_is_next_to_no_difference(compress):
    plain, compressed = (run("fedavg", clients=4, rounds=5, compress=each) for each in ("none", compress))
    assert accuracies(compressed) == pytest.approx(accuracies(plain), abs=0.02)


def test_without_memory_it_learns_less():
    """Error feedback is what makes 0.5 % of the numbers enough."""
    kept = accuracies(run("fedavg", clients=4, rounds=10, compress="top-k:0.5%", partition="iid"))
    played = course("fedavg", clients=4, rounds=10, compress="top-k:0.5%", partition="iid")
    for client in played._participants["client"]:
        compressed = client.compressed

        def forgetful(change, compressed=compressed, client=client):
            client._compressors.clear()
            return compressed(change)

        client.compressed = forgetful
    assert kept[-1] > accuracies(played.run(seed=0))[-1] + 0.03
