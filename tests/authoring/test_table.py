"""The lines of a table: as much in line as there is room for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protoflow.authoring.table import LONG, Line, lined_up

COLUMNS = ("a", "b", "c", "d")
ROOM = 40

names = st.text("xy", max_size=9).map(lambda name: f"{name}:")
cells = st.lists(st.sampled_from(COLUMNS), unique=True).flatmap(
    lambda keys: st.tuples(
        *(st.text("z", max_size=12).map(lambda value, key=key: (key, f"{key}: {value}")) for key in keys)
    )
)
lines = st.builds(lambda name, text, cells: Line(name, "" if cells else text, cells), names, st.text("t"), cells)


def bare(line: Line) -> str:
    value = "{" + ", ".join(text for key in COLUMNS for name, text in line.cells if name == key) + "}"
    return f"{line.name} {value if line.cells else line.text}".rstrip()


@given(given_lines=st.lists(lines, max_size=20))
def test_nothing_but_spaces_is_added_and_no_more_than_there_is_room(given_lines: list[Line]) -> None:
    written = lined_up(given_lines, COLUMNS, ROOM)
    assert [line.replace(" ", "") for line in written] == [bare(line).replace(" ", "") for line in given_lines]
    assert all(len(line) <= max(ROOM, len(bare(each))) for line, each in zip(written, given_lines, strict=True))


@given(widths=st.lists(st.integers(0, 8), min_size=1, max_size=20), long=st.lists(st.integers(30, 60), max_size=LONG))
def test_long_rows_do_not_cost_the_others_their_columns(widths: list[int], long: list[int]) -> None:
    short = [Line("-", cells=(("a", f"a: {'z' * width}"), ("b", "b: 1"))) for width in widths]
    wide = [Line("-", cells=(("a", f"a: {'z' * width}"), ("b", "b: 1"))) for width in long]
    written = lined_up([*wide, *short], COLUMNS, ROOM)[len(wide) :]
    assert written == lined_up(short, COLUMNS, ROOM)
    assert {line.index("b: ") for line in written} == {max(len(f"- {{a: {'z' * width}, ") for width in widths)}
