"""A small course that the tests of the engines run: one server, clients whose replies it counts in rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.runtime import Course, Participant
from tests.runtime.driving import protocol

if TYPE_CHECKING:
    from protoflow.runtime import Message

ROUNDS = """
parameters: {rounds: 2, patience: 10s}
messages:
  model:  {from: server, to: client, payload: {version: int}}
  update: {from: client, to: server, payload: {samples: int}}
  finish: {from: server, to: client}
roles:
  server:
    states: {training: , finished: {final: true, ignore: update}}
    events:
      all_in:  {received: update, for: model, from: all}
      time_up: {after: patience}
    transitions:
      - {trigger: start,  source: training, dest: training, handler: begin, send: {model: all}}
      - {trigger: update, source: training, handler: collect, conditions: fresh}
      - trigger: [all_in, time_up]
        source: training
        dest: training
        times: rounds
        handler: begin
        send: {model: all}
      - {trigger: [all_in, time_up], source: training, dest: finished, send: {finish: all}}
  client:
    count: 1..
    states: {idle: , over: {final: true}}
    transitions:
      - {trigger: model, source: idle, handler: train, send: update}
      - {trigger: finish, source: idle, dest: over}
"""


class Server(Participant):
    def __init__(self) -> None:
        self.version = 0
        self.collected: list[tuple[float, str]] = []

    def begin(self) -> dict[str, int]:
        self.version += 1
        return {"version": self.version}

    def collect(self, message: Message) -> None:
        self.collected.append((self.now, message.sender))
        self.log(samples=message["samples"])


class Client(Participant):
    def train(self, message: Message) -> dict[str, int]:
        return {"samples": 10 * message["version"]}


def rounds(clients: int, text: str = ROUNDS, **parameters: Any) -> Course:
    return Course(protocol(text), parameters, server=Server(), client=[Client() for _ in range(clients)])
