"""The Markdown fence, in the real Python-Markdown with the real superfences."""

from __future__ import annotations

from pathlib import Path

import markdown
import pytest
from pymdownx.superfences import SuperFencesException

from protoflow.markdown import fence, validator
from tests.diagrams.support import SOURCES

HELLO = SOURCES["hello"].read_text(encoding="utf-8")


def page(text: str) -> str:
    fences = [{"name": "protoflow", "class": "protoflow-diagram", "format": fence, "validator": validator}]
    return markdown.markdown(
        text,
        extensions=["pymdownx.superfences"],
        extension_configs={"pymdownx.superfences": {"custom_fences": fences}},
    )


def test_a_block_becomes_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(HELLO, encoding="utf-8")
    for block in (f"```protoflow\n{HELLO}```", "```protoflow\nmine.yaml\n```", "```protoflow\nhello\n```"):
        shown = page(f"# Title\n\n{block}\n\nafter\n")
        assert shown.count('<div class="protoflow-diagram">\n<svg class="protoflow"') == 1
        assert "<p>after</p>" in shown
    shown = page('```{.protoflow kind=flow detail=less alt="Who greets whom"}\nhello\n```\n')
    assert "Who greets whom</desc>" in shown
    assert "1 greet" not in page("```protoflow\nhello\n```\n")


def test_what_is_wrong_ends_the_build() -> None:
    with pytest.raises(SuperFencesException, match=r"block:\d+: PF003: `anwser` is not a message"):
        page(f"```protoflow\n{HELLO.replace('send: answer', 'send: anwser')}```\n")
    with pytest.raises(SuperFencesException, match="`graph` is not a kind that a page can draw: states, flow"):
        page("```{.protoflow kind=graph}\nhello\n```\n")
    with pytest.raises(SuperFencesException, match="is neither a file nor a shipped protocol"):
        page("```protoflow\nhelo\n```\n")


def test_an_option_that_there_is_not_leaves_the_block_as_code() -> None:
    assert "<svg" not in page("```{.protoflow colour=red}\nhello\n```\n")
