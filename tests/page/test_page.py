"""The page in a real browser: what a click lights up, what keys do, and that it holds for much and for malice."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from protoflow.checks import validate
from protoflow.checks.composition import Options
from protoflow.language import read_text
from protoflow.page import Run, page
from protoflow.trace import Step, StepKind
from tests.composition.broken_deadline import BROKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.checks import Report
    from tests.page.support import Opened

    Open = Callable[..., Opened]


def checked(text: str, name: str = "mine.yaml") -> Report:
    return validate(read_text(text, name), composition=Options(seconds=60))


@pytest.fixture(scope="module")
def late() -> str:
    return page(checked(BROKEN["join_not_handled_while_training"]))


# -- what belongs together -----------------------------------------------------------------------------------------


def test_a_click_on_a_state_lights_up_what_touches_it(opened: Open, late: str) -> None:
    it = opened(late)
    it.page.locator('#machines a[*|href="#state:server:training"]').click()
    assert it.marked("selected") == {"state:server:training"}
    rows = {f"row:server:{number}" for number in (1, 2, 3, 5, 6)}
    assert it.marked("touched") == rows | {"role:server"}
    assert it.page.locator("#selection .name").inner_text() == "state training of server"
    assert it.page.locator("#selection .touching li").count() == len(rows) + 1
    lit = it.page.locator("#rows tr.touched").all_inner_texts()
    assert [line.split("\t")[0] for line in lit] == [
        "update",
        "all_joined",
        "time_up",
        "all_received, time_up",
        "all_received, time_up",
    ]


def test_a_click_on_a_message_and_on_a_row(opened: Open, late: str) -> None:
    it = opened(late)
    it.page.locator('#messages a[*|href="#message:join"]').first.click()
    assert it.marked("selected") == {"message:join"}
    assert it.marked("touched") == {
        *("row:server:0", "row:server:2", "row:client:0"),
        *("state:server:finished", "role:server", "role:client"),
    }
    it.page.locator("#rows tr", has_text="introduce").locator("td").first.click()
    assert it.marked("selected") == {"row:client:0"}
    assert it.marked("touched") == {"state:client:starting", "state:client:idle", "message:join"}


def test_a_selection_can_be_linked_to_and_is_cleared(opened: Open, late: str) -> None:
    it = opened(late, at="#row:client:2")
    assert it.marked("selected") == {"row:client:2"}
    it.page.keyboard.press("Escape")
    assert it.marked("selected") == it.marked("touched") == set()
    assert it.page.url == it.address
    it.page.locator("#findings a", has_text="state training of server").click()
    assert it.marked("selected") == {"state:server:training"}
    it.page.go_back()
    assert it.marked("selected") == set()
    it.page.evaluate("location.hash = 'no:such:place'")
    assert it.page.locator("#selection").is_hidden()


def test_what_it_says_of_findings(opened: Open, late: str) -> None:
    it = opened(late)
    assert it.page.locator(".verdict").inner_text() == "mine.yaml: 1 error; fails at N = 1"
    item = it.page.locator("#findings li")
    assert item.count() == 1
    assert "join can reach server in state training, which does not handle it" in item.inner_text()
    explained = item.locator("details pre")
    assert explained.is_hidden()
    item.locator("summary").click()
    assert "PF201" in explained.inner_text()


def test_it_shows_the_line_to_type_as_the_report_does(opened: Open) -> None:
    report = checked(BROKEN["join_not_handled_while_training"])
    shown = opened(page(report)).page.locator("#findings pre.typed").all_inner_texts()
    lines = (
        "27 |       - {trigger: join,   source: [joining, training], handler: admit}\n"
        "   |                                   ~~~~~~~~~~~~~~~~~~~"
    )
    assert shown == [lines]
    assert f"\n{lines}\n" in str(report)


def test_it_says_who_waits_for_whom(opened: Open) -> None:
    report = checked(BROKEN["no_timer"])
    (note, *_) = report.shown[0].notes
    it = opened(page(report))
    assert it.page.locator("#findings .note").first.inner_text() == note.replace("`", "")


def test_nothing_found_and_nothing_to_play(opened: Open) -> None:
    it = opened(page(validate("hello")))
    assert "Nothing was found." in it.page.locator("#findings").inner_text()
    assert it.page.locator("#player").is_hidden()
    it.page.keyboard.press("ArrowRight")


# -- runs ----------------------------------------------------------------------------------------------------------

AFTER = [
    ("Before the first step.", {"state:server:joining": "1", "state:client:starting": "1"}, set()),
    (
        "client1 starts in starting, goes to idle; sends join to server",
        {"state:server:joining": "1", "state:client:idle": "1"},
        {"row:client:0"},
    ),
    ("time_up of server elapses early in joining", {"state:server:joining": "1", "state:client:idle": "1"}, set()),
    (
        "time_up fires at server in joining, goes to training; sends model to client1",
        {"state:server:training": "1", "state:client:idle": "1"},
        {"row:server:3"},
    ),
    (
        "server does not handle join from client1 in training",
        {"state:server:training": "1", "state:client:idle": "1"},
        {"message:join"},
    ),
]


def assert_after(it: Opened, steps: int) -> None:
    sentence, tokens, now = AFTER[steps]
    assert (it.sentence, it.tokens(), it.marked("now") - {""}) == (sentence, tokens, now)
    assert it.count == f"{steps} / 4"


def test_a_counterexample_step_by_step_with_keys(opened: Open, late: str) -> None:
    it = opened(late)
    assert_after(it, 0)
    for steps in (1, 2, 3, 4, 4):
        it.page.keyboard.press("ArrowRight")
        assert_after(it, min(steps, 4))
    assert it.page.locator(".chart g.bad.now").count() == 1
    assert it.page.locator(".sentence.bad").count() == 1
    it.page.keyboard.press("ArrowLeft")
    assert_after(it, 3)
    it.page.keyboard.press("Home")
    assert_after(it, 0)
    it.page.keyboard.press("End")
    assert_after(it, 4)


def test_a_counterexample_with_the_mouse(opened: Open, late: str) -> None:
    it = opened(late)
    it.page.get_by_label("To the end (End)").click()
    assert_after(it, 4)
    it.page.get_by_label("One step back").click()
    assert_after(it, 3)
    it.page.locator(".chart .note", has_text="start: starting").click()
    assert_after(it, 1)
    it.page.get_by_label("Step", exact=True).fill("2")
    assert_after(it, 2)
    it.page.get_by_role("button", name="Show the run").click()
    assert_after(it, 0)


def test_it_plays_and_pauses(opened: Open, late: str) -> None:
    it = opened(late)
    it.page.clock.install()
    it.page.keyboard.press(" ")
    it.page.clock.run_for(1500)
    assert_after(it, 2)
    it.page.keyboard.press(" ")
    it.page.clock.run_for(5000)
    assert_after(it, 2)
    it.page.keyboard.press(" ")
    it.page.clock.run_for(5000)
    assert_after(it, 4)
    assert it.page.get_by_label("Play (space)").count() == 1


def test_a_message_under_way_is_told_from_one_that_was_taken(opened: Open, late: str) -> None:
    it = opened(late)
    join = it.page.locator(".chart .arrow", has_text="join")
    flying = []
    for _ in range(5):
        flying.append("flying" in (join.get_attribute("class") or ""))
        it.page.keyboard.press("ArrowRight")
    assert flying == [False, True, True, True, False]


# -- much ----------------------------------------------------------------------------------------------------------


def many_states(number: int) -> str:
    """A ring of states that a server goes round in, at each message of its client, and an end."""
    names = [f"state_{place}" for place in range(number)]
    rows = [
        f"      - {{trigger: next, source: {here}, dest: {there}, handler: work, send: again}}"
        for here, there in zip(names, [*names[1:], "done"], strict=True)
    ]
    return "\n".join(
        [
            "protoflow: 1\nname: many\nmessages:",
            "  next: {from: client, to: server}\n  again: {from: server, to: client}",
            "roles:\n  server:\n    states:",
            *(f"      {name}:" for name in names),
            "      done: {final: true}\n    transitions:",
            *rows,
            "  client:\n    states: {talking: {final: true}}\n    transitions:",
            "      - {trigger: start, source: talking, send: next}",
            "      - {trigger: again, source: talking, handler: more, send: maybe next}\n",
        ]
    )


def test_fifty_states(opened: Open) -> None:
    report = checked(many_states(50))
    assert report.protocol is not None
    it = opened(page(report))
    assert it.page.locator("#machines .node a").count() >= 52
    it.page.locator('#machines a[*|href="#state:server:state_49"]').click()
    assert it.marked("touched") == {"row:server:48", "row:server:49", "role:server"}
    picture = it.page.locator("#machines .picture")
    before = picture.evaluate("each => each.querySelector('svg').getBoundingClientRect().width")
    it.page.locator("#machines .zoom button", has_text="fit").click()
    fitted = picture.evaluate("each => [each.querySelector('svg').getBoundingClientRect().width, each.clientWidth]")
    assert fitted[0] <= fitted[1]
    assert fitted[0] <= before


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (1000, 500), (1700, 700), (400, 800)])
@pytest.mark.parametrize("panel", ["#machines", "#messages"])
def test_what_fits_has_no_scroll_bar(opened: Open, late: str, panel: str, width: int, height: int) -> None:
    """Whatever its size was before; and it could not be much larger."""
    it = opened(late, width=width, height=height)
    picture = it.page.locator(f"{panel} .picture")
    for before in ([], ["larger"] * 4, ["smaller"] * 4):
        for label in (*before, "fit to the panel"):
            it.page.locator(f"{panel} .zoom").get_by_label(label).click()
        assert picture.evaluate(
            """each => [each.scrollWidth - each.clientWidth, each.offsetWidth - each.clientWidth,
                each.scrollHeight - each.clientHeight, each.offsetHeight - each.clientHeight]"""
        ) == [0, 0, 0, 0]
    it.page.locator(f"{panel} .zoom").get_by_label("larger").click()
    assert picture.evaluate(
        "each => each.offsetWidth - each.clientWidth || each.offsetHeight - each.clientHeight || "
        "each.querySelector('svg').viewBox.baseVal.width * 4 / 3 < each.clientWidth"
    )


def test_ten_thousand_steps(opened: Open) -> None:
    """Only what is seen of the chart is in the page."""
    steps = [Step(StepKind.START, "client1", state_before="starting", state_after="idle")]
    steps += [
        Step(StepKind.DELIVER, "server", message="join", sender="client1", state_before=a, state_after=b, row=0)
        for a, b in [("joining", "training"), ("training", "joining")] * 5_000
    ][:9_999]
    report = validate("fedavg_deadline")
    it = opened(page(report, [Run("run.jsonl", steps, {"server": 1, "client": 1})]))
    whole = it.elements()
    assert (
        it.page.evaluate("data => JSON.parse(document.getElementById('data').textContent).runs[0].events.length")
        > 9_999
    )
    seen = set()
    for key in ("End", "ArrowLeft", "Home", "ArrowRight"):
        it.page.keyboard.press(key)
        seen.add(it.count)
        assert it.elements() < whole + 300
    assert seen == {"10000 / 10000", "9999 / 10000", "0 / 10000", "1 / 10000"}
    it.page.get_by_label("Step", exact=True).fill("5001")
    assert it.page.locator(".chart .note.now").count() == 1
    chart = it.page.locator(".chart")
    chart.evaluate("each => each.scrollTop = each.scrollHeight")
    it.page.wait_for_function("() => !document.querySelector('.chart .note.now')")
    assert it.elements() < whole + 300


# -- malice, and those who see it otherwise ------------------------------------------------------------------------

NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(2)>${alert(3)}&lt;b&gt; `code`"


def test_nothing_that_a_file_says_becomes_part_of_the_page(opened: Open) -> None:
    text = BROKEN["join_not_handled_while_training"].replace(
        "summary: Federated averaging that waits for every update, but only so long.", f"summary: {json.dumps(NASTY)}"
    )
    assert NASTY.split("`")[0] in text
    text = text.replace("  join:   {from: client", f"  join:   {{summary: {json.dumps(NASTY)}, from: client")
    report = checked(text, '"><script>alert(4)</script>.yaml')
    run = Run(f"{NASTY}.jsonl", report.shown[0].trace, report.shown[0].participants)
    it = opened(page(report, [run]))
    assert it.page.locator("script").count() == 2
    assert it.page.locator("img").count() == 0
    assert it.page.locator(".summary").inner_text() == NASTY
    assert it.page.locator("#player option").all_inner_texts() == ["1 PF201", f"{NASTY}.jsonl"]


def test_the_policy_lets_only_the_own_script_run(opened: Open, late: str) -> None:
    assert re.search(r"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/=]{44}'", late)
    it = opened(late.replace("<footer>", "<script>document.title = 'taken'</script><footer>"))
    assert it.page.title() == "fedavg_deadline – protoflow"
    (complaint,) = it.complaints
    assert "Content Security Policy" in complaint
    it.complaints.clear()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read_by_everybody(opened: Open, late: str, dark: bool) -> None:
    """Axe finds nothing wrong: contrast, names of controls, order of headings."""
    it = opened(late, dark=dark, at="#state:server:training")
    it.page.keyboard.press("End")
    colour = it.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")
    found = Axe().run(it.page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_it_fits_on_a_phone(opened: Open, late: str) -> None:
    it = opened(late, width=400)
    assert it.page.evaluate("() => document.documentElement.scrollWidth") <= 400
