"""What a course came to, on disk: `protoflow run --csv --plot`, and `protoflow plot` of recorded runs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from protoflow.cli import main
from tests.cli.support import failure

SMALL = ["--clients", "3", "--set", "rounds=2", "--set", "local_epochs=1", "--compute", "client=1s"]


def test_a_run_and_its_recording_give_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--csv", "out.csv", "--trace", "fedavg.jsonl", "--plot", "run.svg"]
    assert main(["run", "fedavg", "--data", "wine", "--model", "linear", *SMALL, *files]) == 0
    captured = capsys.readouterr()
    assert captured.out.endswith("csv: out.csv\nplot: run.svg\ntrace: fedavg.jsonl\ncomplete\n")
    assert captured.err.splitlines()[1] == "wine: 142 examples to train on, 36 to test on, 13 features, 3 classes"
    rows = list(csv.DictReader(Path("out.csv").read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["participant", "round", "time", "messages", "bytes", "accuracy", "loss"]
    assert [row["participant"] for row in rows if row["round"] == "2"] == ["server", "client1", "client2", "client3"]
    assert len(rows) == 3 * 4

    assert main(["plot", "fedavg.jsonl", "-o", "plot.svg"]) == 0
    assert capsys.readouterr().out == "wrote plot.svg\n"
    assert Path("plot.svg").read_bytes() == Path("run.svg").read_bytes()


def test_a_run_that_fails_leaves_what_it_logged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "fedavg", *SMALL, "--crash", "client:1@round=2", "--csv", "out.csv", "--plot", "out.svg"]) == 1
    assert "the course stopped before it was complete" in capsys.readouterr().err
    assert (
        Path("out.csv").read_text(encoding="utf-8").count("\n") == 1 + 4 + 3
    )  # the head; round 0; round 1 without client1
    assert ">accuracy<" in Path("out.svg").read_text(encoding="utf-8")
    assert main(["run", "hello", "--plot", "none.svg"]) == 0
    assert capsys.readouterr().err.endswith(
        "none.svg is not drawn: there is nothing to draw: nobody logged a number "
        "beside a round, as self.log(round=3, loss=0.1) does\n"
    )


def test_regression_has_its_own_score(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--data", "diabetes", "--model", "linear", "--set", "learning_rate=0.02", "--clients", "4"]
    assert main(["run", "fedavg", "--partition", "quantity:1", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["round", "r2", "loss", "messages", "bytes", "time"]
    assert float(lines[-4].split()[1]) > 0.32  # least squares on all of the training set: 0.332


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("run fedavg --model mlpp", "`mlpp` is not a model; there is `mlp`, `linear`, `cnn`, and functions"),
        ("run fedavg --csv no/out.csv", "no/out.csv: there is no folder no"),
        ("run fedavg --plot curves.jpg", "curves.jpg: curves are drawn as .png, .svg or .pdf"),
        ("run fedavg --data digits --partition natural", "`natural` divides data by their owners, which these do not"),
        ("plot nothing.jsonl -o out.png", "nothing.jsonl: No such file or directory"),
        ("plot text.jsonl -o out.png", "text.jsonl: not a protoflow trace: 'no trace"),
        ("plot a.jsonl a.jsonl -o out.png", "a.jsonl is named twice"),
        ("plot a.jsonl -o out.png", "there is nothing to draw: nobody logged a number beside a round"),
        ("plot a.jsonl", "the following arguments are required: -o/--output"),
    ],
)
def test_what_cannot_be(arguments: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("text.jsonl").write_text("no trace\n", encoding="utf-8")
    assert main(["run", "hello", "--trace", "a.jsonl"]) == 0
    capsys.readouterr()
    code, shown = failure(capsys, *arguments.split())
    assert code == 2
    assert shown.startswith(f"error: {said}")


def test_runs_of_one_name_go_by_their_paths(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("first", "other"):
        Path(name).mkdir()
        assert main(["run", "fedavg", "--data", "wine", *SMALL, "--trace", f"{name}/run.jsonl"]) == 0
    assert main(["plot", "first/run.jsonl", "other/run.jsonl", "-o", "out.svg"]) == 0
    picture = Path("out.svg").read_text(encoding="utf-8")
    assert ">first/run.jsonl<" in picture
    assert ">other/run.jsonl<" in picture
