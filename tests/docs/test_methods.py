"""The tables in docs/python.md name all that the classes of fedavg have, and with what each method is called."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import torch

import protoflow
from protoflow.learning import fedavg
from protoflow.learning.data import Examples

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def section(cls: type[protoflow.Participant], heading: str) -> str:
    """The first table with that heading after the words about a class."""
    _, found, text = PAGE.read_text(encoding="utf-8").partition(f"\n`fedavg.{cls.__name__}` has")
    assert found
    table = re.search(rf"\n\n(\| {heading} .*?)\n\n", text, re.DOTALL)
    assert table is not None
    return table[1]


@pytest.mark.parametrize("cls", [fedavg.Server, fedavg.Client])
def test_each_attribute_has_a_row(cls: type[fedavg.Server | fedavg.Client]) -> None:
    examples = Examples(torch.zeros(5, 2), torch.zeros(5, dtype=torch.int64))
    made = cls(torch.nn.Linear(2, 2), examples)
    cells = re.findall(r"^\| (`self.*?) \|", section(cls, "attribute"), re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`self\.(\w+)`", cell)]
    assert sorted(named) == sorted(name for name in vars(made) if not name.startswith("_"))


@pytest.mark.parametrize("cls", [fedavg.Server, fedavg.Client])
def test_each_method_has_a_row(cls: type[protoflow.Participant]) -> None:
    rows = re.findall(r"^\| `(\w+\(.*?\))` \|", section(cls, "method"), re.MULTILINE)
    static = {name for base in cls.__mro__ for name, found in vars(base).items() if isinstance(found, staticmethod)}
    methods = {
        f"{name}({', '.join(list(inspect.signature(method).parameters)[name not in static :])})"
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and not hasattr(protoflow.Participant, name)
    }
    assert set(rows) == methods
    assert len(rows) == len(methods)
