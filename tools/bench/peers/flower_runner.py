"""Flower: `FedAvg` of its message API in `run_simulation`, on Ray with two actors of one processor each.

Its user writes the client; this one loads the arrays that come, trains as the plain loop does, and sends what it has
made of them. What the data are, an actor reads once. Evaluation is off; starting Ray is not counted.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation
from task import Clock, Task, data_of, first_model, measure, train

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTORS = 2


def client_app(task: Task) -> ClientApp:
    app = ClientApp()

    @app.train()  # type: ignore[untyped-decorator,unused-ignore]
    def fit(message: Message, context: Context) -> Message:
        torch.set_num_threads(1)
        client, data, model = int(context.node_config["partition-id"]), data_of(task.data), first_model(task)
        model.load_state_dict(message.content["arrays"].to_torch_state_dict())
        train(model, data.inputs[client], data.labels[client], task)
        content = {
            "arrays": ArrayRecord(model.state_dict()),
            "metrics": MetricRecord({"num-examples": task.samples}),
        }
        return Message(content=RecordDict(content), reply_to=message)

    return app


class Strategy(FedAvg):  # type: ignore[misc,unused-ignore]  # Any where Flower is not installed
    def __init__(self, clock: Clock, **settings: Any) -> None:
        super().__init__(**settings)
        self._clock = clock

    def aggregate_train(self, server_round: int, replies: Any) -> Any:
        replies = list(replies)
        if failed := [reply.error for reply in replies if reply.has_error()]:
            raise RuntimeError(f"a client failed in round {server_round}: {failed[0]}")
        found = super().aggregate_train(server_round, replies)
        self._clock.round_done()
        return found


def run(task: Task, clock: Clock) -> Mapping[str, torch.Tensor]:
    app, final = ServerApp(), {}

    @app.main()  # type: ignore[untyped-decorator,unused-ignore]
    def serve(grid: Grid, context: Context) -> None:
        strategy = Strategy(
            clock,
            fraction_train=task.cohort / task.clients,
            fraction_evaluate=0.0,
            min_train_nodes=task.cohort,
            min_available_nodes=task.clients,
        )
        first = ArrayRecord(first_model(task).state_dict())
        result = strategy.start(grid=grid, initial_arrays=first, num_rounds=task.rounds)
        final.update(result.arrays.to_torch_state_dict())

    run_simulation(
        server_app=app,
        client_app=client_app(task),
        num_supernodes=task.clients,
        backend_config={
            "client_resources": {"num_cpus": 1, "num_gpus": 0.0},
            "init_args": {"num_cpus": ACTORS, "include_dashboard": False},
        },
    )
    return final


if __name__ == "__main__":
    logging.getLogger("flwr").setLevel(logging.ERROR)
    measure(run, "flwr", "ray")
