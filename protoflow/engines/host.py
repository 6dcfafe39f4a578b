"""One run in simulation: the world, its clock, its record."""

from __future__ import annotations

import gc
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

from protoflow.assumed import beyond
from protoflow.engines.conditions import Conditions
from protoflow.engines.simulation import Simulation
from protoflow.engines.world import World
from protoflow.errors import CourseError, HandlerError
from protoflow.runtime.result import Logged, Result
from protoflow.trace import End, Header, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from protoflow.ids import Lookup
    from protoflow.protocol import Value
    from protoflow.runtime.directory import Directory
    from protoflow.runtime.interpreter import Interpreter
    from protoflow.trace import Step


def simulate(
    interpreters: Lookup[Interpreter],
    directory: Directory,
    *,
    conditions: Conditions | None,
    seed: int,
    path: Path | None,
    progress: Callable[[Step], None] | None,
    until: float | None,
) -> Result:
    """See `Course.run`. Every step is in the file, whole, before the next is taken, whatever ends the run."""
    conditions = conditions or Conditions()
    conditions.check(directory)
    header = header_of(directory, seed)
    with ExitStack() as stack:
        stack.enter_context(_set_apart())
        stream = stack.enter_context(path.open("w", encoding="utf-8", buffering=1)) if path else None
        recorder = Recorder(stream, progress)
        if stream is not None:
            stream.write(encode(header) + "\n")
        world = World(interpreters, directory, recorder)
        recorder.world = world
        fifo = directory.program.protocol.assumptions.fifo
        simulation = Simulation(world, conditions, seed, fifo=fifo, until=until)
        outcome, message = "", ""
        try:
            outcome = simulation.run()
        except CourseError as error:
            outcome, message = error.outcome, str(error)
            _say_what_was_not_assumed(error, recorder.steps, directory)
            raise
        except HandlerError as error:
            outcome, message = "handler_error", str(error)
            raise
        finally:
            if stream is not None and outcome:
                stream.write(encode(End(outcome, message, world.states.taken, simulation.now)) + "\n")
    return Result(
        outcome,
        header,
        tuple(recorder.steps),
        tuple(recorder.metrics),
        world.states,
        directory.in_order(world.crashed),
        world.messages,
        world.bytes,
        simulation.now,
        tuple(world.warnings),
    )


@contextmanager
def _set_apart() -> Iterator[None]:
    """What is there before the run (all of torch, a thousand models) the garbage collector passes over while it lasts:
    to look through it again and again takes as long as a tenth of the run. Where somebody has done so already, it is
    theirs to undo.
    """
    frozen = gc.get_freeze_count()
    if not frozen:
        gc.freeze()
    try:
        yield
    finally:
        if not frozen:
            gc.unfreeze()


def _say_what_was_not_assumed(error: CourseError, steps: Sequence[Step], directory: Directory) -> None:
    """Of a course that failed where more went wrong from outside than the protocol assumes."""
    program = directory.program
    found = beyond(program.protocol.assumptions, steps, directory.role_of)
    if found is not None:
        from protoflow.language.commands import validating

        what, options = found
        raise CourseError(
            f"{error}\n  the verdict did not cover this run: it assumes {what}\n"
            f"  to check for that: {validating(program.protocol, program.parameters, options)}",
            error.outcome,
        ) from None


def header_of(directory: Directory, seed: int = 0, engine: str = "simulation") -> Header:
    protocol = directory.program.protocol
    return Header(
        protocol=protocol.name,
        digest=protocol.digest,
        participants={role: len(ids) for role, ids in directory.members.items()},
        parameters={name: written(value) for name, value in directory.program.parameters.items()},
        links=directory.links,
        seed=seed,
        engine=engine,
        file=protocol.file,
    )


def written(value: Value) -> int | float | str | bool:
    """A parameter's value as the trace has it: a share as the percentage that it was written as."""
    return f"{float(value * 100):.15g}%" if isinstance(value, Fraction) else value


class Recorder:
    """Keeps every step, writes it, and tells whoever watches."""

    def __init__(self, stream: TextIO | None, progress: Callable[[Step], None] | None) -> None:
        self.steps: list[Step] = []
        self.metrics: list[Logged] = []
        self.world: World
        self._stream = stream
        self._progress = progress

    def __call__(self, step: Step) -> None:
        self.steps.append(step)
        if step.metrics:
            world = self.world
            self.metrics.append(Logged(step.receiver, step.time or 0.0, world.messages, world.bytes, step.metrics))
        if self._stream is not None:
            self._stream.write(encode(step) + "\n")
        if self._progress is not None:
            self._progress(step)
