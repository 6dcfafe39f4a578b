"""What all tests share: `pytest --update-golden` writes the expected outputs anew (look at the difference!).

Every finding of the composition check is replayed on the real engine, whatever test it comes up in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.composition import arrival

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing")


def pytest_configure() -> None:
    """Before any test module is imported, as these take the check by its name."""
    arrival.watch()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a file, byte for byte; with `--update-golden` write the file and fail the test."""

    def compare(path: Path, text: str) -> None:
        old = path.read_bytes().decode() if path.exists() else None
        if request.config.getoption("--update-golden") and old != text:
            path.write_bytes(text.encode())
            pytest.fail(f"{path.name} was written anew")
        assert text == old

    return compare
