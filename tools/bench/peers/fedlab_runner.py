"""fedlab: `StandalonePipeline` of a `SyncServerHandler` and an `SGDSerialClientTrainer`, in one process.

The loaders of the clients are made once and take whole batches from tensors (what torch's documents call "disabling
automatic batching"), which is quicker than example by example, as in fedlab's own data sets. Its log is off.
"""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

import torchvision_import  # noqa: F401  # before fedlab, which imports torchvision
from fedlab.contrib.algorithm.basic_client import SGDSerialClientTrainer
from fedlab.contrib.algorithm.basic_server import SyncServerHandler
from fedlab.contrib.dataset.basic_dataset import FedDataset
from fedlab.core.standalone import StandalonePipeline
from task import Clock, Task, data_of, first_model, measure
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


class Shares(FedDataset):  # type: ignore[misc,unused-ignore]  # Any where fedlab is not installed
    def __init__(self, task: Task) -> None:
        super().__init__()
        data = data_of(task.data)
        self._loaders = [
            self._loader(TensorDataset(data.inputs[client], data.labels[client]), task.batch_size)
            for client in range(task.clients)
        ]

    @staticmethod
    def _loader(examples: TensorDataset, batch_size: int) -> DataLoader[Any]:
        batches = BatchSampler(RandomSampler(examples), batch_size, drop_last=False)
        return DataLoader(examples, sampler=batches, batch_size=None)

    def get_dataloader(self, id: int, batch_size: int, type: str = "train") -> DataLoader[Any]:
        return self._loaders[id]


class Pipeline(StandalonePipeline):  # type: ignore[misc,unused-ignore]  # Any where fedlab is not installed
    def __init__(self, handler: Any, trainer: Any, clock: Clock) -> None:
        super().__init__(handler, trainer)
        self._clock = clock

    def evaluate(self) -> None:
        """What it calls after each round."""
        self._clock.round_done()


def run(task: Task, clock: Clock) -> Mapping[str, torch.Tensor]:
    random.seed(task.seed)
    trainer = SGDSerialClientTrainer(first_model(task), task.clients)
    trainer.setup_dataset(Shares(task))
    trainer.setup_optim(task.epochs, task.batch_size, task.learning_rate)
    handler = SyncServerHandler(first_model(task), task.rounds, task.cohort / task.clients)
    logging.disable(logging.INFO)
    Pipeline(handler, trainer, clock).main()
    weights: Mapping[str, torch.Tensor] = handler.model.state_dict()
    return weights


if __name__ == "__main__":
    measure(run, "fedlab")
