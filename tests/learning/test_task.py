"""The loss and the score that follow from the labels, against scikit-learn's."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from protoflow.learning import training
from protoflow.learning.data import Examples
from protoflow.learning.model import make

NUMBERS = st.lists(st.tuples(st.floats(-100, 100, width=32), st.floats(-100, 100, width=32)), min_size=2, max_size=20)


class Answers(torch.nn.Module):
    """Gives its inputs back."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs


@settings(deadline=None)
@given(NUMBERS, st.booleans())
def test_values_are_scored_as_by_scikit_learn(pairs, in_a_column):
    given, wanted = torch.tensor(pairs).T
    score = training.test(Answers(), Examples(given.reshape(-1, 1) if in_a_column else given, wanted))
    assert (score.samples, score.name) == (len(pairs), "r2")
    assert score.loss == pytest.approx(metrics.mean_squared_error(wanted, given), rel=1e-4, abs=1e-4)
    if wanted.double().std(correction=0) > 1e-2:
        assert score.value == pytest.approx(metrics.r2_score(wanted, given), rel=1e-3, abs=1e-3)


def test_values_that_are_all_the_same():
    for answers, expected in (([2.0, 2.0], 1), ([2.0, 3.0], 0), ([2.0], 1)):
        score = training.test(Answers(), Examples(torch.tensor(answers), torch.full((len(answers),), 2.0)))
        assert score.value == expected


def test_what_is_logged_has_the_name_of_the_score():
    classes = training.test(Answers(), Examples(torch.eye(3), torch.tensor([0, 1, 1])))
    assert classes.metrics == {"accuracy": pytest.approx(2 / 3), "loss": pytest.approx(0.8847, abs=1e-3)}
    values = training.test(Answers(), Examples(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 2.0])))
    assert values.metrics == {"r2": -1.0, "loss": 0.5}


def test_a_linear_model_finds_the_line():
    inputs = torch.rand(200, 3, generator=torch.Generator().manual_seed(0))
    examples = Examples(inputs, inputs @ torch.tensor([1.0, -2.0, 3.0]) + 0.5)
    model = make("linear", 3, 1, seed=0)
    training.train(model, examples, epochs=60, batch_size=10, learning_rate=0.3, seed=0)
    assert training.test(model, examples).value > 0.999
    torch.testing.assert_close(model[1].weight.detach(), torch.tensor([[1.0, -2.0, 3.0]]), atol=0.02, rtol=0)
