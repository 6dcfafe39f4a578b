"""What users name as `package.module:callable`: found, called, and what went wrong said."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError
from protoflow.learning.backend import numpy
from protoflow.learning.training import seeded
from protoflow.runtime.behaviour import import_class

if TYPE_CHECKING:
    from collections.abc import Iterator


def called(source: str, kind: str, form: str, *arguments: object, seed: int = 0) -> Any:
    """What the callable returns. `kind` says what it is for, `form` how it is called; both are for messages.

    Inside, the global random states of Python, numpy and torch begin at `seed`; they are put back after. Raises
    UsageError where it cannot be had or fails.
    """
    try:
        function = import_class(source)
    except Exception as error:
        raise UsageError(f"--{kind} {source} cannot be imported: {error}") from error
    if not callable(function):
        raise UsageError(f"--{kind} {source} is a {type(function).__name__}; it should be a function, called as {form}")
    try:
        with seeded(seed), _python_and_numpy(seed):
            return function(*arguments)
    except Exception as error:
        raise UsageError(f"--{kind} {source}, called as {form}, failed: {type(error).__name__}: {error}") from error


@contextmanager
def _python_and_numpy(seed: int) -> Iterator[None]:
    states = random.getstate(), numpy.random.get_state()
    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(states[0])
        numpy.random.set_state(states[1])
