"""A real Chromium, and pages opened in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.page.support import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert program, "the page is tested in a real browser; tools/system_packages.sh brings one"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"], ignore_default_args=["--hide-scrollbars"]
        )
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens a page; at the end nothing must have been requested, and nothing complained of."""
    contexts = []
    pages: list[Opened] = []

    def open_(html: str, *, width: int = 1280, height: int = 900, dark: bool = False, at: str = "") -> Opened:
        file = tmp_path / f"page{len(pages)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", offline=True
        )
        contexts.append(context)
        page = Opened(context.new_page(), file)
        pages.append(page)
        page.open(at)
        return page

    yield open_
    for page in pages:
        assert page.requests == [page.address] * page.times
        assert page.complaints == []
    for context in contexts:
        context.close()
