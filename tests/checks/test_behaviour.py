"""PF301 and PF302: the Python side."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from protoflow import Participant
from protoflow.checks import validate
from protoflow.language import read_text

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
protoflow: 1
name: quiz
messages:
  question: {from: server, to: client, payload: {text: str}}
  answer:   {from: client, to: server, payload: {text: str, sure: optional bool}}
roles:
  server:
    class: CLASS
    states: {asking: , finished: {final: true}}
    events: {all_answered: {received: answer, from: all}}
    transitions:
      - {trigger: start, source: asking, handler: ask, send: {question: some}}
      - {trigger: answer, source: asking, conditions: right, handler: collect}
      - {trigger: answer, source: asking, unless: right, handler: collect}
      - {trigger: all_answered, source: asking, dest: finished, handler: finish}
  client:
    count: 1..
    states: {waiting: , finished: {final: true}}
    transitions:
      - {trigger: question, source: waiting, dest: finished, handler: reply, send: answer}
"""


class Right:
    def ask(self) -> None: ...
    def some(self) -> None: ...
    def right(self, message: object) -> None: ...
    def collect(self, message: object) -> None: ...
    def finish(self) -> None: ...


def check(
    server: object = None, client: object = None, text: str = TEXT, functions: dict[str, Any] | None = None
) -> list[Any]:
    behaviours = {role: cls for role, cls in (("server", server), ("client", client)) if cls is not None}
    reading = read_text(text if server is None else text.replace("    class: CLASS\n", ""), "quiz.yaml")
    return list(
        validate(
            reading, handlers=True, composition=False, behaviours=behaviours, registered={"server": functions or {}}
        ).diagnostics
    )


def messages(server: object, functions: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    return [(found.code, found.message) for found in check(server, functions=functions)]


def test_a_class_that_has_everything() -> None:
    assert check(Right) == []


def test_everything_that_is_missing_with_the_signature_to_write() -> None:
    class Empty: ...

    class Replier:
        def rely(self, message: object) -> None: ...

    found = check(Empty, Replier)
    assert [(each.code, each.message, each.span.line) for each in found] == [
        ("PF301", "`Empty` has no handler `ask`", 11),
        ("PF301", "`Empty` has no selector `some`", 11),
        ("PF301", "`Empty` has no predicate `right`", 12),
        ("PF301", "`Empty` has no handler `collect`", 12),
        ("PF301", "`Empty` has no handler `finish`", 14),
        ("PF301", "`Replier` has no handler `reply`; it has `rely`", 19),
    ]
    assert [each.help.text.partition(": ")[2] for each in found] == [
        "`def ask(self) -> dict`, returning the payload of `question`: `{text: str}`",
        "`def some(self) -> list[str]`, returning ids",
        "`def right(self, message) -> bool`",
        "`def collect(self, message) -> None`",
        "`def finish(self) -> None`",
        "`def reply(self, message) -> dict`, returning the payload of `answer`: `{text: str, sure: optional bool}`",
    ]


def test_what_is_written_for_a_message_without_a_payload() -> None:
    class Empty: ...

    text = TEXT.replace("payload: {text: str}}", "payload: {}}")
    assert text != TEXT
    found = check(Empty, text=text)
    assert found[0].help.text == "write in `Empty`: `def ask(self) -> None`: `question` has no payload"


def test_a_near_name_is_the_first_thing_to_try() -> None:
    class Asks:
        some, right, collect, finish = Right.some, Right.right, Right.collect, Right.finish
        asks = Right.ask

    (found,) = check(Asks)
    assert found.message == "`Asks` has no handler `ask`; it has `asks`"
    assert found.help.text.startswith("call it `asks`, or write in `Asks`: `def ask(self) -> dict`")


def test_what_every_participant_has_is_no_handler() -> None:
    class Logs(Right, Participant):
        pass

    (found,) = check(Logs, text=TEXT.replace("handler: ask", "handler: peers"))
    assert found.message == "`Logs` has no handler `peers`"
    assert found.help.text == (
        "call it something else: every `protoflow.Participant` has this name for something of its own"
    )
    assert check(Logs) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("question: some", "question: clent", "no selector `clent`; `client` is a role"),
        ("question: some", "question: all_answerd", "no selector `all_answerd`; `all_answered` is an event"),
        ("question: some", "question: my_fiends", "no selector `my_fiends`; `my_friends` is a link"),
        ("question: some", "question: my_teachers", "no selector `my_teachers`"),
        ("question: some", "question: al", "no selector `al`; `all` is a target"),
        ("question: some", "question: sendr", "no selector `sendr`; `sender` is a target"),
        ("unless: right", "unless: my_fiends", "no predicate `my_fiends`; `my_friends` is a link"),
        ("unless: right", "unless: carefull", "no predicate `carefull`; `careful` is a parameter"),
    ],
)
def test_a_name_that_is_taken_for_a_selector_or_predicate_because_it_is_misspelt(
    old: str, new: str, message: str
) -> None:
    links = "my_friends: {from: server, to: client, shape: graph}, my_teacher: {from: client, to: server, shape: one}"
    text = TEXT.replace(old, new) + f"links: {{{links}}}\nparameters: {{careful: true}}\n"
    assert [found.message for found in check(Right, text=text) if found.code == "PF301"] == [f"`Right` has {message}"]


def test_a_misspelt_fresh_is_told_where_that_may_stand() -> None:
    counted = TEXT.replace("received: answer,", "received: answer, for: question,")
    for text, meant in ((TEXT, ""), (counted, "; `fresh` is a condition")):
        found = check(Right, text=text.replace("conditions: right", "conditions: frehs"))
        assert [each.message for each in found if each.code == "PF301"] == [f"`Right` has no predicate `frehs`{meant}"]


def test_a_word_of_the_language_that_is_nearer_than_a_method() -> None:
    class Spends(Right):
        def spend(self) -> None: ...

    (found,) = check(Spends, text=TEXT.replace("question: some", "question: sendr"))
    assert found.message == "`Spends` has no selector `sendr`; `sender` is a target"


def test_a_module_that_is_here_under_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "classes.py").touch()
    monkeypatch.chdir(tmp_path)
    (found,) = check(text=TEXT.replace("CLASS", "clases:Server"))
    assert found.help.text == "write `classes`: `classes.py` is here"


def test_what_a_class_may_still_have() -> None:
    class Dynamic:
        def __getattr__(self, name: str) -> object: ...

    class Declared(Right):
        collect: Any  # set in __init__

    assert messages(Dynamic) == []
    assert messages(Dynamic()) == []
    assert messages(Declared) == []


def test_a_participant_has_what_its_init_has_set() -> None:
    class Made(Right):
        def __init__(self, collect: Any) -> None:
            self.collect = collect

    assert messages(Made(lambda message: None)) == []
    assert messages(Made(3)) == [
        ("PF302", "`Made.collect` is called as `collect(message)`, but it is int, not a function")
    ]
    assert messages(Made(lambda: None)) == [
        ("PF302", "`Made.collect` is called as `collect(message)`, but it takes no arguments")
    ]
    assert messages(Right()) == []
    assert messages(object()) != []


def method(value: object) -> type:
    return type("Server", (Right,), {"collect": value})


@pytest.mark.parametrize(
    "value",
    [
        lambda self, message: None,
        lambda self, *messages: None,
        lambda self, message, verbose=False: None,
        staticmethod(lambda message: None),
        classmethod(lambda cls, message: None),
        functools.partialmethod(lambda self, more, message: None, 1),
        functools.lru_cache(lambda self, message: None),
    ],
)
def test_what_can_be_called_with_a_message(value: object) -> None:
    assert messages(method(value)) == []


async def waits(self: object, message: object) -> None: ...


def generates(self: object, message: object) -> Any:
    yield message


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (lambda self: None, "it takes no arguments"),
        (lambda self, message, more: None, "it takes `message, more`"),
        (lambda self, message, *, more: None, "it takes `message, *, more`"),
        (staticmethod(lambda: None), "it takes no arguments"),
        (classmethod(lambda cls: None), "it takes no arguments"),
        (property(lambda self: True), "it is a property"),
        (functools.cached_property(lambda self: True), "it is a property"),
        (3, "it is int, not a function"),
        (waits, "it is `async`"),
        (generates, "it is a generator: it has a `yield`"),
    ],
)
def test_what_cannot(value: object, why: str) -> None:
    assert messages(method(value)) == [("PF302", f"`Server.collect` is called as `collect(message)`, but {why}")]


def test_an_event_calls_without_a_message() -> None:
    found = messages(type("Server", (Right,), {"finish": lambda self, message: None}))
    assert found == [("PF302", "`Server.finish` is called as `finish()`, but it takes `message`")]


def test_rows_of_both_kinds() -> None:
    text = TEXT.replace("handler: finish", "handler: collect")
    server = type("Server", (Right,), {})
    (found,) = check(server, text=text)
    assert found.message == "`Server.collect` is called as `collect()`, but it takes `message`"
    assert (found.span.line, found.help.text) == (14, "define it as `def collect(self, message=None) -> None`")
    assert check(method(lambda self, message=None: None), text=text) == []


def test_registered_functions_stand_in_for_methods() -> None:
    class Empty: ...

    def with_message(participant: object, message: object) -> None: ...
    def without(participant: object) -> None: ...

    functions = {"ask": without, "some": without, "finish": without, "right": with_message, "collect": with_message}
    assert check(Empty, functions=functions) == []
    assert messages(Right, {"collect": without}) == [
        ("PF302", "the function registered as `collect` is called as `collect(message)`, but it takes no arguments")
    ]


@pytest.mark.parametrize(
    ("module", "cls", "why", "help"),
    [
        (
            "pass",
            "nowhere_at_all:Server",
            "ModuleNotFoundError: No module named 'nowhere_at_all'",
            "go to the folder that has `nowhere_at_all`, or name it in PYTHONPATH: protoflow looks where it is run",
        ),
        ("class Other: ...", "made:Server", "AttributeError: module 'made' has no attribute 'Server'", None),
        (
            "class Srever: ...",
            "made:Server",
            "AttributeError: module 'made' has no attribute 'Server'",
            "write `made:Srever`",
        ),
        (
            "class Server: ...",
            "made:Server",
            "it is no `protoflow.Participant`",
            "derive it: `class Server(protoflow.Participant)`",
        ),
        ("def Server(): ...", "made:Server", "it is not a class, but function", None),
        ("1 / 0", "made:Server", "ZeroDivisionError: division by zero", None),
        ("import nowhere_at_all", "made:Server", "ModuleNotFoundError: No module named 'nowhere_at_all'", None),
        ("def", "made:Server", "SyntaxError: invalid syntax (made.py, line 1)", None),
        ("raise SystemExit", "made:Server", "SystemExit", None),
        ("raise RuntimeError('first line\\nsecond')", "made:Server", "RuntimeError: first line", None),
    ],
)
def test_a_class_that_cannot_be_imported(
    module: str, cls: str, why: str, help: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    (tmp_path / "made.py").write_text(module + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "made", raising=False)
    (found,) = check(text=TEXT.replace("CLASS", cls))
    assert (found.code, found.message) == ("PF301", f"the class of `server` cannot be used: {why}")
    assert (found.span.line, found.span.column) == (8, 12)
    assert (found.help.text if found.help else None) == help
    sys.modules.pop("made", None)


def test_nothing_is_imported_unless_asked() -> None:
    assert (
        validate(read_text(TEXT.replace("CLASS", "nowhere_at_all:Server"), "quiz.yaml"), composition=False).diagnostics
        == ()
    )


class Renamed(Participant):
    def ask(self) -> dict[str, str]: ...
    def some(self) -> list[str]: ...
    def right(self, message: object) -> bool: ...
    def note_down(self, message: object) -> None: ...
    def finish(self) -> None: ...
    def _own(self) -> None: ...


class Busy(Renamed):
    def look_up(self) -> None: ...


@pytest.mark.parametrize(
    ("cls", "note", "help"),
    [
        (Renamed, "`Renamed` has `note_down`, which no row names", "call it `note_down`, or write in `Renamed`: "),
        (Busy, "`Busy` has `note_down` and `look_up`, which no row names", "write in `Busy`: "),
    ],
)
def test_a_method_that_no_row_names_may_be_the_one_that_was_meant(cls: type, note: str, help: str) -> None:
    (found,) = check(server=cls)
    assert found.message == f"`{cls.__name__}` has no handler `collect`"
    assert found.notes == (note,)
    assert found.help.text.startswith(help)
