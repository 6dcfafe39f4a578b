"""A client of the real YAML language server (npm package `yaml-language-server`), over standard input and output."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self

SERVER = Path(__file__).parent / "server" / "node_modules" / ".bin" / "yaml-language-server"


class LanguageServer:
    """`with LanguageServer(folder) as server`: open texts as files of that folder, and ask."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.request("initialize", {"processId": None, "rootUri": self.folder.as_uri(), "capabilities": {}})
        self.notify("initialized", {})
        settings = {"yaml": {"schemaStore": {"enable": False}, "completion": True, "validate": True}}
        self.notify("workspace/didChangeConfiguration", {"settings": settings})
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def open(self, name: str, text: str) -> list[str]:
        """The messages of the mistakes that the editor shows when the text is opened as that file."""
        document = {"uri": self.uri(name), "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == self.uri(
                name
            ):
                return [found["message"] for found in message["params"]["diagnostics"]]

    def complete(self, name: str, line: int, column: int) -> list[str]:
        """What can be typed at a place (from 0)."""
        place = {"textDocument": {"uri": self.uri(name)}, "position": {"line": line, "character": column}}
        return [item["label"] for item in self.request("textDocument/completion", place)["items"]]

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def request(self, method: str, params: dict[str, Any]) -> Any:
        self.number += 1
        self.write({"id": self.number, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.number and "method" not in message:
                return message["result"]

    def notify(self, method: str, params: dict[str, Any]) -> None:
        self.write({"method": method, "params": params})

    def write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self.process.stdin.flush()

    def read(self) -> Any:
        """The next message from the server; what it asks of us is answered with nothing."""
        assert self.process.stdout is not None
        length = 0
        while header := self.process.stdout.readline().strip():
            name, _, value = header.partition(b": ")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server ended"
        message = json.loads(self.process.stdout.read(length))
        if "id" in message and "method" in message:
            items = message["params"].get("items") if isinstance(message.get("params"), dict) else None
            self.write({"id": message["id"], "result": [{} for _ in items] if items else None})
        return message
