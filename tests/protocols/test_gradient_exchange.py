"""The example of a new message type: whichever part of it is forgotten, validation says so."""

import pytest

from protoflow.checks import validate
from protoflow.language import read_text, shipped

TEXT = shipped()["gradient_exchange"].read_text()


@pytest.mark.parametrize(
    ("forgotten", "code", "said"),
    [
        ("  gradients:     {from", "PF003", "gradients"),
        ("  updated_model: {from", "PF003", "updated_model"),
        ("- {trigger: gradients,", "PF103", "`gradients`"),
        ("- {trigger: updated_model,", "PF103", "`updated_model`"),
        ("- {trigger: all_updated, ", "PF101", "`exchanging`"),
        ("- {trigger: all_exchanged,", "PF102", "`exchanging`"),
        ("      all_exchanged: {received", "PF003", "all_exchanged"),
    ],
)
def test_a_part_that_is_forgotten(forgotten, code, said):
    lines = TEXT.splitlines(keepends=True)
    rest = "".join(line for line in lines if forgotten not in line)
    assert len(rest.splitlines()) == len(lines) - 1
    if forgotten.startswith("      all"):
        rest = rest.replace("    events:\n", "")
    report = validate(read_text(rest, "mine.yaml"))
    assert any(found.code == code and said in found.message and not found.implied_by for found in report.diagnostics)
