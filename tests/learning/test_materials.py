"""What participants are given to learn from."""

import subprocess
import sys

import torch

from protoflow.learning import training
from protoflow.learning.materials import Materials


def test_learners_divide_the_training_set():
    given = Materials("digits", "dirichlet:0.5", seed=1)
    shards = [given.shard(index, 7) for index in range(1, 8)]
    together = torch.cat([shard.inputs for shard in shards])
    assert sorted(map(tuple, together.tolist())) == sorted(map(tuple, given.dataset.train.inputs.tolist()))
    assert torch.equal(given.test_set().labels, given.dataset.test.labels)


def test_all_begin_with_the_same_model_of_their_own():
    given = Materials("digits", "iid", seed=1)
    first, second, other = given.model(), given.model(), Materials("digits", "iid", seed=2).model()
    assert first is not second
    for name, tensor in training.weights_of(first).items():
        assert torch.equal(tensor, second.state_dict()[name])
        assert not torch.equal(tensor, other.state_dict()[name])


def test_nothing_is_loaded_before_it_is_asked_for():
    code = (
        "import sys; from protoflow.learning.materials import Materials; Materials('digits', 'iid', 0); "
        "print({'torch', 'numpy', 'sklearn'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "set()\n"
