"""Models to start from: a function of features and classes, and a seed that fixes the first weights."""

from __future__ import annotations

from protoflow.learning.backend import torch

HIDDEN = 64
"""Units of the hidden layer."""


def mlp(features: int, classes: int, seed: int) -> torch.nn.Module:
    """One hidden layer of 64 rectified units; logits out. The global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(features, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, classes))
