"""The tutorial's course: a greeting and its answers. Plain Python, no torch."""

from __future__ import annotations

import protoflow


class Server(protoflow.Participant):
    def greet(self) -> dict[str, str]:
        return {"text": f"Hello, I am {self.id}."}

    def listen(self, message: protoflow.Message) -> None:
        print(f"{message.sender} says: {message['text']}")


class Client(protoflow.Participant):
    def reply(self, message: protoflow.Message) -> dict[str, str]:
        return {"text": f"Hello {message.sender}, {self.id} is here."}
