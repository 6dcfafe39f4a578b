"""One cause, one finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protoflow.checks import validate
from protoflow.checks.causes import mark_implied
from protoflow.diagnostics import CODES, Diagnostic, Severity, Span
from protoflow.language import load, read_text, shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOL = load("fedavg")
SPAN = Span("fedavg.yaml", 1, 1, 1, 2)


def finding(code: str, **subject: str) -> Diagnostic:
    return Diagnostic(code, code, SPAN, subject=frozenset(subject.items()))


def implied(*findings: Diagnostic) -> Mapping[str, str | None]:
    return {each.code: each.implied_by for each in mark_implied(findings, PROTOCOL)}


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        (finding("PF101", role="server", state="training"), finding("PF105", role="server", state="training")),
        (finding("PF101", role="server", state="training"), finding("PF207", role="server", state="training", row="3")),
        (finding("PF101", role="server", state="training"), finding("PF104", role="client", message="model")),
        (finding("PF102", role="server", state="joining"), finding("PF203", role="server", state="joining")),
        (finding("PF102", role="server", state="joining"), finding("PF101", role="server", state="training")),
        (finding("PF102", role="client", state="starting"), finding("PF108", role="server", message="join")),
        (finding("PF102", role="server", state="training"), finding("PF205", role="client", message="model")),
        (finding("PF102", role="server", state="joining"), finding("PF206", role="server", state="joining")),
        (finding("PF103", role="server", message="join"), finding("PF201", role="server", message="join", state="x")),
        (finding("PF103", role="client", message="model"), finding("PF104", role="server", message="update")),
        (finding("PF103", role="client", message="finish"), finding("PF102", role="client", state="idle")),
        (
            finding("PF107", role="server", event="enough", message="update"),
            finding("PF207", role="server", event="enough"),
        ),
        (finding("PF109", role="client", message="model"), finding("PF108", role="server", message="update")),
        (finding("PF201", role="server", message="join"), finding("PF107", role="server", message="join", state="x")),
    ],
)
def test_a_cause_explains_its_effect_and_not_the_other_way_round(cause: Diagnostic, effect: Diagnostic) -> None:
    assert implied(cause, effect) == {cause.code: None, effect.code: cause.code}
    assert implied(effect, cause) == {cause.code: None, effect.code: cause.code}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (finding("PF103", role="server", message="join"), finding("PF201", role="server", message="update")),
        (finding("PF103", role="server", message="join"), finding("PF201", role="client", message="join")),
        (finding("PF101", role="server", state="training"), finding("PF105", message="metrics")),
        (
            finding("PF107", role="server", event="enough", state="training"),
            finding("PF207", role="server", event="enough"),
        ),
        (finding("PF102", role="server", state="joining"), finding("PF104", role="server", message="update")),
        (finding("PF102", role="server", state="joining"), finding("PF205", role="server", message="update")),
        (finding("PF102", role="server", state="joining"), finding("PF206", role="server", state="training")),
        (
            finding("PF201", role="server", message="join", state="training"),
            finding("PF107", role="server", message="join", state="joining"),
        ),
    ],
)
def test_what_is_about_something_else_stays(one: Diagnostic, other: Diagnostic) -> None:
    assert implied(one, other) == {one.code: None, other.code: None}


def test_a_server_that_never_ends_is_one_mistake() -> None:
    """It sends on and on to clients that it has dismissed, while it is where it should not be any more."""
    text = shipped()["fedbuff"].read_text(encoding="utf-8")
    broken = text.replace(
        "source: running, dest: finished, handler: finish", "source: running, dest: running, handler: finish"
    )
    assert broken != text
    report = validate(read_text(broken, "fedbuff.yaml"), suggestions=False)
    assert [found.code for found in report.shown] == ["PF102"]
    assert {found.code for found in report.diagnostics} == {"PF101", "PF102", "PF105", "PF203", "PF205", "PF206"}


def test_a_question_that_nobody_asks_is_one_mistake() -> None:
    """That somebody waits for the answers says it; that somebody could answer is no finding of its own."""
    text = shipped()["hello"].read_text(encoding="utf-8")
    broken = text.replace(",  send: greeting}", "}")
    assert broken != text
    report = validate(read_text(broken, "hello.yaml"), suggestions=False)
    assert [(found.code, found.implied_by) for found in report.diagnostics] == [("PF202", None), ("PF104", "PF202")]


def test_the_first_cause_is_named() -> None:
    found = implied(
        finding("PF104", role="server", message="update"),
        finding("PF108", role="server", message="update", event="all_updated"),
        finding("PF103", role="client", message="model"),
    )
    assert found == {"PF104": "PF103", "PF108": "PF103", "PF103": None}


NAMES = {
    "role": list(PROTOCOL.roles),
    "message": list(PROTOCOL.messages),
    "state": ["joining", "idle", "finished"],
    "event": ["all_joined", "all_updated"],
}
findings = st.builds(
    Diagnostic,
    st.sampled_from([code for code in CODES if not code.startswith("PF0")]),
    st.text(max_size=2),
    st.just(SPAN),
    subject=st.sets(st.sampled_from([(kind, str(name)) for kind, names in NAMES.items() for name in names])).map(
        frozenset
    ),
)


@given(st.lists(findings, max_size=8))
def test_laws(given_: list[Diagnostic]) -> None:
    marked = mark_implied(given_, PROTOCOL)
    assert [(each.code, each.message, each.subject) for each in marked] == [
        (e.code, e.message, e.subject) for e in given_
    ]
    shown = {each.code for each in marked if each.implied_by is None}
    for each in marked:
        if each.implied_by is not None:
            assert each.implied_by in shown  # what explains is itself shown
            if each.severity is Severity.ERROR:
                assert CODES[each.implied_by].severity is Severity.ERROR
