"""Logistic regression over divided features (Hardy et al., arXiv:1711.10677), for `vertical_lr`.

The loss of a person with logit z and label y, 1 or -1, is log(1 + exp(-yz)), of which only the first terms are taken,
log 2 - yz/2 + z²/8: so the residual u = z/4 - y/2, of which the gradient is the mean of u times the features, is a sum
of parts that can be added up encrypted. The features' part of z is that of a party; the labels and the intercept are
the owner's.

Who learns what: the parties and the owner have the public key only, and of the others see nothing but ciphertexts. The
server, which has the private key, sees the gradient and the weights, neither labels nor features nor residuals. It must
not be in league with a participant.

Numbers are encrypted as multiples of 2 ** -bits, residuals and features alike, so that products are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError
from protoflow.learning import training
from protoflow.learning.backend import numpy as np
from protoflow.learning.backend import torch
from protoflow.learning.paillier import Ciphertext, PrivateKey, PublicKey
from protoflow.learning.task import two_logits
from protoflow.runtime import Participant, Send

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from numpy.typing import NDArray

    from protoflow.learning.columns import Columns
    from protoflow.learning.data import Examples
    from protoflow.runtime import Message, Setting

    Payload = dict[str, Any]
    Numbers = NDArray[np.float64]


class Server(Participant):
    """`weights` are all slices, one after the other: the owner's, whose last is the intercept, and the parties'."""

    def __init__(self, test_set: Examples) -> None:
        self.test_set = test_set
        self.round = 0
        self.sizes: dict[str, int] = {}
        self.weights: Numbers = np.zeros(0)

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.test_set())

    def admit(self, message: Message) -> None:
        self.sizes[message.sender] = message["weights"]

    def begin(self) -> Payload:
        self.sizes = {each: self.sizes[each] for each in (*self.peers("owner"), *self.peers("party"))}
        self.weights = np.zeros(sum(self.sizes.values()))
        self._key = PrivateKey(self.parameters["key_bits"])
        self.report()
        return {"public_key": {"key": self._key.public.to_bytes()}, "model": self.slices()}

    def step(self, message: Message) -> list[Send]:
        totals = [total for each in self.sizes for total in self._key.decrypt(message["gradient"][each])]
        unit = 4.0 ** -self.parameters["bits"]  # of a product of two numbers
        gradient = np.array([total * unit for total in totals]) / message["samples"]
        self.weights = self.weights - self.parameters["learning_rate"] * gradient
        self.round += 1
        self.report()
        return self.slices()

    def finish(self, message: Message) -> list[Send]:
        return self.step(message)

    def slices(self) -> list[Send]:
        ends = np.cumsum(list(self.sizes.values()))[:-1]
        parts = np.split(self.weights, ends)
        return [Send({"weights": part.copy()}, to=each) for each, part in zip(self.sizes, parts, strict=True)]

    def report(self) -> None:
        inputs = self.test_set.inputs.flatten(start_dim=1).double().numpy()
        intercept = self.sizes[self.peers("owner")[0]] - 1
        logit = torch.from_numpy(inputs @ np.delete(self.weights, intercept) + self.weights[intercept])
        score = training.judged(self.test_set.task, two_logits(logit), self.test_set.labels)
        self.log(round=self.round, **score.metrics)


class _Holder(Participant):
    """Whoever holds `features`, a row for each person: every batch is the next rows, and after the last the first."""

    def __init__(self, features: Numbers) -> None:
        self.features = features
        self.round = 0
        self.weights: Numbers = np.zeros(features.shape[1])

    def introduce(self) -> Payload:
        return {"weights": self.features.shape[1]}

    def keep_key(self, message: Message) -> None:
        self._key = PublicKey.from_bytes(message["key"])

    def adopt(self, message: Message) -> None:
        self.weights = message["weights"]

    def begin(self, message: Message) -> None:
        """A new round, with these weights, and the next batch."""
        self.adopt(message)
        size, people = self.parameters["batch_size"], len(self.features)
        self.rows = np.arange(self.round * size, self.round * size + min(size, people)) % people
        self.batch = self.features[self.rows]
        self.round += 1

    def fixed(self, numbers: Numbers) -> list[int]:
        return [round(number) for number in (numbers * 2.0 ** self.parameters["bits"]).tolist()]

    def gradient_of(self, residuals: Sequence[Ciphertext]) -> list[bytes]:
        """The sum over the batch of residual times feature, for each feature."""
        columns = (self.fixed(column) for column in self.batch.T)
        return self._key.dump(
            self._key.total([u * x for u, x in zip(residuals, column, strict=True)]) for column in columns
        )


class Party(_Holder):
    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.columns("owner", "party").train.double().numpy())

    def logits(self, message: Message) -> Payload:
        self.begin(message)
        return {"logits": self._key.encrypt(self.fixed(self.batch @ self.weights / 4))}

    def gradient(self, message: Message) -> Payload:
        return {"v": self.gradient_of(self._key.load(message["u"]))}


class Owner(_Holder):
    """Has the labels too, 0 or 1, and a column of ones for the intercept."""

    def __init__(self, features: Numbers, labels: NDArray[np.int64]) -> None:
        super().__init__(np.column_stack([features, np.ones(len(features))]))
        self.signs = np.where(labels == 1, 0.5, -0.5)
        self.residuals: list[Ciphertext] = []
        self.parts: dict[str, Sequence[bytes]] = {}

    @classmethod
    def build(cls, setting: Setting) -> Self:
        columns: Columns = setting.columns("owner", "party")
        labels = columns.train_labels
        assert labels is not None, "the first of the roles has them"
        if labels.is_floating_point() or labels.max() > 1:
            raise UsageError("logistic regression is for two classes: --data breast_cancer, or a set of your own")
        return cls(columns.train.double().numpy(), labels.numpy())

    def own_part(self, message: Message) -> None:
        self.begin(message)
        part = self.batch @ self.weights / 4 - self.signs[self.rows]
        self.residuals = [self._key.constant(number) for number in self.fixed(part)]

    def add_part(self, message: Message) -> None:
        parts = self._key.load(message["logits"])
        self.residuals = [one + other for one, other in zip(self.residuals, parts, strict=True)]

    def residual(self) -> Payload:
        return {"u": self._key.dump(self.residuals)}

    def collect(self, message: Message) -> None:
        self.parts[message.sender] = message["v"]

    def gradient(self) -> Payload:
        return {"gradient": {self.id: self.gradient_of(self.residuals), **self.parts}, "samples": len(self.batch)}
