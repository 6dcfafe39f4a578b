"""The nearest valid name, and words for lists of names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.diagnostics import Help
from protoflow.protocol import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from protoflow.diagnostics import Span

_LONGEST = 40
_MOST = 400


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` was most likely meant to be, or None where none is close."""
    return next(_close(word, candidates), None)


def all_nearest(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """The nearest candidate, and those that are as few slips of the pen away; none where none is close."""
    close = list(_close(word, candidates))
    return tuple(each for each in close if _slips(word, each) <= _slips(word, close[0]))


def are(names: Sequence[str]) -> str:
    """ "`a` is", or "`a` and `b` are"."""
    return f"{quoted(names)} {'is' if len(names) == 1 else 'are'}"


def listed(names: Iterable[str]) -> str:
    """A name, or a list of them, as it is written in a file."""
    words = [f'"{name}"' if name == EVERYTHING else str(name) for name in names]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def write(names: Sequence[str], span: Span, text: str | None = None, *, certain: bool = False) -> Help:
    """Help to write one of these names, or, of one, `text` in the place of `span`: which of several is not known."""
    words = f"write {quoted(names, 'or')}"
    return Help(words, span, text or names[0], certain) if len(names) == 1 else Help(words)


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


def _slips(word: str, other: str) -> float:
    """Letters that are wrong, missing or too many, at the least; two that have changed places, as hasty fingers do it,
    count half.
    """
    before: list[float] = []
    row: list[float] = list(range(len(other) + 1))
    for i, letter in enumerate(word):
        before, above, row = row, before, [i + 1]
        for j, meant in enumerate(other):
            row.append(min(before[j] + (letter != meant), before[j + 1] + 1, row[j] + 1))
            if i and j and letter == other[j - 1] and word[i - 1] == meant:
                row[-1] = min(row[-1], above[j - 1] + 0.5)
    return row[-1]


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
