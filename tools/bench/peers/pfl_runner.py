"""pfl-research: `FederatedAveraging` on a `SimulatedBackend` in one process.

The datasets of the users are made once, as `PyTorchTensorDataset`s that keep their batches, so that batches are the
same in every epoch; that is pfl's way, and quicker than to shuffle. Users come in turn (`minimize_reuse`). The central
optimizer is SGD with step size 1, which adds the mean of the differences. Evaluation is off but for the first round, in
which pfl always evaluates and which is not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from pfl.aggregate.simulate import SimulatedBackend
from pfl.algorithm.base import NNAlgorithmParams
from pfl.algorithm.federated_averaging import FederatedAveraging
from pfl.callback.base import TrainingProcessCallback
from pfl.data.federated_dataset import FederatedDataset
from pfl.data.pytorch import PyTorchTensorDataset
from pfl.data.sampling import get_user_sampler
from pfl.hyperparam import NNEvalHyperParams, NNTrainHyperParams
from pfl.metrics import Metrics, Weighted
from pfl.model.pytorch import PyTorchModel
from task import Clock, Task, data_of, layers, measure

if TYPE_CHECKING:
    from collections.abc import Mapping


class Model(torch.nn.Sequential):
    """With the two methods that pfl asks for."""

    def loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(self(inputs), labels)

    def metrics(self, inputs: torch.Tensor, labels: torch.Tensor) -> dict[str, Any]:
        with torch.inference_mode():
            return {"loss": Weighted(self.loss(inputs, labels).item() * len(labels), len(labels))}


class Stamp(TrainingProcessCallback):  # type: ignore[misc,unused-ignore]  # Any where pfl is not installed
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def after_central_iteration(self, aggregate_metrics: object, model: object, *, central_iteration: int) -> Any:
        self._clock.round_done()
        return False, Metrics()


def run(task: Task, clock: Clock) -> Mapping[str, torch.Tensor]:
    data = data_of(task.data)
    users = {
        client: PyTorchTensorDataset((data.inputs[client], data.labels[client]), user_id=str(client))
        for client in range(task.clients)
    }
    dataset = FederatedDataset(users.__getitem__, get_user_sampler("minimize_reuse", list(users)))
    module = Model(*layers(task.model))
    module.load_state_dict(data.first_weights(task.model))
    FederatedAveraging().run(
        backend=SimulatedBackend(training_data=dataset, val_data=dataset),
        model=PyTorchModel(module, torch.optim.SGD, torch.optim.SGD(module.parameters(), lr=1.0)),
        algorithm_params=NNAlgorithmParams(
            central_num_iterations=task.rounds,
            evaluation_frequency=task.rounds + 1,
            train_cohort_size=task.cohort,
            val_cohort_size=0,
        ),
        model_train_params=NNTrainHyperParams(
            local_num_epochs=task.epochs, local_learning_rate=task.learning_rate, local_batch_size=task.batch_size
        ),
        model_eval_params=NNEvalHyperParams(local_batch_size=None),
        callbacks=[Stamp(clock)],
        send_metrics_to_platform=False,
    )
    return module.state_dict()


if __name__ == "__main__":
    measure(run, "pfl")
