"""`protoflow run`."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protoflow import trace, validate
from protoflow.cli import main
from protoflow.commands.progress import Progress
from tests.cli.support import CLEAN, LEFT, ROOT, failure, run


def test_run_prints_a_line_for_a_course_without_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "hello", "--clients", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-2:] == ["4 messages, 98 bytes, 0.00 s of virtual time", "complete"]
    assert captured.err == "hello: 1 server, 2 clients\n"


def test_run_of_the_same_seed_gives_the_same_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("latency: 1ms..50ms\n", encoding="utf-8")

    def traced(name: str, seed: str) -> bytes:
        path = tmp_path / name
        assert main(["run", "hello", "--seed", seed, "--faults", str(faults), "--trace", str(path)]) == 0
        assert capsys.readouterr().out.endswith(f"trace: {path}\ncomplete\n")
        return path.read_bytes()

    assert traced("one", "1") == traced("again", "1")
    assert traced("one", "1") != traced("other", "2")


def test_run_options_are_added_to_the_faults_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("latency: 50ms\ncompute: 1s\n", encoding="utf-8")
    assert main(["run", "hello", "--clients", "1", "--faults", str(faults), "--latency", "200ms"]) == 0
    # the server greets (1 s), 0.2 s on the way, the client answers (1 s), 0.2 s, the server listens (1 s)
    assert capsys.readouterr().out.endswith(", 3.40 s of virtual time\ncomplete\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("hello --clients many", "--clients takes a number, or ROLE=N,ROLE=N, not `many`"),
        ("hello --clients client=2,serv=1", "--clients: `serv` is not a role of hello; `server` is"),
        ("hello --clients server=2", "role `server` needs exactly 1 participant, not 2"),
        ("hello --crash client:99@round=1", "`client99` is not a participant of this course; "),
        ("hello --seed -1", "argument --seed: `-1` is not a whole number from 0 on; "),
        ("hello --until soon", "--until takes a time with its unit (`ms`, `s`, `m` or `h`), not `soon`"),
        ("hello --faults nothing.yaml", "nothing.yaml cannot be read: No such file or directory"),
        ("fedavg --data mnist", "`mnist` is not a data set; "),
        ("fedavg --partition dirichlet", "`dirichlet` is not a partition; "),
        ("hello --trace no/such/folder/t.jsonl", "no/such/folder/t.jsonl: No such file or directory"),
    ],
)
def test_run_that_cannot_be(arguments: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = failure(capsys, "run", *arguments.split())
    assert code == 2
    assert shown.startswith(f"error: {said}")


def test_run_does_not_start_on_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("typo.yaml").write_text(CLEAN.replace("handler: greet", "handler: great"), encoding="utf-8")
    for path, first in (("c.yml", "error[PF003]: "), ("typo.yaml", "error[PF301]: ")):
        code, said = failure(capsys, "run", path)
        assert code == 1
        assert said.startswith(first)


def test_a_warning_is_named_before_a_run_with_the_command_that_shows_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the words of `validate`: the verdict is the same line."""
    assert main(["run", "b/warned.yaml", "--clients", "1"]) == 0
    warning, summary, *_ = capsys.readouterr().err.splitlines()
    assert warning == "b/warned.yaml:7:3: PF105 message `shout` is declared, but nobody sends or handles it"
    verdict, command = summary.split("; to see it all: ")
    assert command == "protoflow validate b/warned.yaml --handlers"
    assert main(command.split()[1:]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == verdict


def test_a_run_that_is_cut_off_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "hello", "--clients", "1", "--compute", "20s", "--until", "30s"]) == 0
    assert capsys.readouterr().out.endswith("\nnot complete: ended at 30s\n")


def test_run_that_stops_early_says_where_everybody_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trace.jsonl"
    assert main(["run", "hello", "--clients", "2", "--crash", "client:2@time=0s", "--trace", str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.out.endswith(f"trace: {path}\nnot complete\n")
    assert "error: the course stopped before it was complete" in captured.err
    assert "server in `waiting`" in captured.err
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["outcome"] == "stuck"


def test_a_warning_is_said_once_and_who_stopped_is_named(tmp_path: Path) -> None:
    """In a process of its own, where no test listens to the log."""
    done = run("run", "fedavg_deadline", "--clients", "2", "--set", "rounds=1", "--crash", "client:2@time=0s",
               "--crash", "client:1@round=9")  # fmt: skip
    assert done.returncode == 0
    warning = "warning: `client1` was to crash in round 9, but no message of that round reached it\n"
    assert done.stderr.endswith(f"{warning}stopped for ever: client2\n")
    assert done.stderr.count("was to crash") == 1


PATIENT = """\
protoflow: 1
name: patient
messages: {ask: {from: server, to: client}, answer: {from: client, to: server}, end: {from: server, to: client}}
roles:
  server:
    class: protoflow:Participant
    states: {asking: , closing: , ended: {final: true, ignore: answer}}
    events: {all_in: {received: answer, from: all}, time_up: {after: 10s}}
    transitions:
      - {trigger: start,   source: asking,                 send: {ask: all}}
      - {trigger: answer,  source: asking}
      - {trigger: all_in,  source: asking,  dest: closing}
      - {trigger: time_up, source: asking,  dest: closing}
      - {trigger: time_up, source: closing, dest: ended,   send: {end: all}}
  client:
    class: patient:Client
    count: 1..
    states: {idle: , ended: {final: true}}
    transitions:
      - {trigger: ask, source: idle, handler: work, send: answer}
      - {trigger: end, source: idle, dest: ended}
assumptions: {early_timeouts: 0, crashes: {client: 1}}
"""
"""Its server has nothing for an answer while it closes, which comes only of a client that is slower than the timer."""


@pytest.fixture
def patient(folder: Path) -> None:
    Path("patient.yaml").write_text(PATIENT, encoding="utf-8")
    client = "import protoflow\n\n\nclass Client(protoflow.Participant):\n    def work(self, message):\n        pass\n"
    Path("patient.py").write_text(client, encoding="utf-8")


@pytest.mark.parametrize(
    ("typed", "assumed", "command"),
    [
        (
            "--compute client=15s",
            "no early timeout (here 1)",
            "protoflow validate patient.yaml --early-timeouts 1",
        ),
        (
            "--crash client:1@time=0s --crash client:2@time=0s --compute client=15s",
            "at most 1 client crash (here 2) and no early timeout (here 1)",
            "protoflow validate patient.yaml --crashes client=2 --early-timeouts 1",
        ),
    ],
)
def test_an_error_beyond_the_assumptions_names_them_and_the_command_that_shows_it(
    typed: str, assumed: str, command: str, patient: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "patient.yaml"]) == 0
    assert main(["run", "patient.yaml", "--clients", "3", *typed.split()]) == 1
    assert capsys.readouterr().err.endswith(
        f"\n  the verdict did not cover this run: it assumes {assumed}\n  to check for that: {command}\n"
    )
    assert main(command.split()[1:]) == 1


def test_a_number_that_the_participants_cannot_reach_is_a_warning(
    patient: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file allows enough of them; this run has fewer."""
    text = PATIENT.replace("answer, from: all", "answer, from: 3").replace(
        "source: asking}", "source: [asking, closing]}"
    )
    Path("patient.yaml").write_text(text, encoding="utf-8")
    said = "warning: `all_in` of `server` cannot hold: it waits for 3 senders of `answer`, and "
    for number, end in ((1, f"{said}1 takes part\n"), (2, f"{said}2 take part\n"), (3, "3 clients\n")):
        assert main(["run", "patient.yaml", "--clients", str(number)]) == 0
        shown = capsys.readouterr().err
        assert shown.startswith("patient.yaml:8:47: PF107 ")
        assert shown.endswith(end)


def own_client(folder: Path, body: str) -> None:
    """`own.yaml`: hello, with a client of which `body` are the methods."""
    text = f"from protoflow.learning import hello\n\n\nclass Client(hello.Client):\n{body}"
    (folder / "own.py").write_text(text, encoding="utf-8")
    protocol = CLEAN.replace("protoflow.learning.hello:Client", "own:Client")
    (folder / "own.yaml").write_text(protocol, encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "    def reply(self, message):\n        return 1 / 0\n",
            "error: own.yaml:25: `client1` in state `waiting`, on `greeting`: "
            "handler `reply` raised ZeroDivisionError: division by zero\n  {folder}/own.py:6, in reply: return 1 / 0\n",
        ),
        (
            "    def __init__(self, model):\n        self.model = model\n",
            "error: no `own:Client` could be built for role `client`: "
            "TypeError: Client.__init__() missing 1 required positional argument: 'model'; "
            "what its `__init__` gets is for a class method `build(cls, setting)` to say\n",
        ),
    ],
)
def test_run_says_where_the_users_python_failed(body: str, said: str, folder: Path) -> None:
    own_client(folder, body)
    done = run("run", "own.yaml")
    assert done.returncode == 1
    assert done.stderr.removeprefix("hello: 1 server, 10 clients\n") == said.format(folder=folder)


def test_run_finds_classes_in_the_working_directory(folder: Path) -> None:
    own_client(folder, "    pass\n")
    command = Path(sys.executable).with_name("protoflow")
    done = subprocess.run([command, "run", "own.yaml"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "hello: 1 server, 10 clients\n")


PING_PONG = """\
protoflow: 1
name: ping_pong
parameters: {games: 1000000000}
messages:
  ping: {from: server, to: client}
  pong: {from: client, to: server}
  over: {from: server, to: client}
roles:
  server:
    class: protoflow:Participant
    states: {playing: , done: {final: true}}
    transitions:
      - {trigger: start, source: playing, send: ping}
      - {trigger: pong,  source: playing, send: ping, times: games}
      - {trigger: pong,  source: playing, dest: done, send: over}
  client:
    class: protoflow:Participant
    states: {playing: , done: {final: true}}
    transitions:
      - {trigger: ping, source: playing, send: pong}
      - {trigger: over, source: playing, dest: done}
"""


DIVERGES = """\
import protoflow


class Server(protoflow.Participant):
    def greet(self):
        self.log(round=1, loss=1.0)
        self.log(round=2, loss=float("nan"))
        return {"text": ""}

    def listen(self, message): ...
"""


def test_numbers_that_are_not_finite_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("diverging.py").write_text(DIVERGES, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    text = "protoflow: 1\nname: own\nextends: hello\nroles: {server: {class: diverging:Server}}\n"
    Path("own.yaml").write_text(text, encoding="utf-8")
    for rates, said in (
        ("", ""),
        ("parameters: {learning_rate: 0.5}\n", "; a smaller step may help: --set learning_rate=0.05"),
    ):
        Path("own.yaml").write_text(text + rates, encoding="utf-8")
        assert main(["run", "own.yaml", "--clients", "1"]) == 0
        assert f"\nwarning: `loss` is not finite in round 2{said}\n" in capsys.readouterr().err


def test_an_option_that_is_not_in_its_notation_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    for option, text, said in (
        ("--latency", "10", "`10` is not a time with a unit, such as `10ms` or `2.5s`"),
        ("--crash", "client:2", "a crash is written like client:3@round=2 or client:3@time=5s, not `client:2`"),
    ):
        assert failure(capsys, "run", "hello", option, text) == (2, f"error: {option}: {said}\n")


def test_interrupted_a_run_keeps_its_trace_and_ends_with_130(folder: Path) -> None:
    Path("endless.yaml").write_text(PING_PONG, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "protoflow", "run", "endless.yaml", "--trace", "trace.jsonl"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "ping_pong: 1 server, 1 client\n"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert said == "\ninterrupted\n"
    assert process.returncode == 130
    records = list(trace.read(Path("trace.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)))
    assert isinstance(records[0], trace.Header)
    assert all(isinstance(record, trace.Step) for record in records[1:])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        (io.StringIO(), "course\nround 1: loss 0.500, 1 message, 8 bytes, at 2.00 s\n"),
        (
            Terminal(),
            "course\n"
            "\r\033[2Krunning; in all 0 messages, 0 bytes"
            "\r\033[2Kround 1: loss 0.500, 1 message, 8 bytes, at 2.00 s; in all 1 message, 8 bytes"
            "\r\033[2K",
        ),
    ],
    ids=["elsewhere a line a round", "on a terminal one line that changes"],
)
def test_progress(stream: io.StringIO, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protoflow.commands.progress.PAUSE", -1.0)
    monkeypatch.setenv("COLUMNS", "100")
    progress = Progress(stream, "course")
    progress(trace.Step(trace.StepKind.START, "server", time=1.0))
    sent = (trace.SentMessage("model", ("client",)),)
    progress(
        trace.Step(trace.StepKind.FIRE, "server", sends=sent, bytes=8, time=2.0, metrics={"round": 1, "loss": 0.5})
    )
    progress.close()
    assert stream.getvalue() == shown


# --- runs that are kept: a counterexample is written, drawn and replayed ------------------------------------------


def test_a_counterexample_can_be_replayed_and_drawn(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crash = ["--clients", "2", "--crashes", "client=1"]
    assert main(["validate", "fedavg", *crash, "--runs", "runs"]) == 1
    captured = capsys.readouterr()
    path = "runs/fedavg.1.PF202.jsonl"
    assert captured.err == f"wrote {path}\n{LEFT}"
    again = f"protoflow diagram {ROOT}/protocols/fedavg.yaml --clients 2 --crashes client=1 --kind sequence --finding 1"
    assert again in captured.out

    assert main(["run", "fedavg", "--replay", path]) == 0
    shown = capsys.readouterr().out
    assert "steps: nobody can move, and the course is not complete\n  who is where:\n" in shown
    assert "\nthe same bad state as in the finding: PF202 `server` can wait in state " in shown
    assert "client1 in `" in shown
    assert "(crashed)" in shown

    assert main(again.split()[1:]) == 0
    from_finding = capsys.readouterr().out
    assert main(["diagram", "fedavg", "--kind", "sequence", "--trace", path]) == 0
    assert capsys.readouterr().out == from_finding
    assert "crashes" in from_finding


LATE = (
    (ROOT / "protocols" / "fedavg_deadline.yaml").read_text(encoding="utf-8").replace("[joining, training]", "joining")
)


def test_what_nobody_handles_is_named_in_a_replay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("late.yaml").write_text(LATE, encoding="utf-8")
    assert main(["validate", "late.yaml", "--runs", "runs"]) == 1
    capsys.readouterr()
    assert main(["run", "late.yaml", "--replay", "runs/late.1.PF201.jsonl"]) == 0
    assert capsys.readouterr().out.startswith(
        "late.yaml: after 4 steps: "
        "`join` from `client1` reaches `server` in state `training`, which does not handle it\n"
    )


def test_a_run_of_what_was_mended_since_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("late.yaml").write_text(LATE, encoding="utf-8")
    assert main(["validate", "late.yaml", "--runs", "runs"]) == 1
    mended = LATE.replace("source: joining, ", "source: [joining, training], ", 1)
    assert mended != LATE
    Path("late.yaml").write_text(mended, encoding="utf-8")
    capsys.readouterr()
    code, said = failure(capsys, "run", "late.yaml", "--replay", "runs/late.1.PF201.jsonl")
    assert code == 2
    assert said.endswith(
        "this is no run of late.yaml any more: `protoflow validate late.yaml` says whether its PF201 is gone\n"
    )


def test_a_run_of_another_protocol_is_not_followed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "hello", "--clients", "1", "--trace", "run.jsonl"]) == 0
    capsys.readouterr()
    said = "error: run.jsonl is a run of `hello`, not of `fedavg`\n"
    assert failure(capsys, "run", "fedavg", "--replay", "run.jsonl") == (2, said)


def test_findings_are_numbered_as_they_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that another one explains are not shown, and not counted: here the client's stand before the server's."""
    head, rest = LATE.split("  server:\n")
    server, rest = rest.split("  client:\n")
    client, tail = rest.split("assumptions:\n")
    client = "".join(line for line in client.splitlines(keepends=True) if "trigger: finish" not in line)
    text = f"{head}  client:\n{client}  server:\n{server}assumptions:\n{tail}"
    Path("late.yaml").write_text(text, encoding="utf-8")
    report = validate("late.yaml")
    assert report.diagnostics[0].implied_by == "PF103"
    assert [(found.code, bool(found.trace)) for found in report.shown] == [("PF201", True), ("PF103", False)]

    assert main(["validate", "late.yaml", "--runs", "runs"]) == 1
    captured = capsys.readouterr()
    assert captured.err == f"wrote runs/late.1.PF201.jsonl\n{LEFT}"
    assert re.findall(r"--finding (\d+)", captured.out) == ["1"]
    assert main(["diagram", "late.yaml", "--kind", "sequence", "--finding", "1"]) == 0
    assert "join is not handled in training" in capsys.readouterr().out


def test_a_run_can_be_replayed_and_drawn(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "hello", "--clients", "2", "--trace", "run.jsonl"]) == 0
    capsys.readouterr()
    assert main(["run", "hello", "--replay", "run.jsonl"]) == 0
    assert capsys.readouterr().out.endswith(
        "steps: the course is complete\n"
        "  who is where:\n    server in `done`\n    client1..client2 in `done`\n  the channels are empty\n"
        "the same end as that of the run\n"
    )
    assert main(["diagram", "hello", "--kind", "sequence", "--trace", "run.jsonl"]) == 0
    assert "client[1..2]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "run.jsonl is empty"),
        ("hello\n", "run.jsonl: not a protoflow trace: 'hello\\n'"),
        ('{"record":"end","outcome":"complete"}\n', "run.jsonl does not begin with the header of a run"),
    ],
)
def test_what_is_no_run(content: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("run.jsonl").write_text(content, encoding="utf-8")
    assert failure(capsys, "run", "hello", "--replay", "run.jsonl") == (2, f"error: {said}\n")


def test_a_run_of_a_protocol_that_was_changed_is_not_followed_blindly(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "hello", "--clients", "1", "--trace", "run.jsonl"]) == 0
    capsys.readouterr()
    Path("changed.yaml").write_text(CLEAN.replace("source: waiting, dest: done}", "source: waiting}"), encoding="utf-8")
    code, said = failure(capsys, "run", "changed.yaml", "--replay", "run.jsonl")
    assert code == 2
    assert said.startswith("note: changed.yaml is not as it was when this run was written\nerror: the trace cannot be ")
