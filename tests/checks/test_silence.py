"""Comments that silence findings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.checks import validate
from protoflow.language import read_text

if TYPE_CHECKING:
    from protoflow.checks import Report

GOLDEN = Path(__file__).parents[1] / "golden"
BAD = sorted(path for path in GOLDEN.glob("PF1*.yaml") if not path.stem.endswith(".fixed"))


def check(text: str) -> Report:
    return validate(read_text(text, "test.yaml"), composition=False)


def commented(text: str, line: int, comment: str) -> str:
    lines = text.splitlines()
    lines[line - 1] += f"  # protoflow: {comment}"
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_comment_silences_exactly_the_findings_of_its_code_on_its_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    before = check(text).diagnostics
    for found in before:
        after = check(commented(text, found.span.line, f"ignore[{found.code}] on purpose")).diagnostics
        gone = Counter((each.code, each.message) for each in before)
        gone.subtract((each.code, each.message) for each in after)
        same = [each for each in before if each.code == found.code and each.span.line == found.span.line]
        assert +gone == Counter((each.code, each.message) for each in same)
        assert -gone == Counter()  # nothing new, and no PF008


TEXT = (GOLDEN / "PF101.fixed.yaml").read_text(encoding="utf-8")
LINE = TEXT.splitlines().index("      asking:") + 1


@pytest.mark.parametrize(
    ("comment", "messages"),
    [
        ("ignore[PF101] it is entered", ["there is no PF101 on this line to silence"]),
        (
            "ignore[PF105, PF107]",
            ["there is no PF105 on this line to silence", "there is no PF107 on this line to silence"],
        ),
        ("ignore[PF999]", ["`PF999` is not the code of a finding"]),
        ("ignore[PF002]", ["PF002 cannot be silenced: it is about the file itself"]),
        ("ignore that", ["this comment names no finding to silence"]),
        ("ignore[PF201, PF301] nobody has looked", []),
    ],
)
def test_a_comment_that_silences_nothing(comment: str, messages: list[str]) -> None:
    found = check(commented(TEXT, LINE, comment)).diagnostics
    assert [(each.code, each.message) for each in found] == [("PF008", message) for message in messages]
    assert all((each.span.line, each.span.column) == (LINE, len("      asking:") + 3) for each in found)


def test_what_a_silenced_finding_explained_is_shown() -> None:
    text = (GOLDEN / "PF108.yaml").read_text(encoding="utf-8")
    (found, implied) = check(text).diagnostics
    assert (found.code, implied.code, implied.implied_by) == ("PF108", "PF104", "PF108")
    (left,) = check(commented(text, found.span.line, "ignore[PF108] they send it on paper")).diagnostics
    assert (left.code, left.implied_by) == ("PF104", None)


def test_comments_of_a_base_are_not_judged_in_what_extends_it(tmp_path: Path) -> None:
    base = commented(
        TEXT.replace("  end: ", "  spare:    {from: server, to: client}\n  end: "), 8, "ignore[PF105] kept"
    )
    (tmp_path / "base.yaml").write_text(base, encoding="utf-8")
    assert validate(tmp_path / "base.yaml", composition=False).diagnostics == ()
    used = tmp_path / "used.yaml"
    used.write_text(
        "protoflow: 1\nname: used\nextends: base.yaml\nroles:\n  server:\n    transitions:\n"
        "      - {trigger: start, source: asking, handler: ask, send: [question, spare]}\n"
        "  client:\n    transitions:\n      - {trigger: spare, source: waiting}\n",
        encoding="utf-8",
    )
    assert validate(used, composition=False).diagnostics == ()
    plain = tmp_path / "plain.yaml"
    plain.write_text("protoflow: 1\nname: plain\nextends: base.yaml\n", encoding="utf-8")
    assert validate(plain, composition=False).diagnostics == ()  # the comment in the base holds here too
