"""What the tests of several learning courses look at."""

from collections.abc import Iterable

import pytest

from protoflow.engines.world import World
from protoflow.runtime import Message


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Every message that the engine is given to deliver."""
    messages: list[Message] = []
    post = World.post

    def recording(world: World, given: Iterable[Message]) -> list[tuple[int, Message]]:
        posted = post(world, given)
        messages.extend(message for _, message in posted)
        return posted

    monkeypatch.setattr(World, "post", recording)
    return messages
