"""Many models trained as one computation: their weights are stacked, and a step is taken for all of them at once.

What comes of it is what `training.train` makes of each alone, but for the order of additions in floating point. Where
models have unequal numbers of examples, batches are filled up with examples that weigh nothing, and a model that has
done its steps stays as it is while others go on.

Linear layers of a sequence are multiplied as one batch of matrices, which is quicker than what `torch.func.vmap` makes
of them; models of other kinds go through `vmap`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from protoflow.learning.backend import torch
from protoflow.learning.training import single_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from protoflow.learning.task import Task
    from protoflow.learning.training import Loss, Training

    Forward = Callable[["CohortModel", torch.Tensor], torch.Tensor]

_nn = torch.nn
_ELEMENTWISE = (
    _nn.ReLU, _nn.LeakyReLU, _nn.ELU, _nn.SELU, _nn.CELU, _nn.GELU, _nn.SiLU, _nn.Sigmoid, _nn.Tanh, _nn.Softplus,
    _nn.Hardtanh, _nn.ReLU6, _nn.Identity,
)  # fmt: skip
_CHANCE = (torch.nn.modules.dropout._DropoutNd, _nn.RReLU, _nn.FractionalMaxPool2d, _nn.FractionalMaxPool3d)

_kept = threading.local()
_kinds: WeakKeyDictionary[torch.nn.Module, str] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class CohortBatch:
    """A batch for each model: `inputs` of shape (models, batch, ...), `labels` and `weights` of (models, batch).

    `weights` are what an example counts in the mean of its model's batch: 1 / size, or 0 for one that only fills up.
    """

    inputs: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    task: Task

    def loss(self, outputs: torch.Tensor) -> torch.Tensor:
        """The sum over the models of the mean over their batches."""
        losses = self.task.losses(outputs.flatten(0, 1), self.labels.flatten())
        return losses.dot(self.weights.flatten())


@dataclass(frozen=True, slots=True)
class _Product:
    """A linear layer's part in an output: the layer, what went in and what came out, of shape (models, rows, ...)."""

    weight: str
    bias: str | None
    rows: torch.Tensor
    output: torch.Tensor


class CohortModel:
    """Models of one kind, to a loss as one: called with inputs of all of them, with the names of each and its stack."""

    def __init__(self, models: Sequence[torch.nn.Module]) -> None:
        self._forward = forward_of(models[0])
        self._models = [dict(model.named_parameters()) for model in models]
        self.stacks: dict[str, torch.Tensor] = {}
        for name, first in self._models[0].items():
            stack = _space(name, (len(models), *first.shape), first.dtype)
            torch._foreach_copy_(list(stack.unbind()), [model[name].detach() for model in self._models])
            self.stacks[name] = stack.requires_grad_(first.requires_grad)
        self.trained = [tensor for tensor in self.stacks.values() if tensor.requires_grad]
        self.products: list[_Product] = []

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        return self._forward(self, inputs)

    def named_parameters(self) -> Iterator[tuple[str, torch.Tensor]]:
        yield from self.stacks.items()

    def step(self, loss: torch.Tensor, rates: torch.Tensor, going: int) -> None:
        """A step of gradient descent, of the first `going` models; `rates` are the step sizes of all.

        The slopes of a linear layer's weights are a product, of what went into it and of the slopes of what came out.
        They are never written down: the product is taken off the weights at once.
        """
        products, self.products = self.products, []
        wanted = [*(each.output for each in products), *self.trained]
        slopes = torch.autograd.grad(loss, wanted, allow_unused=True)
        with torch.no_grad():
            for each, slope in zip(products, slopes, strict=False):
                if slope is not None:
                    self._descend(each, (rates.reshape(-1, 1, 1) * slope)[:going], going)
            for stack, slope in zip(self.trained, slopes[len(products) :], strict=True):
                if slope is not None:
                    stack[:going].sub_(rates[:going].reshape(-1, *[1] * (stack.dim() - 1)) * slope[:going])

    def _descend(self, product: _Product, way: torch.Tensor, going: int) -> None:
        weight = self.stacks[product.weight]
        if weight.requires_grad:
            weight[:going].baddbmm_(way.transpose(1, 2), product.rows[:going], alpha=-1)
        if product.bias is not None and (bias := self.stacks[product.bias]).requires_grad:
            bias[:going].sub_(way.sum(1))

    def write_back(self) -> None:
        """Give each model what has become of it."""
        with torch.no_grad():
            for name, stack in self.stacks.items():
                if stack.requires_grad:
                    torch._foreach_copy_([model[name] for model in self._models], list(stack.unbind()))


def _space(name: str, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Memory that was used for the same before: to have pages cleared by the system anew each time takes longer than
    much of what is computed in them. Its contents are arbitrary.
    """
    kept: dict[str, torch.Tensor] = vars(_kept)
    key = f"{name} {dtype}"
    if key not in kept:
        kept[key] = torch.empty(0, dtype=dtype)
    return kept[key].resize_(shape).detach()


def kind_of(model: torch.nn.Module) -> Hashable:
    """What two models must have in common to be stacked: their layers, and which of their parameters are trained."""
    kind = _kinds.get(model)
    if kind is None:
        shapes = [(name, tuple(each.shape), each.dtype) for name, each in model.named_parameters()]
        kind = _kinds[model] = f"{type(model).__module__}.{model!r}{shapes}"
    return kind, tuple(each.requires_grad for each in model.parameters())


def obstacle(model: torch.nn.Module, inputs: torch.Tensor) -> str | None:
    """Why models of this kind cannot be stacked, so that the clause completes `because ...`; None if they can.

    `inputs` are some examples to try it with.
    """
    for name, _ in model.named_buffers():
        return f"the model has a buffer, `{name}`"
    if len(list(model.named_parameters(remove_duplicate=False))) > len(list(model.parameters())):
        return "two of the model's layers share weights"
    for module in model.modules():
        if isinstance(module, _CHANCE):
            return f"the model's {type(module).__name__} leaves something to chance"
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            return f"the model's {type(module).__name__} mixes the examples of a batch"
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
            return f"the model's {type(module).__name__} has hooks"
    try:
        CohortModel([model, model])(torch.stack([inputs, inputs]))
    except Exception as error:
        return f"torch.func.vmap cannot take the model: {str(error).splitlines()[0]}"
    return None


def forward_of(model: torch.nn.Module) -> Forward:
    """What the model does, done by a stack of such models to the inputs of each."""
    layers = _layers(model, "")

    def alone(parameters: Any, inputs: torch.Tensor) -> Any:
        return torch.func.functional_call(model, parameters, (inputs,))

    def forward(stack: CohortModel, inputs: torch.Tensor) -> torch.Tensor:
        if layers is None:
            outputs: torch.Tensor = torch.func.vmap(alone, randomness="error")(stack.stacks, inputs)
            return outputs
        for layer in layers:
            inputs = layer(stack, inputs)
        return inputs

    return forward


def _layers(module: torch.nn.Module, prefix: str) -> list[Forward] | None:
    """The layers of a sequence, nested or not; None where one is not known here."""
    kind = type(module)
    if kind is _nn.Sequential:
        layers: list[Forward] = []
        for name, child in module._modules.items():  # `named_children` would leave out one that is there twice
            found = None if child is None else _layers(child, f"{prefix}{name}.")
            if found is None:
                return None
            layers += found
        return layers
    if kind is _nn.Linear:
        return [partial(_linear, f"{prefix}weight", None if module.bias is None else f"{prefix}bias")]
    if kind is _nn.Flatten and module.start_dim == 1 and module.end_dim == -1:
        return [lambda _, inputs: inputs.flatten(2)]
    if kind in _ELEMENTWISE and not getattr(module, "inplace", False):
        return [lambda _, inputs: module(inputs)]
    return None


def _linear(weight: str, bias: str | None, stack: CohortModel, inputs: torch.Tensor) -> torch.Tensor:
    rows = inputs.reshape(len(inputs), -1, inputs.shape[-1])
    matrices = stack.stacks[weight].detach().transpose(1, 2)
    if bias is None:
        output = rows.bmm(matrices)
    else:
        output = torch.baddbmm(stack.stacks[bias].detach().unsqueeze(1), rows, matrices)
    if not output.requires_grad:
        output.requires_grad_()
    stack.products.append(_Product(weight, bias, rows.detach(), output))
    return output.reshape(*inputs.shape[:-1], -1)


@single_thread()
def train(work: Sequence[Training], loss: Loss) -> list[int]:
    """Do trainings as one, in place, and say in how many steps each was done.

    Their models are of one kind and their settings the same but for the learning rate; they come in the order of the
    numbers of their examples, the largest first. `loss` is the sum of their losses, of a CohortModel and a CohortBatch.
    """
    first, size = work[0], work[0].batch_size
    if not first.epochs:
        return [0] * len(work)
    counts = [len(each.examples) for each in work]
    steps = [-(-count // size) for count in counts]
    for each in work:
        if not each.model.training:
            each.model.train()
    model = CohortModel([each.model for each in work])
    rates = torch.tensor([each.learning_rate for each in work])
    generators = [torch.Generator().manual_seed(each.seed) for each in work]
    weights = torch.zeros(len(work), counts[0])
    for row, count in zip(weights, counts, strict=True):
        last = (count - 1) // size * size
        row[:last], row[last:count] = 1 / size, 1 / (count - last)
    examples = [each.examples for each in work]
    inputs = _space("inputs of a batch", (len(work), *first.examples.inputs.shape), first.examples.inputs.dtype)
    labels = first.examples.labels.new_empty(len(work), counts[0])
    for _ in range(first.epochs):
        for place, (own, generator) in enumerate(zip(examples, generators, strict=True)):
            order = torch.randperm(len(own), generator=generator)
            if len(own) < counts[0]:
                order = torch.nn.functional.pad(order, (0, counts[0] - len(own)))
            torch.index_select(own.inputs, 0, order, out=inputs[place])
            torch.index_select(own.labels, 0, order, out=labels[place])
        for step, begin in enumerate(range(0, counts[0], size)):
            part = slice(begin, begin + size)
            batch = CohortBatch(inputs[:, part], labels[:, part], weights[:, part], first.examples.task)
            model.step(loss(model, batch), rates, sum(step < number for number in steps))
    model.write_back()
    return [first.epochs * number for number in steps]
