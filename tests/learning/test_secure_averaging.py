"""Federated averaging over secure sums: as good as in the open, and no message shows what a client has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from protoflow.engines.conditions import Conditions, Crash, Span
from protoflow.errors import CourseError, HandlerError
from protoflow.learning import secure_averaging, training
from protoflow.learning.secure import primitives
from protoflow.learning.secure.contributor import Contributor, PublicKeys
from protoflow.learning.training import WeightedMean
from protoflow.runtime import Course, Message, Send
from protoflow.testing import participant
from tests.learning.courses import accuracies, course, materials, rounds, run

if TYPE_CHECKING:
    from protoflow.learning.secure.primitives import Integers

if TYPE_CHECKING:
    import torch

STEP = 1.0
LATENCY = Conditions(latency={("*", "*"): Span(STEP, STEP)})
HALF_A_UNIT = 2.0**-25
"""What rounding to 24 bits after the point changes at most; to store the mean as float32 changes no more once again."""
TOGETHER = 2.0**-22
"""What the order of additions changes in float32 where many clients are trained as one."""


def crash(who: str, phase: int) -> Conditions:
    """In the first round, instead of: training (0), sharing keys (1), sending the vector (2), revealing shares (3)."""
    return LATENCY | Conditions(crashes=(Crash(who, time=STEP * (2 * phase + 0.5)),))


def played(conditions: Conditions = LATENCY, clients: int = 5, **parameters: object) -> tuple[Course, list[Mapping]]:
    made = course("secure_averaging", clients=clients, **parameters)
    return made, rounds(made.run(conditions=conditions))


def server_of(made: Course) -> secure_averaging.Server:
    [server] = made.participants["server"]
    return server


def mean_of(made: Course, survivors: list[int]) -> dict[str, torch.Tensor]:
    """The mean of what these clients make of the first model, in the open, as in McMahan's Algorithm 1."""
    mean, given = WeightedMean(), materials("digits", "dirichlet:0.5", 0)
    clients = made.participants["client"]
    for index in survivors:
        client, model = clients[index - 1], given.model()
        seed = training.derive(client.seed, f"client{index}", 1)
        training.train(model, client.training_set, epochs=5, batch_size=16, learning_rate=0.3, seed=seed)
        mean.add(training.weights_of(model), len(client.training_set))
    return mean.mean()


def furthest(first: training.Weights, second: training.Weights) -> float:
    return max(float((tensor.double() - second[name].double()).abs().max()) for name, tensor in first.items())


# What is learned


def test_one_round_is_one_of_federated_averaging():
    made, seen = played(rounds=1)
    assert [values.get("clients") for values in seen] == [None, 5]
    assert furthest(server_of(made).weights(), mean_of(made, [1, 2, 3, 4, 5])) <= 2 * HALF_A_UNIT + TOGETHER


def test_it_learns_what_federated_averaging_learns():
    """Round by round as accurate to one image of 360, from the same seed: the roundings grow while training goes on."""
    secure, plain = (run(protocol, clients=5, partition="iid", rounds=6) for protocol in ("secure_averaging", "fedavg"))
    assert accuracies(secure) == pytest.approx(accuracies(plain), abs=1.1 / 360)
    assert accuracies(secure)[-1] > 0.93


@pytest.mark.parametrize("phase", range(4))
def test_a_client_crashes_in_each_phase(phase):
    """The mean is of those whose vectors the server has: a client that crashes after that is among them."""
    made, seen = played(crash("client2", phase), rounds=2)
    survivors = [1, 2, 3, 4, 5] if phase == 3 else [1, 3, 4, 5]
    assert [values.get("clients") for values in seen] == [None, len(survivors), 4]
    made, _ = played(crash("client2", phase), rounds=1)
    assert furthest(server_of(made).weights(), mean_of(made, survivors)) <= 2 * HALF_A_UNIT + TOGETHER


@pytest.mark.parametrize("phase", range(4))
def test_a_round_with_too_few_changes_nothing(phase):
    """Three of five are needed. Below that each round is given up, and the course ends with the model it had."""
    faults = crash("client1", phase) | crash("client3", phase) | crash("client5", phase)
    made, seen = played(faults, rounds=2)
    assert [(values["round"], values.get("clients")) for values in seen] == [(0, None), (1, 0), (2, 0)]
    assert len({values["loss"] for values in seen}) == 1
    assert furthest(server_of(made).weights(), materials("digits", "dirichlet:0.5", 0).model().state_dict()) == 0


def test_a_slow_client_drops_out_of_every_round_and_does_no_harm():
    slow = LATENCY | Conditions(compute={"client2": Span(65.0, 65.0)})
    result = run("secure_averaging", clients=5, rounds=3, local_epochs=1, conditions=slow)
    assert [values.get("clients") for values in rounds(result)] == [None, 4, 4, 4]
    assert {(step.message, step.sender) for step in result.trace if step.outcome in ("stale", "ignored")} == {
        ("advertise_keys", "client2")
    }
    assert (result.outcome, result.warnings) == ("complete", ())
    assert set(result.states.values()) == {"finished"}


def test_the_same_seed_gives_the_same_course_though_the_masks_are_others():
    jitter = Conditions(latency={("*", "*"): Span(0.01, 0.2)}, compute={"client": Span(0.5, 2.0)})
    first, again = (run("secure_averaging", 4, seed=3, rounds=2, local_epochs=1, conditions=jitter) for _ in range(2))
    assert first.trace == again.trace
    assert first.metrics == again.metrics


# What is sent


@dataclass
class Hidden:
    """What a client has after training, and nobody else may see."""

    vector: Integers
    weights: training.Weights


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> dict[str, Hidden]:
    """Of every client, what it last trained."""
    trained: dict[str, Hidden] = {}
    train = secure_averaging.Client.train

    def recording(client: secure_averaging.Client, message: Message) -> object:
        answer = train(client, message)
        trained[client.id] = Hidden(client.vector, client.weights())
        return answer

    monkeypatch.setattr(secure_averaging.Client, "train", recording)
    return trained


def bytes_of(value: object) -> bytes:
    """All that a payload holds, one thing after the other."""
    match value:
        case bytes():
            return value
        case str() | int() | float() | None:
            return str(value).encode()
        case Mapping():
            return b"|".join(bytes_of(each) for pair in value.items() for each in pair)
        case list() | tuple():
            return b"|".join(map(bytes_of, value))
        case _:
            return np.asarray(value).tobytes()


def secrets_of(client: secure_averaging.Client, hidden: Hidden) -> dict[str, bytes]:
    """What nobody else may learn of a client, as it would look in a message; the last two it shares with a peer."""
    contributor, vector = client.contributor, hidden.vector
    peer = next(each for each in contributor._keys if each != client.id)
    return {
        "cipher key": contributor._cipher.secret,
        "mask key": contributor._mask.secret,
        "seed": contributor._seed,
        "vector": vector.tobytes(),
        "weights": vector[1:].tobytes(),
        "fixed point": (vector[1:] // vector[0]).tobytes(),
        **{f"tensor {name}": tensor.numpy().tobytes() for name, tensor in hidden.weights.items()},
        **{f"double {name}": tensor.double().numpy().tobytes() for name, tensor in hidden.weights.items()},
        "own mask": primitives.own_mask(contributor._seed, 100).tobytes(),
        "shared key": contributor._mask.agree(contributor._keys[peer].mask, primitives.PAIRWISE_MASK),
        "encryption key": contributor._cipher.agree(contributor._keys[peer].cipher, primitives.ENCRYPTION),
    }


def test_no_message_holds_a_secret(sent, hidden):
    """One client is lost after its shares are out, so that of everybody either the seed or the key is unmasked."""
    made, _ = played(crash("client2", 2), rounds=1)
    assert {message.type for message in sent} == set(made.protocol.messages)
    texts = [(message, bytes_of(dict(message.payload))) for message in sent if message.type != "finish"]
    for client in made.participants["client"]:
        for name, secret in secrets_of(client, hidden[client.id]).items():
            for message, text in texts:
                assert secret not in text, f"{name} of {client.id} in {message.type}"


def test_clients_send_public_keys_ciphertexts_masked_vectors_and_single_shares(sent):
    played(crash("client2", 2), rounds=1)
    of = {name: [message for message in sent if message.type == name] for name in {each.type for each in sent}}
    clients = {f"client{place}" for place in range(1, 6)}
    for message in of["advertise_keys"]:
        assert {name: len(key) for name, key in message.payload.items()} == {"cipher_key": 32, "mask_key": 32}
    for message in of["share_keys"]:
        assert message["shares"].keys() == clients - {message.sender}
        assert {len(sealed) for sealed in message["shares"].values()} == {12 + 64 + 16}  # nonce, two shares, tag
    assert [(message["vector"].dtype, message["vector"].ndim) for message in of["masked_input"]] == [(np.uint64, 1)] * 4
    for message in of["unmask"]:
        assert message["seeds"].keys() == clients - {"client2"}
        assert message["secrets"].keys() == {"client2"}
    assert {name for name, messages in of.items() if messages[0].sender != "server"} == {
        "advertise_keys", "share_keys", "masked_input", "unmask",
    }  # fmt: skip


def test_a_masked_vector_looks_like_random_numbers(sent, hidden):
    """Every bit is set in half of the entries, and nothing of the vector is seen in it: bounds of six deviations."""
    played(rounds=1)
    masked = {message.sender: message["vector"] for message in sent if message.type == "masked_input"}
    bound = 6 / np.sqrt(len(masked["client1"]))
    everything = [each.vector for each in hidden.values()]
    for vector in masked.values():
        for bit in range(64):
            assert abs((vector >> np.uint64(bit) & np.uint64(1)).mean() - 0.5) < bound / 2
        for own in everything:
            assert abs(np.corrcoef(vector.astype(np.int64).astype(float), own.astype(float))[0, 1]) < bound
    for first in masked:
        for second in masked:
            if first < second:
                assert abs(np.corrcoef(masked[first].astype(float), masked[second].astype(float))[0, 1]) < bound
    total = sum(masked.values())  # the own masks are still there: pairwise ones alone have cancelled
    assert abs(np.corrcoef(total.astype(np.int64).astype(float), sum(everything).astype(float))[0, 1]) < bound


def test_what_is_revealed_unmasks_the_sum_only(sent, hidden):
    """The seeds that the server puts together take one mask off each vector; the pairwise ones are still there."""
    made, _ = played(rounds=1)
    masked = {message.sender: message["vector"] for message in sent if message.type == "masked_input"}
    total = server_of(made).aggregator.total()
    assert np.array_equal(total, sum(each.vector for each in hidden.values()))
    for client in made.participants["client"]:
        stripped = masked[client.id] - primitives.own_mask(client.contributor._seed, total.size)
        for vector in (hidden[client.id].vector, total):
            seen = np.corrcoef(stripped.astype(np.int64).astype(float), vector.astype(float))[0, 1]
            assert abs(seen) < 6 / np.sqrt(total.size)


def test_keys_are_for_one_round(sent):
    played(rounds=3, clients=3, local_epochs=1)
    keys = [key for message in sent if message.type == "advertise_keys" for key in message.payload.values()]
    assert len(set(keys)) == len(keys) == 3 * 3 * 2


# Who does not keep to it


def test_a_server_that_changes_a_ciphertext_is_found_out():
    made = course("secure_averaging", clients=3, rounds=1, local_epochs=1)

    def tampered(server: secure_averaging.Server) -> list[Send]:
        shares = server.aggregator.close_shares()
        sealed = shares["client1"]["client2"]
        shares["client1"]["client2"] = bytes([sealed[0] ^ 1]) + sealed[1:]
        return [Send({"shares": each}, to=client) for client, each in shares.items()]

    made.register("server", "send_shares", tampered)
    with pytest.raises(HandlerError) as caught:
        made.run()
    assert str(caught.value).endswith(
        "`client1` in state `masked`, on `survivors`: handler `unmask` raised AggregationError: the shares from "
        "`client2` for `client1` are not what `client2` encrypted: they were changed, or are those of somebody else "
        "or of another aggregation"
    )


def test_a_server_that_asks_for_both_shares_is_refused():
    """First by the table, in which nothing waits for a second question; then by the client itself."""
    given = materials("digits", "dirichlet:0.5", 0)
    client = secure_averaging.Client(given.model(), given.shard(1, 3))
    peers = {f"client{place}": Contributor(f"client{place}", 2) for place in (2, 3)}
    keys = {name: each.advertise() for name, each in peers.items()}
    with participant("client", "secure_averaging", client, {"local_epochs": 1}, counts={"client": 3}) as driven:
        [advertised] = driven.receive("model", weights=training.weights_of(client.model))
        ciphers = {"client1": advertised["cipher_key"]} | {name: each.cipher for name, each in keys.items()}
        masks = {"client1": advertised["mask_key"]} | {name: each.mask for name, each in keys.items()}
        driven.receive("keys", cipher_keys=ciphers, mask_keys=masks)
        everyone = {**keys, "client1": PublicKeys(advertised["cipher_key"], advertised["mask_key"])}
        driven.receive("shares", shares={name: each.share(everyone)["client1"] for name, each in peers.items()})
        [revealed] = driven.receive("survivors", survivors=["client1", "client2"])
        assert (set(revealed["seeds"]), set(revealed["secrets"])) == ({"client1", "client2"}, {"client3"})
        with pytest.raises(CourseError, match="`survivors`"):
            driven.receive("survivors", survivors=["client1", "client3"])
    with pytest.raises(primitives.AggregationError, match="`client1` does not `unmask` after"):
        client.contributor.unmask(["client1", "client3"])
