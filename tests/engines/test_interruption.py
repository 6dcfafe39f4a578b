"""Ctrl-C, as a user presses it: a real process, a real SIGINT, and the trace that is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from protoflow.trace import Header, Step, read

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys, time
from protoflow.runtime import Course, Participant
from protoflow.language import read_text

TEXT = '''
protoflow: 1
name: endless
messages:
  ping: {from: server, to: client, payload: {text: str}}
  pong: {from: client, to: server, payload: {text: str}}
roles:
  server:
    states: {on: {final: true}}
    transitions:
      - {trigger: start, source: on, handler: say, send: ping}
      - {trigger: pong, source: on, handler: answer, send: ping}
  client:
    states: {on: {final: true}}
    transitions: [{trigger: ping, source: on, handler: answer, send: pong}]
'''

class Endless(Participant):
    def say(self):
        return {"text": "a" * 1000}
    def answer(self, message):
        time.sleep(0.0005)
        return {"text": message["text"]}

course = Course(read_text(TEXT, "endless.yaml").protocol, server=Endless(), client=Endless())
try:
    course.run(trace=sys.argv[1], validate=False)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_an_interrupted_run_leaves_a_readable_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        while not path.exists() or path.read_bytes().count(b"\n") < 50:
            assert time.monotonic() < deadline, "the course did not get going"
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, errors) == (130, "")
    assert path.read_bytes().endswith(b"\n")
    with path.open() as stream:
        header, *steps = read(stream)
    assert isinstance(header, Header)
    assert len(steps) >= 49
    assert all(isinstance(step, Step) for step in steps), "no end: it did not come to one of its own"
    senders = ["server" if number % 2 else "client" for number in range(1, len(steps))]
    assert [step.sender for step in steps[1:] if isinstance(step, Step)] == senders, "no step is missing"
