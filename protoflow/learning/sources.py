"""Where data sets come from: a name, a file, or a function of one's own.

    digits, breast_cancer, wine, diabetes, synthetic:ALPHA,BETA   come with protoflow (`shipped`)
    my.npz, my.csv, my.csv:column                                 files (`files`)
    my_package:make_dataset                                       a function without arguments, or a class

The function returns a `protoflow.learning.data.Dataset`, a torch Dataset of (input, label) pairs, or a tuple of two of
those, the second to test on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError
from protoflow.learning.backend import torch
from protoflow.learning.data import Dataset, Examples, as_inputs, divided
from protoflow.learning.files import npz, table
from protoflow.learning.own import called
from protoflow.learning.shipped import SHIPPED, synthetic

if TYPE_CHECKING:
    from collections.abc import Callable


def load(source: str) -> Dataset:
    """The data set of that name, in that file, or of that function. Raises UsageError where there is none."""
    file, suffix, label = source.partition(".csv:")
    if suffix:
        return _read(Path(f"{file}.csv"), lambda path: table(path, label))
    if source.endswith(".csv"):
        return _read(Path(source), lambda path: table(path, None))
    if source.endswith(".npz"):
        return _read(Path(source), npz)
    if source in SHIPPED:
        return SHIPPED[source]()
    kind, colon, argument = source.partition(":")
    if kind == "synthetic":
        return synthetic(*_two_numbers(source, argument))
    if colon:
        return _dataset(source, called(source, "data", "make_dataset()"))
    known = ", ".join(f"`{name}`" for name in [*sorted(SHIPPED), "synthetic:ALPHA,BETA"])
    raise UsageError(
        f"`{source}` is not a data set; there is {known}, files (my.npz, my.csv) and functions of your own "
        "(my_package:make_dataset)"
    )


def _read(path: Path, read: Callable[[Path], Dataset]) -> Dataset:
    try:
        return read(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None


def _two_numbers(source: str, argument: str) -> tuple[float, float]:
    try:
        alpha, beta = map(float, argument.split(","))
    except ValueError:
        alpha = beta = -1.0
    if not (0 <= alpha < 100 and 0 <= beta < 100):
        raise UsageError(
            f"`{source}` is not a data set; write synthetic:ALPHA,BETA, two numbers from 0, as synthetic:1,1"
        )
    return alpha, beta


def _dataset(source: str, given: object) -> Dataset:
    match given:
        case Dataset():
            return given
        case (first, second):
            return Dataset(source, _examples(source, first), _examples(source, second))
        case _:
            return divided(source, _examples(source, given))


def _examples(source: str, given: Any) -> Examples:
    """All pairs of a torch Dataset."""
    if not hasattr(given, "__getitem__") or not hasattr(given, "__len__"):
        raise UsageError(
            f"`{source}` returned a {type(given).__name__}; it should be a protoflow Dataset, a torch Dataset with "
            "`__len__` and `__getitem__`, or a pair of those: (train, test)"
        )
    inputs, labels = [], []
    for place in range(len(given)):
        pair = given[place]
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise UsageError(f"`{source}`: example {place} is a {type(pair).__name__}, not a pair of input and label")
        try:
            inputs.append(torch.as_tensor(pair[0]))
            labels.append(torch.as_tensor(pair[1]))
        except (TypeError, ValueError, RuntimeError):
            kinds = " and ".join(type(each).__name__ for each in pair)
            raise UsageError(
                f"`{source}`: example {place} is a {kinds}; both are to be numbers, arrays or tensors (for images, "
                "give the Dataset a transform such as torchvision's ToTensor())"
            ) from None
    if not inputs:
        raise UsageError(f"`{source}`: a Dataset without an example")
    shapes = {tuple(each.shape) for each in inputs}
    if len(shapes) > 1 or any(label.numel() != 1 for label in labels):
        raise UsageError(f"`{source}`: the examples are not all of one shape, or a label is not one number")
    together = torch.stack([label.reshape(()) for label in labels])
    return Examples(
        as_inputs(torch.stack(inputs)), together.float() if together.is_floating_point() else together.long()
    )
