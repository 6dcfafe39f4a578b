"""What one participant has counted: windows, rounds and who is lost (semantics.md, *Counting*; language.md, *Rounds*).

The sets hold what was sent and counted; the lost are taken out when a question is asked, so that who comes back is
where it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from protoflow.program import RoleProgram, Window
    from protoflow.runtime.directory import Directory
    from protoflow.runtime.message import Message


class Windows:
    def __init__(self, who: str, program: RoleProgram, directory: Directory) -> None:
        self._program = program
        self.lost: set[str] = set()
        self._counted: dict[str, set[str]] = {}
        self._totals: dict[str, int] = {}
        self._expected: dict[str, Collection[str]] = {}  # of events that count replies to no request
        self._round: dict[str, int] = {}  # request -> the number of its open round
        self._sent_to: dict[str, set[str]] = {}  # request -> whom its open round was sent to
        self._received: dict[tuple[str, str], int] = {}  # (request, sender) -> the round of the last one received
        for event, window in program.windows.items():
            if window.total is not None:
                self._totals[event] = 0
                continue
            self._counted[event] = set()
            if window.link is not None and window.request is None:
                self._expected[event] = frozenset(directory.linked(window.link, who))
            elif window.request is None:
                self._expected[event] = directory.senders(window.message, who)

    def fresh(self, message: Message) -> bool:
        """The message answers the open round (it is a reply that some event counts `for` a request)."""
        request = self._program.request_of[message.type]
        return message.answers is not None and message.answers == self._round.get(request)

    def stale(self, message: Message) -> bool:
        return message.type in self._program.request_of and not self.fresh(message)

    def count(self, message: Message) -> None:
        """Count a message that a row takes in every window that counts its type."""
        for window in self._program.counted_by.get(message.type, ()):
            event = window.event
            if window.total is not None:
                self._totals[event] += 1
            elif window.request is None:
                if message.sender in self._expected[event]:
                    self._counted[event].add(message.sender)
            elif self.fresh(message) and message.sender in self._sent_to[window.request]:
                self._counted[event].add(message.sender)

    def holds(self, event: str) -> bool:
        window = self._program.windows[event]
        if window.total is not None:
            return self._totals[event] >= window.total
        expected, counted = self._expected_by(window), self._counted[event]
        there, came = len(expected), len(counted)
        for who in self.lost:
            there -= who in expected
            came -= who in counted
        return there > 0 and came >= window.threshold(there)

    def lacking(self, event: str) -> tuple[int, set[str]]:
        """How many more must be counted until the event holds, and of whom (nobody, where it counts messages)."""
        window = self._program.windows[event]
        if window.total is not None:
            return window.total - self._totals[event], set()
        expected = set(self._expected_by(window)) - self.lost
        missing = expected - self._counted[event]
        return window.threshold(len(expected)) - len(expected) + len(missing), missing

    def counted(self, event: str) -> set[str]:
        """The senders in the window, those that are lost apart."""
        return self._counted[event] - self.lost

    def empty(self, event: str) -> None:
        if event in self._totals:
            self._totals[event] = 0
        else:
            self._counted[event] = set()

    def open_round(self, request: str, receivers: Iterable[str]) -> int:
        """A new round: its windows are emptied, and replies are expected from these. Its number."""
        for window in self._program.windows.values():
            if window.request == request:
                self._counted[window.event] = set()
        self._sent_to[request] = set(receivers)
        self._round[request] = self._round.get(request, 0) + 1
        return self._round[request]

    def extend_round(self, request: str, receiver: str) -> int:
        """One more receiver in the open round; the first one opens it. Its number."""
        if request not in self._round:
            return self.open_round(request, (receiver,))
        self._sent_to[request].add(receiver)
        return self._round[request]

    def receive(self, message: Message) -> None:
        """Remember the round of a request that a row takes: the replies to its sender carry it."""
        if message.round is not None:
            self._received[message.type, message.sender] = message.round

    def answers(self, request: str, receiver: str) -> int | None:
        """The round that a reply to `receiver` carries, if it has ever sent the request."""
        return self._received.get((request, receiver))

    def _expected_by(self, window: Window) -> Collection[str]:
        if window.request is None:
            return self._expected[window.event]
        return self._sent_to.get(window.request, frozenset())
