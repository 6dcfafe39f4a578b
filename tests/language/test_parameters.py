from __future__ import annotations

from fractions import Fraction

import pytest

from protoflow.errors import ProtocolError, UsageError
from protoflow.language import Reading, load, read_text
from protoflow.protocol import ParameterType

TEXT = """\
protoflow: 1
name: p
parameters:
  rounds: {type: int, default: 3, min: 1, max: 9}
  rate: 0.5
  patience: 30s
  quorum: {default: 80%, min: 50%}
  careful: true
  label: quick
  quoted: "30s"
  scale: {type: float, default: 1}
messages:
  tick: {from: server, to: server}
roles:
  server:
    states: {on: , off: {final: true}}
    events: {enough: {received: tick, from: quorum}, late: {after: patience}}
    transitions:
      - {trigger: [enough, late], source: on, conditions: careful, times: rounds, dest: off}
"""


def reading(**given: object) -> Reading:
    return read_text(TEXT, "p.yaml", given)


def test_types_are_told_by_how_defaults_are_written() -> None:
    protocol = reading().protocol
    assert protocol is not None
    assert {name: (each.type.value, each.default) for name, each in protocol.parameters.items()} == {
        "rounds": ("int", 3),
        "rate": ("float", 0.5),
        "patience": ("duration", 30.0),
        "quorum": ("share", Fraction(4, 5)),
        "careful": ("bool", True),
        "label": ("str", "quick"),
        "quoted": ("str", "30s"),
        "scale": ("float", 1.0),
    }
    assert protocol.parameters["quorum"].minimum == Fraction(1, 2)
    assert type(protocol.parameters["scale"].default) is float
    assert protocol.parameters["rounds"].type is ParameterType.INT


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("rounds", "9", 9),
        ("rounds", 1, 1),
        ("rate", "1", 1.0),
        ("rate", "1e-3", 0.001),
        ("rate", 2, 2.0),
        ("patience", "2m", 120.0),
        ("patience", 1.5, 1.5),
        ("quorum", "62.5%", Fraction(5, 8)),
        ("quorum", Fraction(3, 4), Fraction(3, 4)),
        ("careful", "false", False),
        ("careful", False, False),
        ("label", "7", "7"),
        ("label", "", ""),
    ],
)
def test_overrides(name: str, given: object, value: object) -> None:
    found = reading(**{name: given}).parameters
    assert found[name] == value
    assert type(found[name]) is type(value)
    assert {key: each for key, each in found.items() if key != name} == {
        key: each for key, each in reading().parameters.items() if key != name
    }


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("round", "3", "`round` is not a parameter of this protocol; `rounds` is"),
        ("zzz", "3", "`zzz` is not a parameter of this protocol; there are `rounds`, `rate`, `patience`, `quorum`, "
         "`careful`, `label`, `quoted` and `scale`"),
        ("rounds", "three", "parameter `rounds` takes a whole number, not `three`"),
        ("rounds", "3.0", "parameter `rounds` takes a whole number, not `3.0`"),
        ("rounds", "true", "parameter `rounds` takes a whole number, not `true`"),
        ("rounds", True, "parameter `rounds` takes a whole number, not `True`"),
        ("rounds", "10", "parameter `rounds` is 10, more than the most allowed, 9"),
        ("rounds", "0", "parameter `rounds` is 0, less than the least allowed, 1"),
        ("rate", "nan", "parameter `rate` takes a number, not `nan`"),
        ("rate", float("inf"), "parameter `rate` takes a number, not `inf`"),
        ("patience", "30", "parameter `patience` takes a time with its unit (`ms`, `s`, `m` or `h`), not `30`"),
        ("patience", "0s", "parameter `patience` takes a time with its unit (`ms`, `s`, `m` or `h`), not `0s`"),
        ("patience", -1, "parameter `patience` takes a time with its unit (`ms`, `s`, `m` or `h`), not `-1`"),
        ("quorum", "0.8", "parameter `quorum` takes a share such as `80%`, more than 0 and at most 100%, not `0.8`"),
        ("quorum", "120%", "parameter `quorum` takes a share such as `80%`, more than 0 and at most 100%, not `120%`"),
        ("quorum", "10%", "parameter `quorum` is 10%, less than the least allowed, 50%"),
        ("careful", "on", "parameter `careful` takes `true` or `false`, not `on`"),
        ("careful", 1, "parameter `careful` takes `true` or `false`, not `1`"),
    ],
)  # fmt: skip
def test_an_override_that_does_not_fit_is_a_usage_error(name: str, given: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        reading(**{name: given})
    assert str(caught.value) == message


def test_an_override_must_suit_the_uses_of_the_parameter() -> None:
    text = TEXT.replace("{type: int, default: 3, min: 1, max: 9}", "3")
    assert read_text(text, "p.yaml", {"rounds": "1"}).parameters["rounds"] == 1
    with pytest.raises(UsageError, match="parameter `rounds` is 0, and the protocol needs at least 1"):
        read_text(text, "p.yaml", {"rounds": "0"})


def test_overrides_of_a_protocol_with_errors_are_not_looked_at() -> None:
    found = read_text(TEXT.replace("dest: off", "dest: of"), "p.yaml", {"nothing": "1"})
    assert found.protocol is None
    assert [finding.code for finding in found.diagnostics] == ["PF003"]


def test_load_puts_values_in_place_of_defaults() -> None:
    protocol = load("fedavg", rounds=2)
    assert protocol.parameters["rounds"].default == 2
    assert protocol.digest != load("fedavg").digest
    assert protocol == load("fedavg", rounds="2")


def test_load_raises_with_all_findings(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "p.yaml"
    path.write_text(
        TEXT.replace("dest: off", "dest: of").replace("true\n", "yes\n").replace("default: 1}", "default: x}")
    )
    with pytest.raises(ProtocolError) as caught:
        load(path)
    assert [finding.code for finding in caught.value.diagnostics] == ["PF002", "PF002", "PF003"]
    assert str(caught.value).endswith("(and 2 more)")
