"""What docs/editors.md says, in the real programs: the YAML language server, Neovim, and a task's pattern."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from protoflow.cli import main
from protoflow.language.schema import text as schema
from tests.cli.support import CLEAN
from tests.editors.language_server import SERVER, LanguageServer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
MODELINE = "# yaml-language-server: $schema=protoflow.schema.json\n"
MINE = MODELINE + CLEAN.partition("\n")[2]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "protoflow.schema.json").write_text(schema(), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(MINE.replace("send: answer", "send: anwser"), encoding="utf-8")
    return tmp_path


def test_the_language_server_knows_the_schema(folder: Path) -> None:
    assert MODELINE in blocks("yaml")
    rows = MINE.index("      - {trigger: start")
    with LanguageServer(folder) as server:
        assert server.open("right.yaml", MINE) == []
        wrong = MINE.replace("handler: greet,", "handlr: greet,")
        wrong = wrong.replace("received: answer, from: all", "after: 30")
        assert server.open("wrong.yaml", wrong) == [
            'Incorrect type. Expected "string".',
            "Property handlr is not allowed.",
        ]
        row = f"{MINE[:rows]}      - {{trigger: start, s}}\n"
        server.open("row.yaml", row)
        found = server.complete("row.yaml", row.count("\n") - 1, len("      - {trigger: start, s"))
        assert {"source", "dest", "handler", "send", "conditions", "unless", "times"} <= set(found)
        assert not {"trigger", "states", "messages"} & set(found)
        top = f"{MINE}\np"
        server.open("top.yaml", top)
        assert {"parameters", "properties", "assumptions"} <= set(server.complete("top.yaml", top.count("\n"), 1))


def test_a_shipped_file_has_no_mistakes_where_it_stands() -> None:
    """Its first line leads to the schema in docs/."""
    with LanguageServer(ROOT / "protocols") as server:
        text = (ROOT / "protocols" / "fedbuff.yaml").read_text(encoding="utf-8")
        assert server.open("fedbuff.yaml", text) == []
        assert server.open("fedbuff.yaml.new", text.replace("summary:", "sumary:", 1)) == [
            "Property sumary is not allowed."
        ]


def test_the_pattern_of_the_task(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tasks,) = (json.loads(block) for block in blocks("json"))
    (task,) = tasks["tasks"]
    arguments = [word.replace("${workspaceFolder}", str(folder)) for word in task["args"]]
    assert main(arguments) == 1
    pattern = task["problemMatcher"]["pattern"]
    (found,) = (re.fullmatch(pattern["regexp"], line) for line in capsys.readouterr().out.splitlines())
    assert found is not None
    groups = {name: found[number] for name, number in pattern.items() if name != "regexp"}
    assert groups == {
        "file": str(folder / "mine.yaml"),
        "line": "25",
        "column": "80",
        "code": "PF003",
        "message": "`anwser` is not a message; `answer` is",
    }


def neovim(folder: Path, *commands: str) -> str:
    """What Neovim prints, started in `folder` with no configuration but these commands."""
    path = f"{Path(sys.executable).parent}:{SERVER.parent}:{os.environ['PATH']}"
    words = [word for command in (*commands, "qa!") for word in ("-c", command)]
    done = subprocess.run(
        ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", "filetype on", *words],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stderr.replace("\r\n", "\n")


def test_neovim_has_the_findings_in_its_quickfix_list(folder: Path) -> None:
    (folder / "make.lua").write_text(blocks("lua")[1], encoding="utf-8")
    shown = neovim(
        folder,
        "luafile make.lua",
        "edit mine.yaml",
        "silent make",
        "lua for _, each in ipairs(vim.fn.getqflist()) do print(each.lnum, each.col, each.text) end",
    )
    assert "25 80 PF003 `anwser` is not a message; `answer` is" in shown


def test_neovim_shows_what_the_language_server_says(folder: Path) -> None:
    start = "vim.lsp.start = vim.lsp.start or function(c) vim.lsp.buf_attach_client(0, vim.lsp.start_client(c)) end\n"
    (folder / "lsp.lua").write_text(start + blocks("lua")[0], encoding="utf-8")
    (folder / "mine.yaml").write_text(MINE.replace("handler: greet,", "handlr: greet,"), encoding="utf-8")
    shown = neovim(
        folder,
        "luafile lsp.lua",
        "edit mine.yaml",
        "lua vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 50)",
        "lua for _, each in ipairs(vim.diagnostic.get(0)) do print(each.lnum + 1, each.message) end",
    )
    assert "16 Property handlr is not allowed." in shown


def test_neovim_formats_its_buffer(folder: Path) -> None:
    (folder / "mine.yaml").write_text(MINE.replace("name: hello", "name:    hello"), encoding="utf-8")
    neovim(folder, "edit mine.yaml", "silent %!protoflow format -", "write")
    assert (folder / "mine.yaml").read_text(encoding="utf-8") == MINE
