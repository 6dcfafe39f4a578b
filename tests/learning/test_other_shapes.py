"""Courses of other shapes than a server and its clients learn what they should, on the digits."""

import pytest
import torch

from protoflow.errors import UsageError
from protoflow.learning import split, training
from protoflow.runtime import Course, Result
from tests.learning.courses import materials

HALF = "dirichlet:0.5"


def played(protocol: str, counts: dict[str, int], partition: str = HALF, **parameters: object) -> tuple[Course, Result]:
    course = Course.build(protocol, counts, parameters, setting=materials("digits", partition, 0).equip, seed=0)
    result = course.run(seed=0)
    assert result.outcome == "complete"
    return course, result


def scores(result: Result, name: str = "accuracy") -> list[float]:
    """What was logged for each round."""
    return [logged.values[name] for logged in result.metrics if "round" in logged.values]


def models(course: Course, role: str) -> list[torch.nn.Module]:
    return [each.model for each in course._participants[role]]


def spread(some: list[torch.nn.Module]) -> float:
    """How far the models are from their mean, on average."""
    flat = torch.stack([torch.cat([tensor.flatten() for tensor in each.state_dict().values()]) for each in some])
    return float((flat - flat.mean(dim=0)).norm(dim=1).mean())


def test_peers_on_a_ring_agree_more_than_they_would_alone():
    course, result = played("gossip", {"peer": 5}, "iid", rounds=6)
    assert scores(result)[-1] > 0.8
    alone = [materials("digits", "iid", 0).model() for _ in range(5)]
    for index, model in enumerate(alone, 1):
        shard, _ = materials("digits", "iid", 0).shard(index, 5).held_out()
        training.train(model, shard, epochs=13, batch_size=16, learning_rate=0.1, seed=index)
    assert spread(models(course, "peer")) < 0.5 * spread(alone)


def test_two_neighbours_and_oneself_make_the_mean():
    """With three peers everybody is everybody's neighbour: after the last mix all have the mean of the same three."""
    course, _ = played("gossip", {"peer": 3}, rounds=1, local_epochs=1)
    assert spread(models(course, "peer")) < 1e-5


def test_on_a_directed_ring():
    _, result = played("ring", {"peer": 4}, "iid", rounds=12)
    assert scores(result)[-1] > 0.8


def test_one_model_goes_round():
    course, result = played("cyclic", {"client": 4}, rounds=4)
    assert scores(result)[0] < 0.2
    assert scores(result)[-1] > 0.7
    assert [client.trainings for client in course._participants["client"]] == [5, 5, 5, 5]


def test_averages_of_averages():
    course, result = played("hierarchical", {"edge": 2, "client": 6}, rounds=8, learning_rate=0.3)
    assert scores(result)[-1] > 0.85
    assert [client.trainings for client in course._participants["client"]] == [18] * 6


def test_one_edge_and_one_round_of_it_is_federated_averaging():
    """The mean of one edge's clients is what its cloud has: their weights, weighed by samples."""
    course, _ = played("hierarchical", {"edge": 1, "client": 3}, rounds=1, edge_rounds=1)
    cloud, clients = models(course, "cloud")[0], models(course, "client")
    for name, tensor in cloud.state_dict().items():
        assert all(torch.equal(client.state_dict()[name], tensor) for client in clients)


def test_leaders_merge_in_turn():
    course, result = played("swarm", {"peer": 4}, "iid", rounds=8)
    assert scores(result)[-1] > 0.8
    assert spread(models(course, "peer")) == 0.0


def test_layers_are_split_and_learn_as_one():
    """With one client, split learning is gradient descent on the whole model: the same batches, the same steps."""
    course, result = played("split_learning", {"client": 1}, "iid", turns=3, learning_rate=0.2)
    server, client = course._participants["server"][0], course._participants["client"][0]
    whole = materials("digits", "iid", 0).model()
    examples = client.training_set
    for turn in range(1, 5):
        generator = torch.Generator().manual_seed(training.derive(client.seed, "client1", turn))
        for places in reversed(torch.split(torch.randperm(len(examples), generator=generator), 16)):
            whole.zero_grad()
            training.loss_of_task(whole, examples.take(places)).backward()
            training.descend(whole, 0.2)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(server.model.state_dict()[name], tensor, rtol=1e-3, atol=1e-4)
    assert scores(result)[-1] > 0.85


def test_several_clients_take_turns():
    course, result = played("split_learning", {"client": 3}, turns=30)
    assert scores(result)[-1] > 0.8
    assert [client.trainings for client in course._participants["client"]] == [11, 10, 10]


@pytest.mark.parametrize("model", [torch.nn.Sequential(torch.nn.Linear(2, 2)), torch.nn.Linear(2, 2)])
def test_what_cannot_be_cut(model):
    with pytest.raises(UsageError, match="at least two layers that have weights"):
        split.cut(model)


def test_the_better_half_votes():
    _, result = played("one_shot", {"client": 5}, local_epochs=20)
    (row,) = [logged.values for logged in result.metrics if "round" in logged.values]
    assert row["models"] == 2
    assert row["accuracy"] > 0.6


def test_clients_learn_from_what_others_say():
    """Of what they have hardly seen, too: each is better at all digits than after as much training alone."""
    skewed = HALF
    course, result = played("distillation", {"client": 4}, skewed, rounds=6)
    given = materials("digits", skewed, 0)
    unseen = given.test_set().take(torch.arange(1, len(given.test_set()), 2))  # the others are the public ones
    together, alone = [], []
    for index, client in enumerate(course._participants["client"], 1):
        together.append(training.test(client.model, unseen).value)
        model = given.model()
        shard, _ = given.shard(index, 4).held_out()
        training.train(model, shard, epochs=8, batch_size=16, learning_rate=0.3, seed=index)
        alone.append(training.test(model, unseen).value)
    assert sum(together) / 4 > sum(alone) / 4 + 0.1
    assert len(scores(result)) == 7


def test_a_model_is_judged_where_the_data_is():
    _, result = played("federated_evaluation", {"client": 8}, "dirichlet:0.2", rounds=4, fraction="50%")
    assert scores(result)[-1] > 0.85
    assert scores(result, "adapted_accuracy")[-1] > scores(result)[-1]


def test_those_with_the_highest_losses_train():
    course, result = played("power_of_choice", {"client": 6}, rounds=5, fraction="34%", candidates=6, quorum="100%")
    server = course._participants["server"][0]
    trained = [sent.to for step in result.trace for sent in step.sends if sent.message == "model"]
    assert all(len(cohort) == 3 for cohort in trained)
    assert set(trained[-1]) == set(sorted(server.losses, key=server.losses.get)[-3:])
    assert scores(result)[-1] > 0.7


def test_personal_models_move_the_global_one():
    """pFedMe: with `mixing` at 0 the global model stays as it was, whatever the clients do."""
    moving, staying = (played("pfedme", {"client": 3}, rounds=2, mixing=mixing)[0] for mixing in (1.0, 0.0))
    first = materials("digits", HALF, 0).model().state_dict()
    after = [course._participants["server"][0].model.state_dict() for course in (moving, staying)]
    assert all(torch.equal(first[name], after[1][name]) for name in first)
    assert not torch.equal(first["1.weight"], after[0]["1.weight"])
