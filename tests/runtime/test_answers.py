"""What a handler does is held against its row: every HandlerError, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from protoflow import HandlerError, Send
from tests.runtime.driving import interpreters, message, sent, settle

COURSE = """
messages:
  go:    {from: client, to: server}
  model: {from: server, to: client, payload: {weights: list of float}}
  hint:  {from: server, to: client, payload: {text: optional str}}
roles:
  server:
    states: {open: , done: {final: true, ignore: "*"}}
    events: {over: {raised: true}, again: {raised: true}}
    transitions:
      - {trigger: go, source: open, handler: work, ROW}
      - {trigger: [over, again], source: open, dest: done}
  client:
    count: 1..
    states: {idle: {final: true}}
    transitions:
      - {trigger: start, source: idle, send: go}
      - {trigger: [model, hint], source: idle}
"""
PLACE = "small.yaml:13: `server` in state `open`, on `go`: "


def answer(row: str, given: Any, **calls: Any) -> Any:
    """The effects of the row when its handler returns `given` (or is it)."""
    handler = given if callable(given) else lambda _: given
    text = COURSE.replace("ROW", row) if row else COURSE.replace(", ROW", "")
    made = interpreters(text, {"client": 3}, {"work": handler, **calls})
    return made["server"].deliver(message("go", "client2"), 0.0)


def complaint(row: str, given: Any, **calls: Any) -> str:
    with pytest.raises(HandlerError) as caught:
        answer(row, given, **calls)
    text = str(caught.value)
    assert text.startswith(PLACE)
    return text.removeprefix(PLACE)


WEIGHTS = {"weights": [1.0]}


# what is accepted


def test_one_message_takes_its_payload() -> None:
    [out] = answer("send: {model: all}", WEIGHTS).sends
    assert (out.to, dict(out.payload)) == (("client1", "client2", "client3"), {"weights": (1.0,)})


def test_several_messages_take_a_dict_of_payloads() -> None:
    effects = answer("send: [{hint: all}, model]", {"model": WEIGHTS, "hint": {"text": "a"}})
    assert sent(effects) == [("hint", ("client1", "client2", "client3")), ("model", ("client2",))]


def test_maybe_is_not_sent_where_nothing_is_returned_for_it() -> None:
    assert sent(answer("send: maybe model", None)) == []
    assert sent(answer("send: [maybe hint, maybe model]", None)) == []
    assert sent(answer("send: [maybe hint, maybe model]", {"model": WEIGHTS, "hint": None})) == [
        ("model", ("client2",))
    ]


def test_a_message_without_required_fields_needs_nothing_returned() -> None:
    assert sent(answer("send: hint", None)) == [("hint", ("client2",))]
    assert sent(answer("send: maybe hint", {})) == [("hint", ("client2",))]
    assert sent(answer("send: [hint, model]", {"model": WEIGHTS})) == [("hint", ("client2",)), ("model", ("client2",))]


def test_sends_divide_the_receivers() -> None:
    given = [Send({"weights": [1.0]}, to=["client3", "client1"]), Send({"weights": []}, to="client2")]
    effects = answer("send: {model: all}", given)
    assert [(out.to, out.payload["weights"]) for out in effects.sends] == [
        (("client3", "client1"), (1.0,)),
        (("client2",), ()),
    ]


def test_a_selector_is_asked_after_the_handler() -> None:
    order: list[str] = []
    answer(
        "send: {model: cohort}",
        lambda _: order.append("handler") or WEIGHTS,
        cohort=lambda _: order.append("selector") or ["client3"],
    )
    assert order == ["handler", "selector"]


def test_a_selector_s_order_does_not_matter() -> None:
    effects = answer("send: {model: cohort}", WEIGHTS, cohort=lambda _: ["client3", "client1", "client3"])
    assert sent(effects) == [("model", ("client1", "client3"))]


def test_one_of_several_is_named_by_the_handler() -> None:
    assert sent(answer("send: {model: one all}", Send(WEIGHTS, to="client3"))) == [("model", ("client3",))]
    assert sent(answer("send: {model: one cohort}", WEIGHTS, cohort=lambda _: "client1")) == [("model", ("client1",))]


def test_without_a_handler_one_of_several_is_the_first() -> None:
    text = COURSE.replace("handler: work, ROW", "send: {hint: one all}")
    server = interpreters(text, {"client": 3})["server"]
    assert sent(server.deliver(message("go", "client2"), 0.0)) == [("hint", ("client1",))]


def test_raising_twice_is_raising_once() -> None:
    text = COURSE.replace("ROW", "raise: [maybe over, maybe again]")
    server = interpreters(text)["server"]

    def work(_: object) -> None:
        server.raise_event("again")
        server.raise_event("again")

    server.calls["work"] = work
    assert server.deliver(message("go", "client1"), 0.0).raises == ("again",)


def test_a_row_without_a_handler_raises_what_is_certain() -> None:
    text = COURSE.replace("handler: work, ROW", "raise: [maybe over, again]")
    server = interpreters(text)["server"]
    assert server.deliver(message("go", "client1"), 0.0).raises == ("again",)
    assert [step.trigger for step in settle(server)] == ["again"]


# what is not


@pytest.mark.parametrize(
    ("row", "given", "text"),
    [
        ("", WEIGHTS, "handler `work` returned something, but its row sends no message"),
        ("", {}, "handler `work` returned something, but its row sends no message"),
        ("send: model", None, "handler `work` returned no `model` (with `weights`), which its row sends"),
        ("send: [hint, model]", None, "handler `work` returned no `model` (with `weights`), which its row sends"),
        ("send: [hint, model]", {}, "handler `work` returned no `model` (with `weights`), which its row sends"),
        (
            "send: [hint, model]",
            {"model": WEIGHTS, "hint": None, "modle": WEIGHTS},
            "handler `work` returned `modle`, but its row sends `hint`, `model`",
        ),
        (
            "send: [hint, model]",
            7,
            "handler `work` must return a dict of message name to payload, because its row sends `hint`, `model`; "
            "it returned int",
        ),
        (
            "send: model",
            7,
            "handler `work` returned a wrong payload: the payload of `model` must be a mapping, not a "
            "value of type int",
        ),
        (
            "send: model",
            {"weights": 1.0},
            "handler `work` returned a wrong payload: `weights` of `model` must be a list, not a value of type float",
        ),
        (
            "send: model",
            {"model": WEIGHTS},
            "handler `work` returned a wrong payload: `model` has no field `model`; it has `weights`; "
            "as its row sends one message, return the payload itself",
        ),
        (
            "send: {model: all}",
            [Send(WEIGHTS, to="client1")],
            "handler `work` sends no `model` to `client2`, `client3`, who should get one",
        ),
        (
            "send: {model: all}",
            [Send(WEIGHTS, to=["client1", "client2"]), Send(WEIGHTS, to=["client2", "client3"])],
            "handler `work` sends `model` twice to `client2`",
        ),
        (
            "send: model",
            [Send(WEIGHTS, to="client7")],
            "handler `work` sends `model` to `client7`, who is no receiver here",
        ),
        ("send: model", [WEIGHTS], "handler `work` returned a list for `model` that holds a dict"),
        (
            "send: model",
            [Send({"weights": None}, to="client2")],
            "handler `work` returned a wrong payload: `weights` of `model` must be a list, not None",
        ),
        (
            "send: {model: one all}",
            WEIGHTS,
            "`model` goes to one of `client1`, `client2`, `client3`: handler `work` must say to which, with "
            "protoflow.Send(payload, to=id)",
        ),
        (
            "send: {model: one all}",
            Send(WEIGHTS, to=["client1", "client2"]),
            "handler `work` sends `model` to `client1`, `client2`; it goes to one of `client1`, `client2`, `client3`",
        ),
        ("raise: over", None, "handler `work` did not raise `over`, which its row raises"),
    ],
)
def test_answers_that_do_not_agree_with_the_row(row: str, given: Any, text: str) -> None:
    assert complaint(row, given) == text


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        ([], "selector `cohort` returned nobody to send `model` to"),
        (["client1", "server"], "selector `cohort` returned `server`, to whom `model` cannot be sent"),
        ("client9", "selector `cohort` returned `client9`, to whom `model` cannot be sent"),
        (7, "selector `cohort` must return ids, not int"),
        (None, "selector `cohort` must return ids, not NoneType"),
    ],
)
def test_selectors(returned: Any, text: str) -> None:
    assert complaint("send: {model: cohort}", WEIGHTS, cohort=lambda _: returned) == text


def test_a_selector_for_one() -> None:
    assert complaint("send: {model: one cohort}", WEIGHTS, cohort=lambda _: ["client1", "client2"]) == (
        "selector `cohort` must return one id, as `model` goes to one; it returned 2"
    )


def test_a_selector_that_returns_the_lost() -> None:
    text = COURSE.replace("ROW", "send: {model: cohort}")
    server = interpreters(text, {"client": 3}, {"work": lambda _: WEIGHTS})["server"]
    server.windows.lost.update({"client1", "client3"})
    server.calls["cohort"] = lambda _: ["client1", "client2"]
    assert sent(server.deliver(message("go", "client2"), 0.0)) == [("model", ("client2",))]
    server.calls["cohort"] = lambda _: ["client1"]
    with pytest.raises(HandlerError, match="selector `cohort` returned nobody to send `model` to"):
        server.deliver(message("go", "client2"), 0.0)


def test_an_undeclared_raise() -> None:
    text = COURSE.replace("ROW", "raise: maybe over")
    server = interpreters(text)["server"]
    server.calls["work"] = lambda _: server.raise_event("again")
    with pytest.raises(HandlerError) as caught:
        server.deliver(message("go", "client1"), 0.0)
    assert str(caught.value) == PLACE + "handler `work` raised `again`, which its row does not raise"


def test_a_handler_predicate_or_selector_that_raises() -> None:
    def fails(_: object) -> None:
        raise KeyError("weights")

    assert complaint("", fails) == "handler `work` raised KeyError: 'weights'"
    assert complaint("conditions: ready", None, ready=fails) == "predicate `ready` raised KeyError: 'weights'"
    assert complaint("send: {hint: cohort}", None, cohort=fails) == "selector `cohort` raised KeyError: 'weights'"
    with pytest.raises(HandlerError) as caught:
        answer("", fails)
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_handler_that_asks_for_what_is_not_there() -> None:
    server = interpreters(COURSE.replace(", ROW", ""))["server"]
    server.calls["work"] = lambda _: server.peers("clients")
    with pytest.raises(HandlerError) as caught:
        server.deliver(message("go", "client1"), 0.0)
    assert str(caught.value) == PLACE + "handler `work` raised UsageError: `clients` is not a role of `small`"


def test_a_row_without_a_handler_cannot_fill_required_fields() -> None:
    text = COURSE.replace("handler: work, ROW", "send: maybe model")
    server = interpreters(text)["server"]
    assert sent(server.deliver(message("go", "client1"), 0.0)) == []
    server = interpreters(COURSE.replace("handler: work, ROW", "send: model"))["server"]
    with pytest.raises(HandlerError) as caught:
        server.deliver(message("go", "client1"), 0.0)
    assert str(caught.value) == PLACE + "the row sends `model` and has no handler to give it `weights`"
