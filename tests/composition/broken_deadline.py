"""The seven mistakes of issue 4 in `fedavg_deadline`, each made alone in the copy of the file that language.md has."""

from __future__ import annotations

from pathlib import Path

CORRECT = Path(__file__).with_name("fedavg_deadline.yaml").read_text()


def _changed(*changes: tuple[str, str]) -> str:
    text = CORRECT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def _line(part: str) -> str:
    return next(line for line in CORRECT.splitlines(keepends=True) if part in line)


BROKEN = {
    "no_timer": _changed(
        (_line("{trigger: time_up,    source: joining, dest: training"), ""),
        (_line("{trigger: time_up,    source: joining, dest: finished"), ""),
        (_line("time_up:      {after: patience}"), ""),
        (_line("patience: 30s"), ""),
        ("[all_received, time_up]", "all_received"),
    ),
    "no_fresh": _changed((" conditions: fresh,", "")),
    "no_ignore": _changed(("{final: true, ignore: [join, update]}", "{final: true}")),
    "five_of_three": _changed(
        ("{received: update, for: model, from: all}", "{received: update, for: model, from: 5}"),
        ("    count: 1..\n", "    count: 3\n"),
        (_line("{trigger: time_up,    source: joining, dest: training"), ""),
        (_line("{trigger: time_up,    source: joining, dest: finished"), ""),
        (_line("time_up:      {after: patience}"), ""),
        (_line("patience: 30s"), ""),
        ("[all_received, time_up]", "all_received"),
        ("  crashes: {client: 1}\n", ""),
    ),
    "no_finish_row": _changed((_line("trigger: finish, source: idle"), "")),
    "no_unless": _changed((_line("unless: somebody_joined"), "")),
    "join_not_handled_while_training": _changed(
        ("source: [joining, training], handler: admit", "source: joining, handler: admit")
    ),
}
