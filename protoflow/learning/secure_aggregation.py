"""One secure sum of integer vectors, for `secure_aggregation`; and its rounds, for courses that add up again and again.

What the rounds are, and what they protect from whom, `protoflow.learning.secure` says.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError
from protoflow.learning.secure.aggregator import Aggregator
from protoflow.learning.secure.backend import numpy as np
from protoflow.learning.secure.contributor import Contributor, PublicKeys, Revealed
from protoflow.runtime import Participant, Send

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from numpy.typing import NDArray

    from protoflow.learning.secure.primitives import Integers
    from protoflow.runtime import Message, Setting

    Payload = dict[str, Any]


def threshold(share: Fraction, clients: int) -> int:
    """How many of the course's clients must be left: that share of them, rounded up, and two at least.

    Raises UsageError for a share that is not more than half, which `protoflow.learning.secure` gives the reason for.
    """
    if share * 2 <= 1:
        raise UsageError(f"the threshold must be more than half of the clients, not {float(share):.0%} of them")
    return max(2, -(-share.numerator * clients // share.denominator))


class SummingServer(Participant):
    """The rounds as the server has them: it passes on what it cannot read, and adds up."""

    @cached_property
    def aggregator(self) -> Aggregator:
        """Of the aggregation that goes on."""
        return self.new_aggregator()

    def new_aggregator(self) -> Aggregator:
        return Aggregator(threshold(Fraction(self.parameters["threshold"]), len(self.peers("client"))))

    def enough(self) -> bool:
        return self.aggregator.enough

    def collect_keys(self, message: Message) -> None:
        self.aggregator.add_keys(message.sender, PublicKeys(message["cipher_key"], message["mask_key"]))

    def send_keys(self) -> Payload:
        keys = self.aggregator.close_keys()
        return {
            "cipher_keys": {client: each.cipher for client, each in keys.items()},
            "mask_keys": {client: each.mask for client, each in keys.items()},
        }

    def collect_shares(self, message: Message) -> None:
        self.aggregator.add_shares(message.sender, message["shares"])

    def send_shares(self) -> list[Send]:
        return [Send({"shares": shares}, to=client) for client, shares in self.aggregator.close_shares().items()]

    def collect_vectors(self, message: Message) -> None:
        self.aggregator.add_vector(message.sender, message["vector"])

    def name_survivors(self) -> Payload:
        return {"survivors": self.aggregator.close_vectors()}

    def collect_unmask(self, message: Message) -> None:
        self.aggregator.add_revealed(message.sender, Revealed(dict(message["seeds"]), dict(message["secrets"])))


class MaskingClient(Participant):
    """The rounds as a client has them. What it adds to the sum is for its `vector` to say, once it is asked for."""

    contributor: Contributor

    @property
    def vector(self) -> Integers:
        raise NotImplementedError

    def advertise(self) -> Payload:
        """A new aggregation, with new keys: those of an earlier one are forgotten."""
        number = threshold(Fraction(self.parameters["threshold"]), 1 + len(self.peers("client")))
        self.contributor = Contributor(self.id, number)
        keys = self.contributor.advertise()
        return {"cipher_key": keys.cipher, "mask_key": keys.mask}

    def share(self, message: Message) -> Payload:
        ciphers, masks = message["cipher_keys"], message["mask_keys"]
        keys = {client: PublicKeys(ciphers[client], masks[client]) for client in ciphers}
        return {"shares": self.contributor.share(keys)}

    def mask(self, message: Message) -> Payload:
        return {"vector": self.contributor.mask(self.vector, message["shares"])}

    def unmask(self, message: Message) -> Payload:
        revealed = self.contributor.unmask(message["survivors"])
        return {"seeds": revealed.seeds, "secrets": revealed.secrets}


class Server(SummingServer):
    """`total` is the sum once the course is over, and None where too few clients were left."""

    total: Integers | None = None

    def unmask(self) -> Payload:
        self.total = self.aggregator.total()
        self.log(round=1, clients=len(self.aggregator.survivors))
        return {"sum": self.total}

    def give_up(self) -> None:
        self.log(round=1, clients=0)


class Client(MaskingClient):
    """Adds a vector to the sum: integers, as many as the other clients have."""

    def __init__(self, vector: Sequence[int] | NDArray[np.integer[Any]]) -> None:
        self._vector = np.asarray(vector, dtype=np.int64)
        self.total: Integers | None = None

    @classmethod
    def build(cls, setting: Setting) -> Self:
        """How many examples the client has, and in how many of them each feature is not zero."""
        inputs = setting.data().inputs
        return cls([len(inputs), *inputs.reshape(len(inputs), -1).count_nonzero(dim=0).tolist()])

    @property
    def vector(self) -> Integers:
        return self._vector

    def adopt(self, message: Message) -> None:
        self.total = message["sum"]
