"""What the tests of several learning courses look at."""

import pytest

from protoflow.engines.world import World
from protoflow.runtime import Message


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Every message that the engine is given to deliver."""
    messages: list[Message] = []
    post = World.post

    def recording(world: World, message: Message) -> int:
        messages.append(message)
        return post(world, message)

    monkeypatch.setattr(World, "post", recording)
    return messages
