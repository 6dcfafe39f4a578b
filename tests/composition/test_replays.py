"""Every finding proves itself: the real engine, driven along the run, arrives in the same bad state.

That is asserted of every finding in every test (`arrival.watch`). Here: one course for each finding that has a run,
what `protoflow run --replay` says of it, and that a run which does not arrive is told from one that does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow import trace
from protoflow.checks.composition import Options, check
from protoflow.cli import main
from protoflow.diagnostics import CODES
from protoflow.language import read
from protoflow.program import Program, compile_protocol
from tests.composition import arrival

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.diagnostics import Diagnostic

FOLDER = Path(__file__).with_name("one_each")
EACH = sorted(arrival.SHOWS)


def test_all_findings_have_a_run_but_what_never_happens_and_what_is_not_known() -> None:
    codes = {code for code in CODES if code.startswith("PF2")}
    assert codes - set(EACH) == arrival.NO_RUN == {"PF207", "PF210"}
    assert [path.stem for path in sorted(FOLDER.glob("*.yaml"))] == EACH


@cache
def found(code: str) -> tuple[Program, Diagnostic]:
    reading = read(str(FOLDER / f"{code}.yaml"))
    assert reading.protocol is not None
    program = compile_protocol(reading.protocol, reading.parameters)
    [only] = check(program, Options(cache=False))[0]
    assert only.code == code
    return program, only


@pytest.mark.parametrize("code", EACH)
def test_a_run_that_stops_short_does_not_arrive(code: str) -> None:
    program, whole = found(code)
    arrival.arrive(program, whole)
    with pytest.raises(AssertionError, match=code):
        arrival.arrive(program, replace(whole, trace=whole.trace[:-1]))


@pytest.mark.parametrize("code", EACH)
def test_a_run_to_another_place_does_not_arrive(code: str) -> None:
    program, whole = found(code)
    asked = {"PF202": ("role", "state"), "PF206": ("property",)}.get(code, dict(whole.subject))
    for kind, name in whole.subject:
        if kind in asked:
            subject = whole.subject - {(kind, name)} | {(kind, "another")}
            with pytest.raises(AssertionError, match=code):
                arrival.arrive(program, replace(whole, subject=subject))


@pytest.mark.parametrize("code", EACH)
def test_run_replay_says_where_it_arrives(
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    golden: Callable[[Path, str], None],
) -> None:
    monkeypatch.chdir(FOLDER)
    main(["validate", f"{code}.yaml", "--no-cache", "--runs", str(tmp_path)])
    said = capsys.readouterr().out
    [path] = tmp_path.iterdir()
    assert main(["run", f"{code}.yaml", "--replay", str(path)]) == 0
    golden(FOLDER / f"{code}.txt", f"{said}\n{capsys.readouterr().out}")


@pytest.mark.parametrize("code", EACH)
def test_run_replay_says_that_it_arrives_elsewhere(
    code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(FOLDER / f"{code}.yaml")
    main(["validate", file, "--runs", str(tmp_path)])
    [path] = tmp_path.iterdir()
    *lines, _, claim = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, claim]) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["run", file, "--replay", str(path)]) == 1
    _, only = found(code)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"not the bad state of the finding: {code} {only.message}"


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        (trace.Claim("PF207", "", {}), "no run shows a finding `PF207`"),
        (trace.Claim("PF203", "", {}, 9), "the run has 3 steps: it cannot go round from step 9 on"),
    ],
)
def test_claims_that_make_no_sense(
    claim: trace.Claim, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(FOLDER / "PF202.yaml")
    main(["validate", file, "--runs", str(tmp_path)])
    [path] = tmp_path.iterdir()
    *lines, _ = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, trace.encode(claim)]) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["run", file, "--replay", str(path)]) == 2
    assert capsys.readouterr().err == f"error: {complaint}\n"
