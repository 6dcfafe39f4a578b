"""What a model is asked for, and how its answers are judged: classes, or values.

Which of the two it is, the labels say: whole numbers are classes, numbers of floating point are values. Whoever trains
or tests a model takes the loss and the score from here (`Examples.task`), so that no algorithm knows of either.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from protoflow.learning.backend import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Task:
    """`loss` is what training makes small, the mean over a batch; `score` is 1 at best, and `score_name` its name.

    Both get what the model gave for the examples, and their labels, and return a tensor of one number. `losses` gives
    the numbers that `loss` is the mean of, one an example.
    """

    name: str
    loss: Judge
    losses: Judge
    score_name: str
    score: Judge


def task_of(labels: torch.Tensor) -> Task:
    return REGRESSION if labels.is_floating_point() else CLASSIFICATION


def two_logits(logits: torch.Tensor) -> torch.Tensor:
    """Of shape (examples, 2), as a model of two classes gives them, from the logit of the second alone."""
    return torch.stack([torch.zeros_like(logits), logits], dim=1)


def _accuracy(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """The share whose class got the highest logit."""
    return (logits.argmax(dim=1) == classes).double().mean()


def _squared_error(outputs: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The mean squared error. A model gives one value an example, in a column of its own or not."""
    return torch.nn.functional.mse_loss(outputs.reshape(values.shape), values)


def _squared_errors(outputs: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    return (outputs.reshape(values.shape) - values).square()


def _r2(outputs: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The share of the values' variance that the model explains; below 0 where their mean would do better.

    Values that are all the same have no variance: 1 if they are met exactly, else 0, as in scikit-learn.
    """
    error, variance = _squared_error(outputs, values), values.var(correction=0)
    return 1 - error / variance if variance > 0 else (error == 0).float()


_cross_entropy = torch.nn.functional.cross_entropy

CLASSIFICATION = Task(
    "classification", _cross_entropy, partial(_cross_entropy, reduction="none"), "accuracy", _accuracy
)
REGRESSION = Task("regression", _squared_error, _squared_errors, "r2", _r2)
