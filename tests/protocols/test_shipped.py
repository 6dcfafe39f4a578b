"""Every shipped protocol is clean, says what it is and where it is from, and runs with the classes it names."""

import pytest

from protoflow.checks import validate
from protoflow.language import read, shipped

NAMES = sorted(shipped())


def test_what_is_shipped():
    assert {"fedavg", "fedavg_deadline", "fedbuff", "fedprox", "gradient_exchange", "hello"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_clean(name):
    report = validate(name, handlers=True)
    assert report.diagnostics == ()
    assert report.ok(strict=True)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name):
    protocol = read(name).protocol
    assert protocol.name == name
    assert protocol.summary.endswith(".")
    assert protocol.source or name == "hello"
    assert all(parameter.help.endswith(".") for parameter in protocol.parameters.values())
    assert all(message.summary.endswith(".") for message in protocol.messages.values() if name != "hello")


@pytest.mark.parametrize("name", NAMES)
def test_its_lines_can_be_read(name):
    text = shipped()[name].read_text()
    assert max(map(len, text.splitlines())) <= 150
    assert "\t" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
