"""Every shipped protocol says what it is and where it is from, and the classes that it names fit it.

That they are clean is in `tests/courses`.
"""

import pytest

from protoflow.checks import validate
from protoflow.language import read, shipped

NAMES = sorted(shipped())


LEARN = {
    *("fedavg", "fedavg_deadline", "fedbuff", "fedprox", "gradient_exchange", "fedopt", "scaffold", "fedasync"),
    *("ditto", "fedrep", "pfedme", "power_of_choice", "federated_evaluation", "distillation", "one_shot"),
    *("gossip", "ring", "swarm", "cyclic", "hierarchical", "split_learning"),
    *("fedavg_admission", "fedavg_cross_device", "fedex", "gcfl_plus", "pfedhpo", "secure_averaging"),
    *("vertical_lr", "vertical_trees", "vertical_trees_encrypted"),
}
HAVE_CLASSES = {*LEARN, "hello", "secure_aggregation"}


def test_what_learns():
    """A class for every role, with all that the role calls; two run too, and train nothing."""
    fits = {name for name in NAMES if all(role.cls for role in read(name).protocol.roles.values())
            and validate(name, handlers=True, composition=False).ok(strict=True)}  # fmt: skip
    assert fits == HAVE_CLASSES


@pytest.mark.parametrize("name", NAMES)
def test_every_class_that_is_named_has_what_is_called(name):
    """Also a class that it has from its base, which may lack what the rows added to it call."""
    assert validate(name, handlers=True, composition=False).ok(strict=True)


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
