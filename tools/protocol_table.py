"""The table of shipped protocols: docs/protocols.md, and protocols/table.json, which `protoflow list` reads.

python tools/protocol_table.py    write both anew (make tables); a minute, as every protocol is checked
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from protoflow.checks import Report, validate
from protoflow.checks.composition import Options
from protoflow.language import shipped
from protoflow.program import compile_protocol

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "protocols.md"
TABLE = ROOT / "protocols" / "table.json"

FAMILIES = {
    "To begin with": ("hello", "fedavg", "gradient_exchange"),
    "Who takes part": (
        *("fedavg_admission", "fedavg_deadline", "fedavg_cross_device", "fedavg_elastic", "power_of_choice"),
    ),
    "Other optimisers": ("fedprox", "fedopt", "scaffold"),
    "Asynchronous": ("fedbuff", "fedasync"),
    "Models of one's own": ("ditto", "pfedme", "fedrep", "gcfl_plus"),
    "Hyperparameters": ("fedex", "pfedhpo", "fts"),
    "Other things than weights": ("distillation", "one_shot", "fedgc", "atc", "fedsage_plus"),
    "Evaluation and analytics": ("federated_evaluation", "federated_analytics"),
    "Nobody sees an update": ("secure_averaging", "secure_aggregation", "secret_sharing"),
    "Without one server": ("hierarchical", "cyclic", "ring", "gossip", "swarm"),
    "Features in different hands": (
        *("split_learning", "vertical_lr", "vertical_trees", "vertical_trees_encrypted"),
        *("iv_filter", "correlation_filter", "instance_norm"),
    ),
}
"""In which order and under which headings they are shown."""

TALK = "many talk to each other"
ENDLESS = "a handler may go on for ever; all but that it can still end is proved"
EXPLORED = {
    "secret_sharing": ((2, 4), TALK),
    "hierarchical": ((1, 3), TALK),
    "cyclic": ((1, 4), TALK),
    "ring": ((2, 4), TALK),
    "gossip": ((2, 4), TALK),
    "swarm": ((2, 4), TALK),
    "split_learning": ((1, 8), ENDLESS),
    "vertical_trees": ((1, 4), ENDLESS),
    "vertical_trees_encrypted": ((1, 2), TALK),
    "instance_norm": ((2, 4), TALK),
}
"""What is not proved for every number: for which it is explored here, and why."""


def checked(name: str) -> Report:
    """All numbers where that is proved, else those of `EXPLORED`."""
    sizes = EXPLORED[name][0] if name in EXPLORED else None
    return validate(name, composition=Options(everyone=sizes, seconds=600, cache=False))


def entry(name: str, report: Report) -> dict[str, Any]:
    """What is said of a protocol that is clean."""
    assert report.ok(strict=True), name
    assert report.verdict is not None
    assert report.protocol is not None
    protocol = report.protocol
    why = f"; {EXPLORED[name][1]}" if name in EXPLORED else ""
    return {
        "family": next(family for family, names in FAMILIES.items() if name in names),
        "name": name,
        "summary": protocol.summary,
        "roles": [role if each.single else f"{role} × N" for role, each in compile_protocol(protocol).roles.items()],
        "messages": len(protocol.messages),
        "verdict": f"{report.verdict.status} for {report.verdict.holds_for.partition(' with ')[0]}{why}",
        "learns": learns(name),
        "source": protocol.source,
    }


NO_MODEL = ("hello", "secure_aggregation")
"""Those that run and train nothing: one says hello, the other adds vectors up."""


def learns(name: str) -> bool:
    """Every role has a class that fits it, and a model is trained."""
    report = validate(name, handlers=True, composition=False)
    protocol = report.protocol
    assert protocol is not None
    return report.ok(strict=True) and all(role.cls for role in protocol.roles.values()) and name not in NO_MODEL


HEAD = """\
# The protocols

What `protoflow list` shows. The verdict is how far `protoflow validate` decides that nothing is wrong, under the
`assumptions` of the file: which crashes it stands, and how many timers that elapse early. For one that *learns*, the
classes in `protoflow.learning` have all that it calls, and `protoflow run` trains it; `hello` and `secure_aggregation`
run too, and train nothing. The others name what is to be written, and `protoflow new my_course --from NAME` writes its
stubs. [The gallery](gallery.md) has the pictures; `make tables` writes this page anew.

FederatedScope's families of workers are all here. Those that differ in a trainer or an aggregator alone have no
messages or phases of their own, and need no file: FedEM, FedBN, MAML, robust aggregation, attacks on any of them, local
and global training. Compression and differential privacy are [parameters of most of these
courses](learning.md#smaller-updates).
"""


def page(entries: list[dict[str, Any]]) -> str:
    """The text of docs/protocols.md."""
    parts = [HEAD]
    for family in FAMILIES:
        rows = [
            f"| [{each['name']}](../protocols/{each['name']}.yaml) | {each['summary']} | {', '.join(each['roles'])} "
            f"| {each['messages']} | {each['verdict']} | {'yes' if each['learns'] else ''} | {each['source']} |"
            for each in entries
            if each["family"] == family
        ]
        head = "| protocol | what it is | roles | messages | verdict | learns | source |\n|---|---|---|---|---|---|---|"
        parts.append(f"## {family}\n\n{head}\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def stored() -> list[dict[str, Any]]:
    """The entries as they were written last."""
    entries: list[dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return entries


def main() -> None:
    names = [name for family in FAMILIES.values() for name in family]
    assert sorted(names) == sorted(shipped())
    entries = [entry(name, checked(name)) for name in names]
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in entries)
    TABLE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    PAGE.write_text(page(entries), encoding="utf-8")


if __name__ == "__main__":
    main()
