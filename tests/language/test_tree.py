from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from protoflow.language import tree
from protoflow.language.findings import Findings
from protoflow.language.source import Source
from protoflow.language.tree import Mapping, Node, Scalar, Sequence, compose

if TYPE_CHECKING:
    from protoflow.diagnostics import Diagnostic


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds with libyaml and without it."""
    monkeypatch.setattr(tree, "_LOADER", getattr(yaml, request.param))


def composed(text: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    findings = Findings()
    return compose(Source("f.yaml", text), findings), findings.sorted()


def words(node: Node) -> str:
    return node.source.text[node.start : node.end]


def outline(node: Node) -> object:
    """The tree with the exact words of every value."""
    match node:
        case Scalar():
            return words(node)
        case Sequence():
            return [outline(item) for item in node.items]
        case Mapping():
            return {words(key): outline(value) for key, value in node.entries}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b", {"a": "b"}),
        ("a:\nb: 'x y'\n", {"a": "a", "b": "'x y'"}),  # nothing to point at: the key
        ("- a\n- [b, {c: d}]\n", ["a", ["b", {"c": "d"}]]),
        ("a: &x 1\nb: *x\n", {"a": "1", "b": "1"}),
        ("a: &x [1, 2]\nb: *x\n", {"a": ["1", "2"], "b": ["1", "2"]}),
        ("é: ü # ö\r\nb: z\r\n", {"é": "ü", "b": "z"}),
        ("\ufeffa: b", {"a": "b"}),
        ("a: [1,\u2028 2]\nb: c", {"a": ["1", "2"], "b": "c"}),
        ('a: "x\\n\n  y"\n', {"a": '"x\\n\n  y"'}),
        ("---\na: b\n...\n", {"a": "b"}),
    ],
)
def test_every_value_knows_its_words(text: str, expected: object) -> None:
    node, findings = composed(text)
    assert findings == ()
    assert node is not None
    assert outline(node) == expected


def test_a_block_ends_with_its_last_words() -> None:
    node, _ = composed("rows:\n  - a: b\n    c: {d: e}\n\n\n# end\nnext: 1\n")
    assert isinstance(node, Mapping)
    rows = node.get("rows")
    assert rows is not None
    assert words(rows) == "- a: b\n    c: {d: e}"
    span = rows.span
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 3, 3, 14)


def test_lines_and_columns_count_characters_from_one() -> None:
    node, _ = composed("ä: ö\r\n  \nb: 'x'\n")
    assert isinstance(node, Mapping)
    value = node.entries[1][1]
    assert (value.span.line, value.span.column, value.span.end_column) == (3, 4, 7)


def test_scalars_are_plain_or_not() -> None:
    node, _ = composed("[a, 'b', \"c\"]")
    assert isinstance(node, Sequence)
    assert [item.plain for item in node.items if isinstance(item, Scalar)] == [True, False, False]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_text_has_no_tree(text: str) -> None:
    node, findings = composed(text)
    assert findings == ()
    assert node is None or (isinstance(node, Scalar) and node.empty)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "PF004", 3, 1),
        ("a: [1\nb: 2\n", "PF001", 1, 4),
        ("a: 'x\n", "PF001", 1, 4),
        ("a: !x 1\n", "PF001", 1, 4),
        ("a: *x\n", "PF001", 1, 4),
        ("a: &x [*x]\n", "PF001", 1, 8),
        ("a: 1\n---\nb: 2\n", "PF001", 2, 1),
        ("? [a]\n: 1\n", "PF002", 1, 3),
        ("a:\n\t- b\n", "PF001", 2, 1),
        ("a: b\x07\n", "PF001", 1, 5),
        ("a: é\x07\n", "PF001", 1, 5),
        ("a: " + "[" * 33 + "]" * 33, "PF001", 1, 35),
    ],
)
def test_what_is_refused_and_where(text: str, code: str, line: int, column: int) -> None:
    _, findings = composed(text)
    assert [(f.code, f.span.line, f.span.column) for f in findings] == [(code, line, column)]


def test_a_key_given_twice_shows_the_earlier_place_and_keeps_the_earlier_value() -> None:
    node, (finding,) = composed("a: 1\nb: 2\na: 3\n")
    assert isinstance(node, Mapping)
    assert outline(node) == {"a": "1", "b": "2"}
    assert finding.message == "`a` is given twice"
    assert [(label.span.line, label.text) for label in finding.related] == [(1, "first given here")]


def test_a_name_of_an_anchor_may_be_used_again() -> None:
    node, findings = composed("a: &x 1\nb: &x 2\nc: *x\n")
    assert findings == ()
    assert node is not None
    assert outline(node) == {"a": "1", "b": "2", "c": "2"}
