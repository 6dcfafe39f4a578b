"""Learning rates for each client of its own, drawn by a network that learns from how well clients do, after
FederatedScope's autotune/pfedhpo.

The network has a vector for each client, and makes of it the place of the client's rate between the lowest and the
highest. A draw is normal around it, cut to that range, and is rewarded by how much the client's loss has fallen when it
next evaluates, less what that has been for this client of late (REINFORCE: Williams, Machine Learning 1992).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, hyperparameters, training
from protoflow.learning.backend import torch
from protoflow.learning.hyperparameters import rate_at
from protoflow.runtime import Send

if TYPE_CHECKING:
    from protoflow.learning.data import Examples
    from protoflow.runtime import Message

HIDDEN = 16
"""Numbers in the vector of a client, and units of the hidden layer."""
SPREAD = 0.15
"""Standard deviation of a draw, on a scale from 0 (the lowest rate) to 1."""

RECENCY = 0.3
"""The part of a client's usual reward that its latest one makes up."""


class Hypernetwork(torch.nn.Module):
    """Of the number of a client the place of its rate, from 0 to 1."""

    def __init__(self, clients: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Embedding(clients, HIDDEN),
            torch.nn.Linear(HIDDEN, HIDDEN),
            torch.nn.Tanh(),
            torch.nn.Linear(HIDDEN, 1),
            torch.nn.Sigmoid(),
        )

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        places: torch.Tensor = self.layers(numbers).squeeze(1)
        return places


class Server(fedavg.Server):
    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.network: Hypernetwork | None = None
        self.drawn: dict[str, float] = {}
        self.measured_losses: list[dict[str, float]] = []
        self.usual: dict[str, float] = {}

    def measure(self, message: Message) -> None:
        super().measure(message)
        if len(self.measured_losses) < len(self.evaluations):
            self.measured_losses.append({})
        self.measured_losses[-1][message.sender] = message["loss"]

    def learn_and_draw(self) -> list[Send]:
        clients = sorted(self.samples)
        if self.network is None:
            with training.seeded(training.derive(self.seed, "hypernetwork")):
                self.network = Hypernetwork(len(clients))
            self.optimizer = torch.optim.Adam(self.network.parameters(), lr=self.parameters["network_rate"])
        if self.drawn:
            before, after = self.measured_losses[-2:]
            self.learn(clients, {client: before[client] - after[client] for client in self.drawn})
        with training.single_thread(), torch.no_grad():
            places = self.network(torch.arange(len(clients)))
        generator = torch.Generator().manual_seed(training.derive(self.seed, "rates", self.round))
        draws = (places + SPREAD * torch.randn(len(clients), generator=generator)).tolist()
        cohort = set(self.cohort())
        self.drawn = {client: draw for client, draw in zip(clients, draws, strict=True) if client in cohort}
        weights = self.weights()
        return [
            Send(
                {
                    "weights": weights,
                    "hyperparameters": {"learning_rate": rate_at(min(1.0, max(0.0, draw)), self.parameters)},
                },
                client,
            )
            for client, draw in self.drawn.items()
        ]

    def learn(self, clients: list[str], rewards: dict[str, float]) -> None:
        """A step towards the draws that were better than was usual for the client, and away from the others."""
        assert self.network is not None
        numbers = torch.tensor([clients.index(client) for client in self.drawn])
        draws = torch.tensor(list(self.drawn.values()))
        advantage = torch.tensor([rewards[each] - self.usual.get(each, rewards[each]) for each in self.drawn])
        for client in self.drawn:
            usual = self.usual.get(client, rewards[client])
            self.usual[client] = usual + RECENCY * (rewards[client] - usual)
        with training.single_thread():
            likelihood = torch.distributions.Normal(self.network(numbers), SPREAD).log_prob(draws)  # type: ignore[no-untyped-call]
            self.optimizer.zero_grad()
            (-(advantage * likelihood).mean()).backward()
            self.optimizer.step()


class Client(hyperparameters.Client):
    """Trains with the rate that was drawn for it."""
