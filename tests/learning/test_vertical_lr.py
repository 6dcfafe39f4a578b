"""Encrypted logistic regression learns what it does in the open, and its messages show nothing but ciphertexts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from protoflow.engines.conditions import Conditions, Span
from protoflow.errors import UsageError
from protoflow.learning.paillier import PublicKey
from protoflow.runtime import Course, Message, Result
from tests.learning.courses import materials

BITS = 32
JITTER = Conditions(latency={("*", "*"): Span(0.01, 1.0)})


def played(parties: int, **parameters: object) -> tuple[Course, Result]:
    given = {"key_bits": 1024, **parameters}
    course = Course.build("vertical_lr", {"party": parties}, given, setting=materials("breast_cancer", "iid", 0).equip)
    result = course.run(conditions=JITTER, seed=parties)
    assert result.outcome == "complete"
    return course, result


@cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training features and labels, test features and labels."""
    both = materials("breast_cancer", "iid", 0).dataset
    train, test = ((part.inputs.double().numpy(), part.labels.numpy()) for part in (both.train, both.test))
    return (*train, *test)


def in_the_open(steps: int, batch_size: int, learning_rate: float) -> np.ndarray:
    """The same steps without any encryption: weights of all features, and the intercept last."""
    features, labels, *_ = data()
    features = np.column_stack([features, np.ones(len(features))])
    weights = np.zeros(features.shape[1])
    for step in range(steps):
        rows = (step * batch_size + np.arange(batch_size)) % len(features)
        x, y = features[rows], 2 * labels[rows] - 1
        weights -= learning_rate * np.mean((x @ weights / 4 - y / 2)[:, None] * x, axis=0)
    return weights


def in_order(course: Course) -> np.ndarray:
    """The server's weights in the order of the columns, and the intercept last."""
    (server,) = course.participants["server"]
    intercept = server.sizes["owner"] - 1
    return np.append(np.delete(server.weights, intercept), server.weights[intercept])


def test_it_learns_what_it_does_in_the_open():
    """The weights are those of the same steps in the clear, to the rounding of 32 bits; 31 steps come within two
    points of what scikit-learn's logistic regression gets on the test set, which is minimised to the end."""
    course, result = played(2)
    weights = in_order(course)
    assert np.abs(weights).max() > 0.2
    np.testing.assert_allclose(weights, in_the_open(31, 64, 0.2), atol=1e-8, rtol=0)

    train, labels, test, test_labels = data()
    rounds = [logged.values for logged in result.metrics if "round" in logged.values]
    assert [values["round"] for values in rounds] == list(range(32))
    assert rounds[-1]["accuracy"] == np.mean((test @ weights[:-1] + weights[-1] > 0) == test_labels)
    assert rounds[-1]["accuracy"] > LogisticRegression(max_iter=1000).fit(train, labels).score(test, test_labels) - 0.02
    assert rounds[-1]["loss"] < 0.3


@pytest.mark.parametrize("parties", [1, 4])
def test_it_is_the_same_however_many_parties_there_are(parties):
    course, _ = played(parties, rounds=2, batch_size=20)
    np.testing.assert_allclose(in_order(course), in_the_open(3, 20, 0.2), atol=1e-8, rtol=0)
    holders = [*course.participants["owner"], *course.participants["party"]]
    assert np.array_equal(np.concatenate([each.weights for each in holders]), course.participants["server"][0].weights)


def test_a_batch_goes_on_from_the_first_person_after_the_last():
    course, _ = played(1, rounds=2, batch_size=300, bits=20)
    np.testing.assert_allclose(in_order(course), in_the_open(3, 300, 0.2), atol=1e-4, rtol=0)


def bytes_in(value: object) -> list[bytes]:
    """Every bytes in a payload; it fails for anything else that is there."""
    match value:
        case bytes():
            return [value]
        case Mapping():
            return [each for inner in value.values() for each in bytes_in(inner)]
        case tuple():
            return [each for inner in value for each in bytes_in(inner)]
    raise AssertionError(f"{type(value).__name__} in the open")


def test_participants_send_each_other_nothing_but_ciphertexts(sent: list[Message]):
    """Those of what they should be, under the server's key, which only the server can read; no two are the same, though
    the first logits are all zero. Of features and residuals nothing else ever leaves a participant."""
    course, _ = played(2, rounds=1, batch_size=16)
    (server,), (owner,), parties = (course.participants[role] for role in ("server", "owner", "party"))
    assert {message.type for message in sent} == set(course.protocol.messages)

    seen = [message for message in sent if message.sender != "server" and message.type != "join"]
    sealed = [
        each
        for message in seen
        for name, value in message.payload.items()
        if name != "samples"  # how many people a batch has
        for each in bytes_in(value)
    ]
    passed_on = 2 * sum(party.features.shape[1] for party in parties)  # the parties' gradients, by way of the owner
    assert {len(each) for each in sealed} == {256}
    assert len(sealed) == len(set(sealed)) + passed_on + 2 * 16  # both parties get the same residuals

    features = data()[0][:16]
    y = 2 * data()[1][:16] - 1
    first = {(message.type, message.sender): message for message in reversed(seen)}
    unit = 2.0**-BITS
    assert server._key.decrypt(first["encrypted_logits", "party1"]["logits"]) == [0] * 16
    residuals = server._key.decrypt(first["encrypted_gradient_u", "owner"]["u"])
    assert [each * unit for each in residuals] == (-y / 2).tolist()
    gradient = server._key.decrypt(first["encrypted_gradient_v", "party1"]["v"])
    np.testing.assert_allclose(np.array(gradient, float) * unit**2, (-y / 2) @ features[:, 10:20], atol=1e-8)

    # The key that goes out is the public one alone, and that is all that they have of it.
    (key,) = {message["key"] for message in sent if message.type == "public_key"}
    assert int.from_bytes(key) == server._key.public.modulus
    for each in (owner, *parties):
        assert isinstance(each._key, PublicKey)
        assert each._key._scheme.secret_key is None


def test_what_the_server_sends_is_each_ones_own_slice(sent: list[Message]):
    course, _ = played(2, rounds=1, batch_size=16)
    sizes = {each.id: each.features.shape[1] for role in ("owner", "party") for each in course.participants[role]}
    assert sizes == {"owner": 11, "party1": 10, "party2": 10}
    sliced = [message for message in sent if message.type in ("model", "finish")]
    assert len(sliced) == 3 * 3
    assert all(message["weights"].shape == (sizes[message.receiver],) for message in sliced)


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_it_needs_two_classes(name):
    with pytest.raises(UsageError, match="logistic regression is for two classes"):
        Course.build("vertical_lr", {"party": 1}, {}, setting=materials(name, "iid", 0).equip)
