"""Selectors that a course may name in place of `cohort`: who they draw, how often, and how many."""

from collections import Counter

import pytest

from protoflow.errors import HandlerError
from protoflow.learning.materials import Materials
from protoflow.learning.sampler import drawn_by_size
from protoflow.runtime import Course, Result

FILE = """\
protoflow: 1
name: sampled
extends: fedavg
roles:
  server:
    transitions:
      - {{trigger: all_measured, source: evaluating, dest: training, handler: start_round, send: {{model: {selector}}}, unless: converged, times: rounds}}
      - {{trigger: all_measured, source: evaluating, dest: finished, handler: finish, send: {{finish: all}}}}
"""  # noqa: E501


def sampled(folder, selector: str, clients: int, partition: str = "iid", **parameters: object) -> Result:
    path = folder / "sampled.yaml"
    path.write_text(FILE.format(selector=selector))
    settings = {"rounds": 6, "local_epochs": 1, "stop_after": 99, **parameters}
    given = Materials("wine", partition, 0, "linear")
    return Course.build(path, {"client": clients}, settings, setting=given.equip, seed=0).run(seed=0)


def cohorts(result: Result) -> list[tuple[str, ...]]:
    return [sent.to for step in result.trace for sent in step.sends if sent.message == "model"]


@pytest.mark.parametrize("selector", ["cohort", "by_size", "by_loss", "in_turn"])
def test_as_many_as_the_fraction_says_and_nobody_twice(tmp_path, selector):
    result = sampled(tmp_path, selector, clients=7, fraction="40%")
    assert result.outcome == "complete"
    assert [(len(each), len(set(each))) for each in cohorts(result)] == [(3, 3)] * 6


def test_in_turn_everybody_trains_as_often_as_everybody(tmp_path):
    drawn = cohorts(sampled(tmp_path, "in_turn", clients=4, fraction="50%"))
    assert Counter(client for each in drawn for client in each) == {f"client{n}": 3 for n in range(1, 5)}
    assert drawn[:2] == [("client1", "client2"), ("client3", "client4")]


def test_by_size_the_first_is_drawn_in_proportion():
    """Of 4,000 draws of one, within five standard errors of the share."""
    samples = {"a": 10, "b": 30, "c": 60}
    counts = Counter(drawn_by_size(list(samples), samples, 1, seed)[0] for seed in range(4000))
    for client, many in samples.items():
        share = many / 100
        assert counts[client] / 4000 == pytest.approx(share, abs=5 * (share * (1 - share) / 4000) ** 0.5)


def test_by_loss_those_who_have_most_to_learn_come_first(tmp_path):
    """With half of the clients, twice as many are all: the cohort is the half that measured the highest losses."""
    result = sampled(tmp_path, "by_loss", clients=6, fraction="50%", partition="shards:1")
    losses: dict[str, float] = {}
    expected = []
    for step in result.trace:
        if step.trigger == "evaluate":
            losses[step.receiver] = step.metrics["loss"]
        if any(sent.message == "model" for sent in step.sends):
            expected.append(set(sorted(losses, key=losses.__getitem__)[3:]))
    assert [set(each) for each in cohorts(result)] == expected
    assert len({frozenset(each) for each in expected}) > 1


def test_only_a_random_cohort_counts_as_sampling(tmp_path):
    private = {"clients": 4, "fraction": "50%", "clip_norm": 1.0, "noise_multiplier": 2.0, "rounds": 1}
    told = {
        selector: next(each.values["epsilon"] for each in result.metrics if "epsilon" in each.values)
        for selector in ("cohort", "by_size", "in_turn")
        for result in [sampled(tmp_path, selector, **private)]
    }
    assert told["cohort"] < told["by_size"] == told["in_turn"]
    with pytest.raises(HandlerError, match="`by_loss` does not go with `noise_multiplier`"):
        sampled(tmp_path, "by_loss", **private)
