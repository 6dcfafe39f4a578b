"""The nearest valid name, and words for lists of names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST = 40
_MOST = 400


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` was most likely meant to be, or None where none is close."""
    return next(_close(word, candidates), None)


def only_one_near(word: str, candidates: Iterable[str]) -> bool:
    """Whether there is one candidate, and no other, that `word` may have been meant to be."""
    return len(list(_close(word, candidates))) == 1


def _close(word: str, candidates: Iterable[str]) -> Iterator[str]:
    """The candidates that are close, the closest first."""
    from difflib import get_close_matches

    if len(word) > _LONGEST:
        return
    pool = [str(candidate) for candidate, _ in zip(candidates, range(_MOST), strict=False)]
    plain = word.lower().replace("-", "_")
    for close in get_close_matches(plain, pool, n=3, cutoff=0.7):
        # People rarely mistake the first letter: without it (`server` for `never`), only a slip of one letter counts.
        if close[:1] == plain[:1] or sorted(close) == sorted(plain) or close[1:] == plain or close == plain[1:]:
            yield close


def clip(text: str, length: int = 40) -> str:
    """`text` on one line, shortened where it is long."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length and len(text) <= 4 * length else line[: length - 1] + "…"


def quoted(names: Iterable[str], conjunction: str = "and", most: int = 12) -> str:
    """ "`a`, `b` and `c`"; a long list is cut short."""
    words = [f"`{clip(name)}`" for name in names]
    if len(words) > most:
        words = [*words[: most - 1], f"{len(words) - most + 1} more"]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
