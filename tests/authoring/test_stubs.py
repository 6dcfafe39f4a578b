"""Stubs: all that is missing is inserted, and nothing else is touched."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protoflow.authoring.insertion import Wanted, completed, new_module
from protoflow.authoring.places import places
from protoflow.authoring.stubs import class_names
from protoflow.checks.behaviour import check_behaviour
from protoflow.checks.uses import uses_of
from protoflow.errors import UsageError
from protoflow.language import read_text, shipped
from protoflow.program import compile_protocol
from tests.strategies import protocols

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from hypothesis.strategies import SearchStrategy

    from protoflow.program import Program

SLOW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def program_of(text: str) -> Program:
    reading = read_text(text, "t.yaml")
    assert reading.protocol is not None, reading.diagnostics
    return compile_protocol(reading.protocol, reading.parameters)


def programs() -> SearchStrategy[Program]:
    """Compiled protocols in which each send can reach somebody: where one can't (PF109), `stubs` refuses the file."""
    compiled = protocols().map(
        lambda protocol: compile_protocol(protocol, {name: each.default for name, each in protocol.parameters.items()})
    )
    return compiled.filter(
        lambda program: all(
            send.roles for role in program.roles.values() for row in role.all_rows() for send in row.sends
        )
    )


def wanted(program: Program) -> list[Wanted]:
    return [Wanted(role, name) for role, name in class_names(program.roles).items()]


def only_inserted(before: str, after: str) -> bool:
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return all(kind in ("equal", "insert") for kind, *_ in matcher.get_opcodes())


def methods(text: str) -> dict[str, list[str]]:
    return {
        each.name: [item.name for item in each.body if isinstance(item, ast.FunctionDef)]
        for each in ast.parse(text).body
        if isinstance(each, ast.ClassDef)
    }


@SLOW
@given(program=programs())
def test_a_new_module_has_all_that_is_called_and_fits(program: Program) -> None:
    text = new_module(program, wanted(program), "Roles.")
    scope: dict[str, object] = {}
    exec(compile(text, "roles.py", "exec"), scope)
    names = class_names(program.roles)
    behaviours = {role: scope[names[role]] for role in program.roles}
    assert list(check_behaviour(program, behaviours)) == []
    assert methods(text) == {names[name]: [use.name for use in uses_of(role)] for name, role in program.roles.items()}


@SLOW
@given(program=programs(), random=st.randoms(use_true_random=True))
def test_what_is_missing_is_inserted_and_nothing_else_is_touched(program: Program, random: Random) -> None:
    whole = new_module(program, wanted(program), "Roles.")
    partial = without_some(whole, random)
    result = completed(program, wanted(program), partial, "roles", None, [])
    assert only_inserted(partial, result.text)
    assert {name: sorted(found) for name, found in methods(result.text).items()} == {
        name: sorted(found) for name, found in methods(whole).items()
    }
    assert completed(program, wanted(program), result.text, "roles", None, []).text == result.text
    ends = completed(program, wanted(program), partial.replace("\n", "\r\n"), "roles", None, []).text
    assert ends == result.text.replace("\n", "\r\n")


def without_some(text: str, random: Random) -> str:
    """The module as somebody may have it: with methods and classes missing, and work of their own in what is there."""
    lines = text.splitlines(keepends=True)
    tree = ast.parse(text)
    gone: set[int] = set()
    for cls in tree.body:
        if not isinstance(cls, ast.ClassDef):
            continue
        if random.random() < 0.2:
            gone.update(range(cls.lineno - 1, cls.end_lineno or 0))
        for item in cls.body:
            if isinstance(item, ast.FunctionDef) and random.random() < 0.5:
                gone.update(range(item.lineno - 1, item.end_lineno or 0))
    if all(isinstance(each, ast.ClassDef) and each.lineno - 1 in gone for each in tree.body[3:]):
        gone.update(i for i, line in enumerate(lines) if line.startswith("import protoflow"))
    kept = [
        line + ("        # mine\n" if random.random() < 0.2 and line.startswith("        ") else "")
        for number, line in enumerate(lines)
        if number not in gone
    ]
    end = random.choice(["", "\n\nif __name__ == '__main__':\n    print('mine')\n", "# the end"])
    return "".join(kept) + end


HELLO = shipped()["hello"].read_text(encoding="utf-8")

FORMS = {
    "one line": (
        "import protoflow as pf\nclass Server(pf.Participant): pass\n",
        "class Server(pf.Participant): \n    def greet(self) -> dict[str, object]:",
    ),
    "tabs": (
        "import protoflow\n\nclass Server(protoflow.Participant):\n\tx = 1\n",
        '\tx = 1\n\n\tdef greet(self) -> dict[str, object]:\n\t\t"""On `start`. Sends `greeting`."""\n\t\treturn {',
    ),
    "another name": (
        "from protoflow import Participant\n\nclass Server(Participant):\n    x = 1",
        "from protoflow import Participant\nimport protoflow\n\nclass Server(Participant):\n    x = 1\n\n    def greet",
    ),
    "an attribute": (
        "import protoflow\n\nclass Server(protoflow.Participant):\n    greet: object\n    listen = print\n",
        "    greet: object\n    listen = print\n",
    ),
    "a base here": (
        "import protoflow as p\n\nclass Base(p.Participant):\n    greet = 1\n\nclass Server(Base):\n    x = 1\n",
        "    x = 1\n\n    def listen(",
    ),
    "a base elsewhere": (
        "import protoflow.learning.hello as there\n\nclass Server(there.Server):\n    x = 1\n",
        "class Server(there.Server):\n    x = 1\n",
    ),
    "only a docstring": (
        '"""Mine."""\n',
        '"""Mine."""\n\nimport protoflow\n\n\nclass Server(protoflow.Participant):\n',
    ),
    "a comment alone": ("# mine\n", "# mine\nimport protoflow\n\n\nclass Server(protoflow.Participant):\n"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_module_as_people_write_it(form: str) -> None:
    before, expected = FORMS[form]
    program = program_of(HELLO)
    result = completed(program, [Wanted("server", "Server")], before, "mine", None, [])
    assert expected in result.text
    assert {"greet", "listen"} >= set(result.added.get("Server", []))
    ast.parse(result.text)
    again = completed(program, [Wanted("server", "Server")], result.text, "mine", None, [])
    assert again.text == result.text


def test_a_base_that_cannot_be_found_may_have_it() -> None:
    text = "import nowhere\n\nclass Server(nowhere.Base, make()):\n    def greet(self): ...\n"
    result = completed(program_of(HELLO), [Wanted("server", "Server")], text, "mine", None, [])
    assert result.text == text
    assert result.unsure == {"Server": (["listen"], ["nowhere.Base", "make()"])}


def test_a_class_that_derives_has_only_what_is_missing() -> None:
    program = program_of(HELLO.replace("handler: listen", "handler: hear"))
    text = new_module(program, [Wanted("server", "Server", "protoflow.learning.hello.Server")], "Mine.")
    assert methods(text) == {"Server": ["hear"]}
    assert "import protoflow\nimport protoflow.learning.hello\n" in text
    assert "class Server(protoflow.learning.hello.Server):\n" in text


def test_roles_with_names_alike_have_classes_of_their_own() -> None:
    roles = ("edge_server", "r_1", "r1", "true", "true_role")
    assert class_names(roles, taken=["EdgeServer"]) == {
        "edge_server": "EdgeServer_",
        "r_1": "R1",
        "r1": "R1_",
        "true": "TrueRole",
        "true_role": "TrueRole_",
    }


SHARED = """\
protoflow: 1
name: shared
messages: {a: {from: x, to: y}, b: {from: y, to: x}}
roles:
  x:
    class: mine:Both
    states: {s: {final: true}}
    transitions:
      - {trigger: start, source: s, handler: begin, send: a}
      - {trigger: b, source: s, handler: note}
  y:
    class: mine:Both
    states: {s: {final: true}}
    transitions: [{trigger: a, source: s, handler: note, send: b, conditions: willing}, {trigger: a, source: s}]
"""


@pytest.mark.parametrize("before", ["", "import protoflow\n\n\nclass Both(protoflow.Participant):\n    x = 1\n"])
def test_a_class_that_two_roles_share_is_written_once_with_what_each_calls(before: str) -> None:
    shared = [Wanted("x", "Both"), Wanted("y", "Both")]
    result = completed(program_of(SHARED), shared, before, "mine", None, [])
    assert methods(result.text) == {"Both": ["begin", "note", "willing"]}
    assert result.added == {"Both": ["begin", "note", "willing"]}


RICH = """\
protoflow: 1
name: rich
messages:
  a: {from: x, to: [x, y], payload: {n: int, t: tensor, note: optional str}}
  b: {from: x, to: y, payload: {n: int, d: dict of list of float}}
  c: {from: y, to: x}
roles:
  x:
    count: 3
    states: {s: {final: true}}
    events: {e: {raised: true}, f: {raised: true}}
    transitions:
      - {trigger: start, source: s, handler: begin, send: [{a: one y}, {b: chosen}]}
      - {trigger: [a, c], source: s, handler: both, send: {a: all}, raise: [e, maybe f]}
      - {trigger: e, source: s, handler: both, send: {b: y}, conditions: ready}
  y:
    count: 2
    states: {s: {final: true, ignore: "*"}}
"""


def test_what_a_stub_says_and_returns(golden: Callable[[Path, str], None]) -> None:
    program = program_of(RICH)
    text = new_module(program, [Wanted("x", "X")], "Rich.")
    golden(Path(__file__).with_name("rich.py.txt"), text)


def test_what_may_be_left_out_is_not_said_to_be_sent() -> None:
    program = program_of(HELLO.replace("send: greeting", "send: maybe greeting"))
    assert '"""On `start`. May send `greeting`."""' in new_module(program, wanted(program), "Mine.")


DIFFERENT = """\
protoflow: 1
name: different
messages:
  a: {from: x, to: y}
  b: {from: x, to: y}
  c: {from: x, to: y}
roles:
  x:
    states: {s: {final: true}}
    events: {e: {raised: true}, f: {raised: true}, g: {raised: true}}
    transitions:
      - {trigger: e, source: s, handler: work, send: ROW_E}
      - {trigger: f, source: s, handler: work, send: ROW_F}
      - {trigger: g, source: s, handler: work, send: ROW_G}
  y:
    count: 2
    states: {s: {final: true, ignore: "*"}}
"""


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a a a", "Sends `a`."),
        ("a b a", "Sends `a` or `b`, depending on the row."),
        ("a b c", "Sends `a`, `b` or `c`, depending on the row."),
        ("a [] b", "Sends `a`, `b` or nothing, depending on the row."),
        ("a [b,c] a", "Sends `a`, or `b` and `c`, depending on the row."),
        ("a [a,b] []", "Sends `a`, `a` and `b`, or nothing, depending on the row."),
        ("a [a,{message:b,maybe:true}] a", "Sends `a`. May send `b`."),
    ],
)
def test_what_is_sent_is_said_row_by_row(rows: str, said: str) -> None:
    text = DIFFERENT
    for place, send in zip(("ROW_E", "ROW_F", "ROW_G"), rows.split(" "), strict=True):
        text = text.replace(place, send.replace(":", ": "))
    assert f'"""On `e`, `f` or `g`. {said}"""' in new_module(program_of(text), [Wanted("x", "X")], "Mine.")


def test_whom_a_selector_chooses_for_is_said_row_by_row() -> None:
    text = DIFFERENT.replace("ROW_E", "{a: some}").replace("ROW_F", "{b: some}").replace("ROW_G", "a")
    text = text.replace("handler: work, ", "")
    assert '"""Who gets `a` or `b`, depending on the row, on `e` or `f`: ids."""' in new_module(
        program_of(text), [Wanted("x", "X")], "Mine."
    )


def test_a_class_that_is_not_there_yet_goes_on_from_the_one_that_the_base_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = program_of(
        "protoflow: 1\nname: more\nextends: hello\nroles:\n  server: {class: 'mine:Server'}\n  client:\n"
        "    class: mine:Client\n    transitions:\n"
        "      - {trigger: greeting, source: waiting, dest: done, handler: sing, send: answer}\n"
    )
    for output in (None, Path("mine.py")):
        (place,) = places(program, tmp_path, output)
        text = new_module(program, place.wanted, "Mine.")
        assert methods(text) == {"Server": [], "Client": ["sing"]}
        assert "class Server(protoflow.learning.hello.Server):\n" in text
        assert "class Client(protoflow.learning.hello.Client):\n" in text
    (place,) = places(program, tmp_path, None)
    alone = new_module(program, place.wanted[:1], "Mine.")
    assert re.findall(r"^import .*$", alone, re.MULTILINE) == ["import protoflow.learning.hello"]


def test_what_the_last_class_lacks_stands_before_a_class_that_is_new() -> None:
    program = program_of(HELLO)
    before = "import protoflow\n\n\nclass Server(protoflow.Participant):\n    def greet(self): ...\n"
    text = completed(program, wanted(program), before, "mine", None, []).text
    assert methods(text) == {"Server": ["greet", "listen"], "Client": ["reply"]}
    alone = completed(program, [Wanted("client", "Client")], '"""Mine."""\n', "mine", None, []).text
    assert alone.index("import protoflow") < alone.index("class Client")


def test_a_class_may_go_on_from_one_of_its_own_module() -> None:
    before = "import protoflow\n\n\nclass Old(protoflow.Participant):\n    def greet(self): ...\n"
    wanted = [Wanted("server", "New", "mine.Old")]
    text = completed(program_of(HELLO), wanted, before, "mine", None, []).text
    assert "class New(Old):\n" in text
    assert "import mine" not in text
    assert methods(text) == {"Old": ["greet"], "New": ["listen"]}


def test_roles_without_a_class_are_named(tmp_path: Path) -> None:
    program = program_of(re.sub(r"^ +class: .*\n", "", HELLO, flags=re.MULTILINE))
    with pytest.raises(
        UsageError, match=r"^the file names no class for `server` and `client`: write `class: my_module:"
    ):
        places(program, tmp_path, None)


def test_no_method_can_have_a_word_of_python_as_its_name() -> None:
    program = program_of(HELLO.replace("handler: greet", "handler: import"))
    with pytest.raises(
        UsageError, match=r"^t\.yaml:16: handler `import` cannot be a method: the word is Python's own$"
    ):
        new_module(program, wanted(program), "Mine.")


def test_text_from_the_file_cannot_leave_its_docstring() -> None:
    protocol = program_of(HELLO).protocol
    summary = 'A """ and \\ and "'
    roles = {name: replace(role, summary=summary) for name, role in protocol.roles.items()}
    program = compile_protocol(replace(protocol, roles=roles), {})
    (module,) = (ast.parse(new_module(program, wanted(program), "Mine.")),)
    said = [ast.get_docstring(each) for each in module.body if isinstance(each, ast.ClassDef)]
    assert said == [re.sub('"', "'", summary)] * 2
