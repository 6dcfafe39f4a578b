"""`protoflow new`: what it says, and what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from protoflow.cli import main
from tests.cli.support import failure


def test_it_says_what_it_wrote_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["new", "mine", "--from", "hello"]) == 0
    assert capsys.readouterr().out == (
        "wrote mine.yaml              the protocol, a copy of hello\n"
        "wrote mine.py                what its roles do: a stub for each handler, predicate and selector\n"
        "wrote test_mine.py           validates it, and runs a small course\n"
        "wrote protoflow.schema.json  for editors: keys and texts of the language\n"
        "\n"
        "next:\n"
        "  protoflow validate mine.yaml --handlers    after each change\n"
        "  protoflow stubs mine.yaml                  when it calls something new\n"
        "  protoflow diagram mine.yaml -o mine.svg\n"
        "  protoflow run mine.yaml\n"
        "  pytest test_mine.py\n"
    )
    assert main(["new", "other"]) == 0
    assert "schema" not in "".join(capsys.readouterr()), "the one that is there serves both"
    Path("protoflow.schema.json").write_text("{}", encoding="utf-8")
    assert main(["new", "third"]) == 0
    assert "protoflow.schema.json is another version's" in capsys.readouterr().err
    assert Path("protoflow.schema.json").read_text(encoding="utf-8") == "{}"
    for command in ("stubs mine.yaml", "validate mine.yaml --strict", "run mine.yaml", "diagram mine.yaml -o mine.svg"):
        assert main(command.split()) == 0


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (["mine.py"], "mine.py is there already: nothing was written"),
        (["mine.yaml", "test_mine.py"], "mine.yaml and test_mine.py are there already: nothing was written"),
    ],
)
def test_nothing_is_overwritten(
    there: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in there:
        Path(name).write_text("mine", encoding="utf-8")
    assert failure(capsys, "new", "mine") == (2, f"error: {said}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == there
    assert all(Path(name).read_text(encoding="utf-8") == "mine" for name in there)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("mine --from c.yml", 1, "c.yml:25:80: PF003 `anwser` is not a message; `answer` is"),
        ("mine --from fedbuf", 2, "`fedbuf` is neither a file nor a shipped protocol; `fedbuff` is"),
        ("Mine", 2, "`Mine` cannot be the name of a protocol: "),
    ],
)
def test_what_cannot_be_begun(
    arguments: str, code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, shown = failure(capsys, "new", *arguments.split())
    assert ended == code
    assert shown.startswith(f"error: {said}")
    assert not Path("mine.yaml").exists()
