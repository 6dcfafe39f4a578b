"""The tables of methods in docs/python.md name all that may be replaced, and with what each is called."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import protoflow
from protoflow.learning import fedavg

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


@pytest.mark.parametrize("cls", [fedavg.Server, fedavg.Client])
def test_each_method_has_a_row(cls: type[protoflow.Participant]) -> None:
    _, found, text = PAGE.read_text(encoding="utf-8").partition(f"\n`fedavg.{cls.__name__}` has ")
    assert found
    table = re.search(r"\n\n(\| method .*?)\n\n", text, re.DOTALL)
    assert table is not None
    rows = re.findall(r"^\| `(\w+\(.*?\))` \|", table[1], re.MULTILINE)
    methods = {
        f"{name}({', '.join(list(inspect.signature(method).parameters)[1:])})"
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and not hasattr(protoflow.Participant, name)
    }
    assert set(rows) == methods
    assert len(rows) == len(methods)
