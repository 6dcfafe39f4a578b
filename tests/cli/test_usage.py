"""Wrong usage, help, how every command ends, and what each imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import protoflow
from protoflow.cli import COMMANDS, main
from tests.cli.support import failure, run

HELP = "`protoflow validate --help` says more"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("valdate fedavg", "`valdate` is not a command; `validate` is"),
        (
            "frobnicate",
            "`frobnicate` is not a command; "
            "choose from `validate`, `diagram`, `view`, `run`, `plot`, `new`, `stubs`, `format`, `explain`, "
            "`list`, `schema` and `export`",
        ),
        ("validate fedavg --stric", "`--stric` is not an option of `protoflow validate`; `--strict` is"),
        ("validate fedavg --crash client:1", "`--crash` is not an option of `protoflow validate`; `--crashes` is"),
        (
            "validate fedavg --loss -1",
            f"argument --loss: `-1` is not a whole number from 0 on: it says how many, in one run; {HELP}",
        ),
        ("validate fedavg --form=json", "`--form` is not an option of `protoflow validate`; `--format` is"),
        ("validate fedavg --format jsn", f"argument --format: `jsn` is not a format; `json` is; {HELP}"),
        ("validate", "nothing is named: name a protocol, or give `paths` in [tool.protoflow] of pyproject.toml"),
        ("validate fedavg --set rounds", f"argument --set: `rounds` is not of the form NAME=VALUE; {HELP}"),
        ("explain PF103 PF104", "`protoflow explain` takes no further argument: `PF104`"),
        ("explain PF01", "`PF01` is not a code; `PF301` is; `protoflow explain` lists them all"),
        ("explain verdcit", "`verdcit` is not a code or word; `verdict` is; `protoflow explain` lists them all"),
        ("explain zebra", "`zebra` is not a code or word; `protoflow explain` lists them all"),
    ],
)
def test_wrong_usage_states_the_nearest_and_ends_with_2(
    typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure(capsys, *typed.split()) == (2, f"error: {said}\n")


def test_a_code_may_be_typed_without_its_letters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "103"]) == 0
    assert capsys.readouterr().out.startswith("# PF103: message that is sent ")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("fresh", "# fresh: a reply to the open round\n"),
        ("Verdict", "# verdict: how far a check reaches\n"),
        ("assumption", "# assumptions: what a verdict takes for granted\n"),
        ("terminates", "verdict: how far a check reaches\n"),
        (
            "stale",
            "fresh: a reply to the open round\n"
            "PF107  warning  rows whose conditions can all fail; event that may never hold\n"
            "PF209  warning  a stale reply can be taken by a row that says neither `fresh` nor `unless: fresh`\n",
        ),
    ],
)
def test_a_word_is_explained_or_the_codes_that_speak_of_it_are_listed(
    word: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", word]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(said) if said.startswith("#") else shown == said


def test_all_that_is_explained_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("PF001  error    not readable")
    assert lines[-1] == "fresh: a reply to the open round"


def test_without_arguments_it_helps_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = failure(capsys)
    assert code == 2
    assert said.startswith("usage: protoflow COMMAND ...")


# --- help --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [command.NAME for command in COMMANDS])
def test_help_of_each_command_teaches(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert shown.count(f"protoflow {name}") >= 2
    assert "examples:" in shown
    assert "exit codes:" in shown


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert f"  {command.NAME:<10}{command.SUMMARY}\n" in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"protoflow {protoflow.__version__}\n"


# --- how it ends -------------------------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" -m protoflow explain | head -n 1', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("PF001  error ")
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_a_full_disk_is_said_in_words() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "protoflow", "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")


def test_an_internal_error_says_how_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PROTOFLOW_DEBUG", raising=False)
    monkeypatch.setattr("protoflow.diagnostics.CODES", None)
    code, said = failure(capsys, "explain")
    assert code == 70
    assert said.startswith("error: internal error: TypeError: ")
    assert "Please report it" in said
    monkeypatch.setenv("PROTOFLOW_DEBUG", "1")
    with pytest.raises(TypeError):
        main(["explain"])


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colours_only_where_they_are_wanted(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["frobnicate"]) == 2
    assert ("\033[" in capsys.readouterr().err) is coloured


def test_a_name_that_the_output_cannot_encode_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "gruß.yaml"
    path.write_text("protoflow: 1\nname: greeting\nroles: {}\n", encoding="utf-8")
    done = run("validate", str(path), PYTHONIOENCODING="ascii")
    assert "gru\\xdf.yaml" in done.stdout
    assert (done.returncode, done.stderr) == (1, "")


# --- what gets imported: the reason that commands start quickly --------------------------------------------------

HEAVY = ("graphviz", "networkx", "numpy", "pygraphviz", "scipy", "sklearn", "torch", "transitions", "yaml")


@pytest.mark.parametrize(
    ("command", "imported"),
    [
        ("--help", ""),
        ("validate --help", ""),
        ("explain", ""),
        ("explain PF103", ""),
        ("schema", "yaml"),
        ("list", "yaml"),
        ("diagram fedavg", "yaml"),
        ("diagram fedavg --format mermaid", "yaml"),
        ("validate fedavg", "yaml"),
        ("validate hello --handlers", "transitions yaml"),
        ("run hello", "transitions yaml"),
    ],
)
def test_each_command_imports_only_what_it_needs(command: str, imported: str) -> None:
    script = (
        "import sys\n"
        "from protoflow.cli import main\n"
        "try: code = main(sys.argv[1:])\n"
        "except SystemExit as ended: code = ended.code\n"
        "print(code, *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *command.split()], capture_output=True, text=True, check=True)
    code, *modules = done.stderr.splitlines()[-1].split()
    assert code == "0"
    assert [name for name in HEAVY if name in modules] == imported.split()
