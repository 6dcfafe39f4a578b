"""Federated averaging as a plain loop over torch, without any framework: what the others are compared with.

One model is loaded with the global weights for each client, trained, and read into a running sum.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import torch
from task import Clock, Task, data_of, first_model, measure, train

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(task: Task, clock: Clock) -> Mapping[str, torch.Tensor]:
    data, model, chance = data_of(task.data), first_model(task), random.Random(task.seed)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for _ in range(task.rounds):
        total = {name: torch.zeros_like(tensor) for name, tensor in weights.items()}
        for client in chance.sample(range(task.clients), task.cohort):
            model.load_state_dict(weights)
            train(model, data.inputs[client], data.labels[client], task)
            for name, tensor in model.state_dict().items():
                total[name] += tensor
        weights = {name: tensor / task.cohort for name, tensor in total.items()}
        clock.round_done()
    return weights


if __name__ == "__main__":
    measure(run)
