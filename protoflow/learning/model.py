"""Models to start from, by name, or made by a function of one's own; a seed fixes the first weights.

mlp      one hidden layer of 64 rectified units
linear   none: logistic regression for classes, linear regression for values
cnn      two convolutions of 3x3, each rectified and pooled, for square grey images such as the digits

my_package:make_model   called as make_model(features, outputs): how many numbers an input has, and how many the
                        model is to give, one for each class (logits) or one value
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.learning.backend import torch
from protoflow.learning.own import called
from protoflow.learning.training import seeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.learning.data import Examples

HIDDEN = 64
"""Units of the hidden layer."""
CHANNELS = 16
"""What the first convolution makes of the image; the second makes twice as many."""


def make(name: str, features: int, outputs: int, seed: int) -> torch.nn.Module:
    """A new model. Raises UsageError for a name that there is not, and a function that gives no model."""
    if name in MODELS:
        with seeded(seed):
            return MODELS[name](features, outputs)
    if ":" not in name:
        known = ", ".join(f"`{each}`" for each in MODELS)
        raise UsageError(
            f"`{name}` is not a model; there is {known}, and functions of your own (my_package:make_model)"
        )
    form = f"make_model({features}, {outputs})"
    model = called(name, "model", form, features, outputs, seed=seed)
    if not isinstance(model, torch.nn.Module):
        raise UsageError(f"--model {name}, called as {form}, gave a {type(model).__name__}, not a torch.nn.Module")
    return model


def fitting(name: str, model: torch.nn.Module, examples: Examples, outputs: int) -> torch.nn.Module:
    """The model, tried on some examples. Raises UsageError where it does not take them, or gives something else."""
    shape = tuple(examples.inputs.shape)
    try:
        with torch.inference_mode():
            given = model.eval()(examples.inputs)
    except Exception as error:
        raise UsageError(f"--model {name} fails on inputs of shape {shape}: {type(error).__name__}: {error}") from error
    model.train()
    wanted = [(len(examples), outputs)] + ([(len(examples),)] if outputs == 1 else [])
    if not isinstance(given, torch.Tensor) or tuple(given.shape) not in wanted:
        found = f"shape {tuple(given.shape)}" if isinstance(given, torch.Tensor) else f"type {type(given).__name__}"
        raise UsageError(
            f"--model {name} gives an output of {found} for inputs of shape {shape}; it needs shape {wanted[0]}: a "
            "number for each class, or one value"
        )
    return model


def mlp(features: int, outputs: int) -> torch.nn.Module:
    nn = torch.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, outputs))


def linear(features: int, outputs: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(features, outputs))


def cnn(features: int, outputs: int) -> torch.nn.Module:
    side = isqrt(features)
    if side * side != features or side < 4:
        raise UsageError(f"`cnn` is for square grey images from 4x4 on; an input of {features} features is none")
    nn = torch.nn
    return nn.Sequential(
        nn.Flatten(),
        nn.Unflatten(1, (1, side, side)),
        nn.Conv2d(1, CHANNELS, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(CHANNELS, 2 * CHANNELS, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2 * CHANNELS * (side // 4) ** 2, outputs),
    )


MODELS: dict[str, Callable[[int, int], torch.nn.Module]] = {"mlp": mlp, "linear": linear, "cnn": cnn}
