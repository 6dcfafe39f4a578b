"""The classes that the files here name."""

import protoflow


class Server(protoflow.Participant):
    def ask(self) -> dict[str, str]:
        return {"text": "What is protoflow?"}

    def collect(self, message: protoflow.Message) -> None:
        print(message["text"])


class Client(protoflow.Participant):
    def reply(self, message: protoflow.Message) -> dict[str, str]:
        return {"text": message["text"]}
