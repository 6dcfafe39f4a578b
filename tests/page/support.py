"""What the tests ask of a page in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


class Opened:
    """A page in the browser, what it requested and what it complained of."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.address = file.as_uri()
        self.times = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url.split("#")[0]))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))

    def open(self, at: str = "") -> None:
        self.times += 1
        self.page.goto(self.address + at)

    def marked(self, name: str) -> set[str]:
        """The places that are shown as `selected`, `touched` or `now`."""
        found: list[str] = self.page.evaluate(
            """name => [...document.querySelectorAll('.' + name)].map(each =>
                each.matches('a') ? each.getAttribute('xlink:href').slice(1)
                : each.matches('tr') ? each.querySelector('a').getAttribute('href').slice(1)
                : [...each.classList].filter(word => word.includes(':')).join(' '))""",
            name,
        )
        return {place for each in found for place in each.split()}

    def tokens(self) -> dict[str, str]:
        """Place of a state -> the number of participants that are shown there."""
        found: dict[str, str] = self.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll('.token[visibility="visible"]')].map(each =>
                [each.parentNode.querySelector('a').getAttribute('xlink:href').slice(1), each.textContent]))"""
        )
        return found

    @property
    def sentence(self) -> str:
        return self.page.locator(".sentence").inner_text()

    @property
    def count(self) -> str:
        return self.page.locator("#player output").inner_text()

    def elements(self) -> int:
        number: int = self.page.evaluate("() => document.querySelectorAll('*').length")
        return number
