"""Payloads: types as language.md lists them, sizes, and that nothing can be written into once it was sent."""

from __future__ import annotations

import subprocess
import sys
from collections import OrderedDict
from types import MappingProxyType

import numpy as np
import pytest
import torch

from protoflow.protocol import MessageType, Name, PayloadType
from protoflow.runtime.payload import PayloadError, PayloadForm


def form(**fields: PayloadType | str) -> PayloadForm:
    kinds = {name: kind if isinstance(kind, PayloadType) else PayloadType(kind) for name, kind in fields.items()}
    return PayloadForm(MessageType(Name("update"), (Name("client"),), (Name("server"),), kinds))


def listed(item: PayloadType | str) -> PayloadType:
    return PayloadType("list", item if isinstance(item, PayloadType) else PayloadType(item))


TENSOR = torch.zeros(2, 3)


def test_a_field_that_is_not_there() -> None:
    payload = form(first="int", second="int").seal({"first": 1, "second": 2})
    with pytest.raises(KeyError) as caught:
        payload["frist"]
    assert caught.value.args == (f"`{payload.form.message}` has no field `frist`; it has `first`, `second`",)
    assert payload.get("frist") is None
    assert "frist" not in payload


@pytest.mark.parametrize(
    ("kind", "value", "sealed", "size"),
    [
        ("int", 3, 3, 8),
        ("int", np.int64(3), 3, 8),
        ("float", 0.5, 0.5, 8),
        ("float", 2, 2.0, 8),
        ("float", np.float32(0.5), 0.5, 8),
        ("bool", True, True, 1),
        ("bool", np.bool_(True), True, 1),
        ("str", "größe", "größe", 7),
        ("bytes", b"abc", b"abc", 3),
        ("tensor", TENSOR, TENSOR, 24),
        ("any", None, None, 0),
        ("any", [1, "a", {"b": 2.0}], (1, "a", MappingProxyType({"b": 2.0})), 17),
        ("any", np.float64(0.5), 0.5, 8),
        (listed("int"), [1, 2], (1, 2), 16),
        (listed("int"), (), (), 0),
        (listed(listed("str")), [["a"], []], (("a",), ()), 1),
        (PayloadType("dict", PayloadType("int")), {"a": 1}, MappingProxyType({"a": 1}), 8),
        (PayloadType("int", optional=True), None, None, 0),
        (PayloadType("int", optional=True), 4, 4, 8),
    ],
)
def test_values_of_the_right_type(kind: PayloadType | str, value: object, sealed: object, size: int) -> None:
    payload = form(field=kind).seal({"field": value})
    assert payload["field"] is sealed if kind == "tensor" else payload["field"] == sealed
    assert type(payload["field"]) is type(sealed)
    assert payload.size == size


@pytest.mark.parametrize(
    ("kind", "value", "complaint"),
    [
        ("int", 1.0, "`field` of `update` must be an int, not a value of type float"),
        ("int", True, "`field` of `update` must be an int, not a value of type bool"),
        ("int", torch.tensor(1), "`field` of `update` must be an int, not a value of type torch.Tensor"),
        ("float", "1", "`field` of `update` must be a float, not a value of type str"),
        ("float", None, "`field` of `update` must be a float, not None"),
        ("bool", 1, "`field` of `update` must be a bool, not a value of type int"),
        ("str", b"a", "`field` of `update` must be a str, not a value of type bytes"),
        ("bytes", "a", "`field` of `update` must be bytes, not a value of type str"),
        ("tensor", [1.0], "`field` of `update` must be a tensor, not a value of type list"),
        (
            "tensor",
            np.array([{}]),
            "`field` of `update` must be a tensor of numbers, not a value of type numpy.ndarray",
        ),
        (
            "tensors",
            TENSOR,
            "`field` of `update` must be a mapping of names to tensors, not a value of type torch.Tensor",
        ),
        ("tensors", {"w": 1.0}, "`field['w']` of `update` must be a tensor, not a value of type float"),
        ("tensors", {1: TENSOR}, "`field` of `update` must be a mapping of names to tensors, not a value of type dict"),
        (listed("int"), {1, 2}, "`field` of `update` must be a list, not a value of type set"),
        (listed("int"), [1, "2"], "`field[1]` of `update` must be an int, not a value of type str"),
        (
            PayloadType("dict", listed("float")),
            {"a": [0.0, 1j]},
            "`field['a'][1]` of `update` must be a float, not a value of type complex",
        ),
        (
            "any",
            {"a": {object}},
            "`field['a']` of `update` must be data (numbers, text, bytes, tensors, lists and mappings of these), "
            "not a value of type set",
        ),
    ],
)
def test_values_of_the_wrong_type(kind: PayloadType | str, value: object, complaint: str) -> None:
    with pytest.raises(PayloadError) as caught:
        form(field=kind).seal({"field": value})
    assert str(caught.value) == complaint


def test_fields() -> None:
    both = form(weights="int", note=PayloadType("str", optional=True))
    assert dict(both.seal({"weights": 1})) == {"weights": 1, "note": None}
    assert dict(both.seal(OrderedDict(note="n", weights=1))) == {"weights": 1, "note": "n"}
    assert both.required == ("weights",)
    for values, complaint in (
        ({}, "`update` needs the field `weights`"),
        ({"weights": 1, "sample": 2}, "`update` has no field `sample`; it has `weights` and `note`"),
        ({"wieghts": 1}, "`update` has no field `wieghts`; it has `weights`"),
        ([1], "the payload of `update` must be a mapping, not a value of type list"),
        (None, "the payload of `update` must be a mapping, not None"),
    ):
        with pytest.raises(PayloadError) as caught:
            both.seal(values)
        assert str(caught.value) == complaint


def test_a_value_that_contains_itself() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(PayloadError, match="`field` of `update` is nested too deep, or contains itself"):
        form(field="any").seal({"field": loop})


def test_nothing_is_copied_but_spines() -> None:
    weights = {"layer": torch.ones(1000), "bias": np.ones(10)}
    payload = form(weights="tensors").seal({"weights": weights})
    assert payload["weights"]["layer"] is weights["layer"]
    assert payload["weights"]["bias"] is weights["bias"]
    assert payload.size == 4080
    weights["layer"] = torch.zeros(1)
    assert payload["weights"]["layer"].shape == (1000,), "the sender's own mapping is another one"


def test_a_payload_that_is_sent_on_is_the_same_object() -> None:
    kind = form(weights="tensors")
    payload = kind.seal({"weights": {}})
    assert kind.seal(payload) is payload


def test_mappings_lists_and_arrays_refuse_writes() -> None:
    payload = form(weights="tensors", rows=listed("int"), note="any").seal(
        {"weights": {"w": np.ones(2)}, "rows": [1], "note": {"a": [1]}}
    )
    with pytest.raises(TypeError):
        payload["rows"] = ()  # type: ignore[index]
    with pytest.raises(TypeError):
        payload["weights"]["w"] = 1
    with pytest.raises(TypeError):
        payload["note"]["a"] = 1
    with pytest.raises(ValueError, match="read-only"):
        payload["weights"]["w"] += 1
    assert isinstance(payload["rows"], tuple)
    assert isinstance(payload["note"]["a"], tuple)


def test_a_write_into_a_torch_tensor_is_seen_afterwards() -> None:
    tensor = torch.ones(2, 2)
    payload = form(weights="tensors").seal({"weights": {"w": tensor}})
    assert payload.intact
    payload["weights"]["w"].mean().item()
    (tensor + 1).mul_(2)
    assert payload.intact
    tensor[0].add_(1)
    assert not payload.intact


def test_parameters_of_a_model_are_watched_through_its_state_dict() -> None:
    model = torch.nn.Linear(2, 2)
    payload = form(weights="tensors").seal({"weights": model.state_dict()})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.ones(1, 2)).sum().backward()
    assert payload.intact
    optimizer.step()
    assert not payload.intact


def test_tensors_of_inference_mode_have_no_version() -> None:
    with torch.inference_mode():
        tensor = torch.ones(2)
    assert form(weights="tensors").seal({"weights": {"w": tensor}}).intact


def test_neither_numpy_nor_torch_is_imported() -> None:
    code = """
import sys
import protoflow.runtime
import protoflow.engines.host
from protoflow.protocol import MessageType, PayloadType
from protoflow.runtime.payload import PayloadForm, PayloadError
form = PayloadForm(MessageType("m", (), (), {"a": PayloadType("any"), "t": PayloadType("tensor")}))
try:
    form.seal({"a": 1.0, "t": 2})
except PayloadError as error:
    print(error)
print([name for name in ("numpy", "torch", "networkx", "graphviz") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "`t` of `m` must be a tensor, not a value of type int\n[]\n"
