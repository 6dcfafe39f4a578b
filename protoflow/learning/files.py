"""Data sets in files: arrays in .npz, tables in .csv.

An .npz has the arrays `x` and `y`, or `inputs` and `labels`, in small or capital letters; with `x_train`, `y_train`,
`x_test` and `y_test` (Keras' names) it has a test set of its own. `owners`, one whole number a training example, says
whose it is. Arrays are taken as they are, but bytes (uint8), which are divided by 255, as images are. Nothing is ever
unpickled.

A .csv has one example a row. The label is in the last column, or the one named in `my.csv:column`. A first row that is
not all numbers names the columns. A column of words becomes one of zeros and ones for each word. Columns are raw
measurements: they are standardised, with the means and standard deviations of the training part.

Labels that are text or whole numbers are classes. Labels with a fraction (in an .npz: of a floating-point type) are
values to predict.
"""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from protoflow.errors import UsageError
from protoflow.learning.backend import numpy, torch
from protoflow.learning.data import Dataset, Examples, as_inputs, divided, standardised

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[Any]

NAMES = (("x", "y"), ("inputs", "labels"))


def npz(path: Path) -> Dataset:
    """The data set in an .npz. Raises UsageError where there is none, OSError where the file cannot be read."""
    arrays = _arrays(path)
    owners = _owners(path, arrays.pop("owners", None))
    for x, y in NAMES:
        if {x, y} == set(arrays):
            inputs, labels = _inputs(path, x, arrays[x]), torch.from_numpy(_labels(f"{path}, `{y}`", arrays[y]))
            _same_length(path, x, inputs, y, labels)
            return divided(str(path), Examples(inputs, labels), _as_long(path, owners, x, inputs))
        parts = [(f"{x}_{part}", f"{y}_{part}") for part in ("train", "test")]
        if {name for pair in parts for name in pair} == set(arrays):
            (x_train, y_train), (x_test, y_test) = parts
            both = _labels(f"{path}, `{y_train}`, `{y_test}`", _joined(path, y_train, y_test, arrays))
            known = torch.from_numpy(both)
            of_train, of_test = known[: len(arrays[y_train])], known[len(arrays[y_train]) :]
            train = Examples(_inputs(path, x_train, arrays[x_train]), of_train)
            test = Examples(_inputs(path, x_test, arrays[x_test]), of_test)
            _same_length(path, x_train, train.inputs, y_train, of_train)
            _same_length(path, x_test, test.inputs, y_test, of_test)
            return Dataset(str(path), train, test, _as_long(path, owners, x_train, train.inputs))
    found = ", ".join(f"`{name}`" for name in arrays) or "nothing"
    raise UsageError(
        f"{path} has {found}; it needs `x` and `y` (or `inputs` and `labels`), or `x_train`, `y_train`, `x_test` and "
        "`y_test`: numpy.savez('my.npz', x=inputs, y=labels)"
    )


def table(path: Path, label: str | None) -> Dataset:
    """The data set in a .csv; `label` names the column to learn, by default the last. Raises UsageError and OSError."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            lines = [
                (number, [cell.strip() for cell in row]) for number, row in enumerate(csv.reader(stream), 1) if row
            ]
        except (UnicodeDecodeError, csv.Error) as error:
            raise UsageError(f"{path} is not a CSV file: {error}") from None
    if not lines:
        raise UsageError(f"{path} is empty")
    first = lines[0][1]
    width = len(first)
    if width < 2:
        raise UsageError(f"{path}, line {lines[0][0]}: one column, `{first[0]}`; columns are divided by commas")
    if all(_number(cell) is not None for cell in first):
        names, rows = [str(column) for column in range(1, width + 1)], lines
    else:
        names, rows = first, lines[1:]
    if label is not None and label not in names:
        raise UsageError(f"{path} has no column `{label}`; it has {', '.join(f'`{name}`' for name in names)}")
    if label is not None and names.count(label) > 1:
        raise UsageError(f"{path} has several columns `{label}`")
    place = width - 1 if label is None else names.index(label)
    for number, row in rows:
        if len(row) != width:
            raise UsageError(
                f"{path}, line {number}: {len(row)} cell{'s' * (len(row) > 1)} where there are {width} columns"
            )
        if not row[place]:
            raise UsageError(f"{path}, line {number}: no label in column `{names[place]}`; leave the row out")
    if not rows:
        raise UsageError(f"{path} has names of columns and no row")
    features = [
        feature
        for column in range(width)
        if column != place
        for feature in _features(path, names[column], [(number, row[column]) for number, row in rows])
    ]
    labels = _labels(f"{path}, column `{names[place]}`", _typed([row[place] for _, row in rows]))
    return standardised(divided(str(path), Examples(torch.tensor(features).T, torch.from_numpy(labels))))


# -- Arrays


def _arrays(path: Path) -> dict[str, Array]:
    """The arrays by name, small letters."""
    try:
        loaded = numpy.load(path, allow_pickle=False)
        if isinstance(loaded, numpy.ndarray):
            raise UsageError(f"{path} is a single array, not an .npz: numpy.savez('my.npz', x=inputs, y=labels)")
        with loaded as archive:
            found = {}
            for name in archive.files:
                try:
                    found[name.lower()] = archive[name]
                except ValueError:
                    raise UsageError(
                        f"{path}: `{name}` is an array of Python objects, which are never unpickled; save numbers, or "
                        f"text by {name}.astype(str)"
                    ) from None
            return found
    except (ValueError, BadZipFile, EOFError):
        raise UsageError(f"{path} is not an .npz file of numpy's: numpy.savez('my.npz', x=inputs, y=labels)") from None


def _joined(path: Path, first: str, second: str, arrays: dict[str, Array]) -> Array:
    one, other = arrays[first], arrays[second]
    if one.dtype.kind != other.dtype.kind or one.shape[1:] != other.shape[1:]:
        raise UsageError(f"{path}: `{first}` is of type {one.dtype}, `{second}` of {other.dtype}; they are to be alike")
    return numpy.concatenate([one, other])


def _inputs(path: Path, name: str, array: Array) -> torch.Tensor:
    if array.ndim < 2 or array.dtype.kind not in "fiub":
        raise UsageError(
            f"{path}: `{name}` is of shape {array.shape} and type {array.dtype}; it needs numbers, one example a row"
        )
    _complete(f"{path}, `{name}`", array)
    return as_inputs(torch.from_numpy(array if array.dtype == numpy.uint8 else array.astype(numpy.float32)))


def _complete(where: str, array: Array) -> None:
    """Raise UsageError for the first number that is none."""
    if array.dtype.kind == "f" and not (numbers := numpy.isfinite(array)).all():
        place = tuple(int(each) for each in numpy.argwhere(~numbers)[0])
        at = "".join(f"[{each}]" for each in place)
        raise UsageError(f"{where}: the number at {at} is {array[place]}; fill it, or leave out row {place[0]}")


def _owners(path: Path, array: Array | None) -> torch.Tensor | None:
    if array is None:
        return None
    if array.ndim != 1 or array.dtype.kind not in "iuU":
        raise UsageError(
            f"{path}: `owners` is of shape {array.shape} and type {array.dtype}; it needs one number a row"
        )
    return torch.from_numpy(numpy.unique(array, return_inverse=True)[1])


def _as_long(path: Path, owners: torch.Tensor | None, name: str, inputs: torch.Tensor) -> torch.Tensor | None:
    if owners is not None:
        _same_length(path, name, inputs, "owners", owners)
    return owners


def _same_length(path: Path, first: str, one: torch.Tensor, second: str, other: torch.Tensor) -> None:
    if len(one) != len(other):
        raise UsageError(f"{path}: `{first}` has {len(one):,} rows, `{second}` {len(other):,}; each example needs both")


def _labels(where: str, array: Array) -> Array:
    """float32 as it is; text and whole numbers as the places in their order, from 0. A column of labels is flat."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "fiubU":
        raise UsageError(f"{where}: of shape {array.shape} and type {array.dtype}; it needs one label an example")
    if array.dtype.kind == "f":
        _complete(where, array)
        return array.astype(numpy.float32)
    classes, places = numpy.unique(array, return_inverse=True)
    if len(classes) * 2 > len(array) > 2:
        raise UsageError(
            f"{where}: {len(classes):,} different labels for {len(array):,} examples are too many for classes; "
            "write values to predict as numbers with a fraction (3.0), or as an array of floats"
        )
    return places.astype(numpy.int64)


# -- Cells


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _features(path: Path, column: str, cells: Sequence[tuple[int, str]]) -> list[list[float]]:
    """What a column, of lines and cells, gives: its numbers, or zeros and ones for each word that is in it."""
    numbers = [_number(cell) for _, cell in cells]
    words = sorted({cell for _, cell in cells})
    of_words = all(number is None for number in numbers) and "" not in words
    if of_words and 2 * len(words) <= len(cells):
        return [[float(cell == word) for _, cell in cells] for word in words]
    if of_words:
        raise UsageError(
            f"{path}, column `{column}`: {len(words):,} different words in {len(cells):,} rows are too many to learn "
            "from; leave the column out"
        )
    for (line, cell), number in zip(cells, numbers, strict=True):
        if number is None or not math.isfinite(number):
            what = f"`{cell}` is not a number" if cell else "nothing"
            raise UsageError(f"{path}, line {line}, column `{column}`: {what}; fill it, or leave the row out")
    return [[number for number in numbers if number is not None]]


def _typed(cells: Sequence[str]) -> Array:
    """Whole numbers, numbers, or text: the first that all cells are."""
    try:
        return numpy.array([int(cell) for cell in cells], dtype=numpy.int64)
    except (ValueError, OverflowError):
        numbers = [_number(cell) for cell in cells]
        if all(number is not None for number in numbers):
            return numpy.array(numbers, dtype=numpy.float64)
        return numpy.array(cells)
