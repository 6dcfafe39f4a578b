"""The exported model in two encodings of the channels, and what SPIN makes of it.

`protoflow export` gives every ordered pair of participants a channel. For a comparison that is fair to SPIN, the bench
writes the channels of a star (one server, clients that talk to it alone) in two closer ways, and changes nothing else:

- *per-client channels*: one from the server to each client and one back. What is received, in which order, is the same;
  the pairs that never talk take no memory.
- *one mailbox*: a queue for each receiver, in the order of arrival, each message with its sender. It fixes an order
  among senders that channels leave open, so it is no choice that `export` could offer. In a fifo star in which no step
  sends two messages to one receiver, and nothing is deferred, it makes no difference to what can go wrong: a client's
  step that sends can be put off until just before the server takes what it sent. `mailbox` refuses other courses.

Both replace text of the model; a text that is not as expected is an error, never a model that says something else. A
channel that is full fails an assertion, so that no search is cut short in silence.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.exports.promela import export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protoflow.program import Program

DEPTH = 200_000
"""Steps of the longest run that SPIN can follow."""

FLAGS = ("-DSAFETY", "-DVECTORSZ=8192")
"""Its own partial-order reduction is on: no -DNOREDUCE."""


CLEAN, UNHANDLED, DEADLOCK = "clean", "PF201 or PF205", "PF202"
"""What a finished search may come to; a message that is late fails an assertion as one that is unhandled does."""


class NotAStarError(Exception):
    """A course that these encodings do not fit."""


def per_client(program: Program, clients: int, capacity: int) -> str:
    """A channel for each client and direction, of `capacity` messages."""
    model, people = _export(program, clients, capacity), clients + 1
    model = _once(model, rf"chan channel\[{people * people}\]", f"chan channel[{2 * people}]")
    # The server is 0. Channel 0 is for the pairs that never talk, and always empty.
    number = "((i) == 0 -> (j) : ((j) == 0 -> P + (i) : 0))"
    return _once(model, r"#define CH\(i, j\) .*", f"#define CH(i, j) channel[{number}]")


def mailbox(program: Program, clients: int, capacity: int) -> str:
    """A queue for each receiver: of `capacity` messages for a client, and as many times that as there are clients for
    the server.
    """
    if any(len(row.sends) > 1 for table in program.roles.values() for row in table.all_rows()):
        raise NotAStarError(
            "with one mailbox, a step that sends two messages to one receiver would mean something else"
        )
    model = _export(program, clients, capacity)
    fields = "of { byte, mtype, bit, bit }"
    boxes = [f"chan large = [{capacity * clients}] {fields};", f"chan small[P] = [{capacity}] {fields};"]
    model = _once(model, r"chan channel\[.*", "\n".join([*boxes, "chan box[P]; /* of the server, of each client */"]))
    model = _once(model, r"#define CH\(i, j\) .*\n", "")
    fill = ["box[0] = large;", *(f"box[{n}] = small[{n}];" for n in range(1, clients + 1))]
    model = _once(model, r"init \{\n  atomic \{", "\\g<0>\n    " + " ".join(fill))
    # post: appended with the sender's number
    limit = f"(receiver == 0 -> {capacity * clients} : {capacity})"
    model = model.replace(f"len(CH(sender, receiver)) >= {capacity}", f"len(box[receiver]) >= {limit}")
    model = model.replace(f"assert(len(CH(sender, receiver)) < {capacity})", f"assert(len(box[receiver]) < {limit})")
    model = model.replace("CH(sender, receiver) ! what,", "box[receiver] ! sender, what,")
    # deliver: the head of the queue, whoever it is from
    head = r"nempty\(CH\((\d+), me\)\) -> from = \1; CH\(\1, me\) \? m,"
    model = re.sub(head, r"box[me] ? [\1, _, _, _] -> box[me] ? from, m,", model)
    # a new round: once round each queue that has something of it; `k` is the sender
    rename = r"if :: (.*) -> ([ab]) = 0 :: else fi"
    out = rf"CH\(me, i\) \? other, a, b;\s+{rename}; CH\(me, i\) ! other, a, b"
    model = re.sub(
        out, r"box[i] ? k, other, a, b; if :: k == me && (\1) -> \2 = 0 :: else fi; box[i] ! k, other, a, b", model
    )
    model = model.replace("n = len(CH(me, i));", "n = (i == me -> 0 : len(box[i]));")
    back = rf"CH\(i, me\) \? other, a, b;\s+({rename}); CH\(i, me\) ! other, a, b"
    model = re.sub(back, r"box[me] ? k, other, a, b; \1; box[me] ! k, other, a, b", model)
    model = model.replace("n = len(CH(i, me));", "n = (i == me -> len(box[me]) : 0); /* all senders at once */")
    # crash: what is sent to it vanishes
    drain = "do :: nempty(CH(i, me)) -> CH(i, me) ? other, a, b :: empty(CH(i, me)) -> break od;"
    model = model.replace(drain, drain.replace("CH(i, me)", "box[me]").replace("? other", "? k, other"))
    if "CH(" in model:
        raise NotAStarError(
            "with one mailbox, messages that are lost, deferred, repeated or unordered cannot be written"
        )
    return model


ENCODINGS: dict[str, Callable[[Program, int, int], str]] = {"per-client channels": per_client, "one mailbox": mailbox}


def _export(program: Program, clients: int, capacity: int) -> str:
    """The exported model, in which a full channel fails an assertion. Raises NotAStarError."""
    server, *others = program.roles.values()
    talk = [(set(message.senders), set(message.receivers)) for message in program.protocol.messages.values()]
    roles = [{server.name}, {table.name for table in others}]
    if (
        len(others) != 1
        or not server.single
        or others[0].single
        or any([a, b] not in (roles, roles[::-1]) for a, b in talk)
    ):
        raise NotAStarError("only courses of one server, named first, and one role of clients that talk to it alone")
    model = export(program, {server.name: 1, others[0].name: clients}, capacity)
    full = f"len(CH(sender, receiver)) >= {capacity} -> "
    return _once(model, re.escape(f"{full}cut = 1"), f"{full}assert(len(CH(sender, receiver)) < {capacity})")


def _once(model: str, pattern: str, text: str) -> str:
    changed, times = re.subn(pattern, text, model)
    if times != 1:
        raise AssertionError(f"`{pattern}` stands {times} times in the exported model")
    return changed


@dataclass(frozen=True, slots=True)
class Search:
    """What a search came to. `outcome`: clean, the kind of the first error, or why the search was not finished;
    `states` are those seen until then.

    `seconds` are those of the search alone, without writing and compiling it; `memory` in MiB, as SPIN counts it.
    """

    outcome: str
    states: int
    seconds: float
    memory: float

    @property
    def finished(self) -> bool:
        return self.outcome in (CLEAN, UNHANDLED, DEADLOCK)


def search(model: str, folder: Path, seconds: float, memory: int, optimise: str = "-O2") -> Search:
    """Let SPIN look for unhandled (PF201) and late messages (PF205) and deadlocks (PF202), within MiB of memory."""
    (folder / "model.pml").write_text(model, encoding="utf-8")
    _run(["spin", "-DLATE", "-a", "model.pml"], folder)
    _run(["gcc", "-w", optimise, *FLAGS, f"-DMEMLIM={memory}", "-o", "pan", "pan.c"], folder)
    started = time.perf_counter()
    process = subprocess.Popen(["./pan", f"-m{DEPTH}"], cwd=folder, stdout=subprocess.PIPE, text=True)
    late = ""
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        late = "out of time"
        process.send_signal(signal.SIGINT)  # it then says how far it came
        output, _ = process.communicate()
    taken = time.perf_counter() - started
    states = re.search(r"(\d+) states, stored", output)
    used = re.search(r"([\d.]+)\s+total actual memory usage", output)
    if states is None or used is None:
        raise AssertionError(f"pan printed no result:\n{output[:2000]}")
    return Search(late or _outcome(output), int(states[1]), taken, float(used[1]))


def _outcome(output: str) -> str:
    if re.search(r"assertion violated \(q_len\(", output):
        return "a channel is full (see --capacity)"
    if "max search depth too small" in output:
        return "out of depth"
    if "assertion violated" in output:
        return UNHANDLED
    if "invalid end state (at" in output:
        return DEADLOCK
    if "reached -DMEMLIM bound" in output or "out of memory" in output:
        return "out of memory"
    if "Search not completed" in output or "errors: 0" not in output:
        raise AssertionError(f"pan did not say why it ended:\n{output[:2000]}")
    return CLEAN


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
