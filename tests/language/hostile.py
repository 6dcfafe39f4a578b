"""Files of 1 MiB that try to cost more than they should: name -> text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20
HEAD = "protoflow: 1\nname: hostile\n"


def _fill(unit: str, head: str = "", tail: str = "") -> str:
    return head + unit * ((MIB - len(head) - len(tail)) // len(unit)) + tail


def _numbered(unit: Callable[[int], str], head: str = "", tail: str = "", most: int = MIB) -> str:
    """`most` keeps a text below the limit of values; comments then fill it up."""
    parts, size, number = [head], len(head) + len(tail), 0
    while size < MIB - 200 and number < most:
        parts.append(unit(number))
        size += len(parts[-1])
        number += 1
    return "".join((*parts, tail, "#" * (MIB - size - 2), "\n"))


ROLE = f"{HEAD}roles:\n  server:\n    states: {{a: , b: {{final: true}}}}\n"
ROWS = f"{ROLE}    transitions:\n"
ANCHORS = "".join(f"x{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10) if n else 'x'}]\n" for n in range(30))

TEXTS: dict[str, str] = {
    "open brackets": _fill("["),
    "open braces": _fill("{"),
    "brackets": "[" * (MIB // 2) + "]" * (MIB // 2),
    "nested lists": _fill("- "),
    "complex keys": _fill("? "),
    "nested by indentation": _numbered(lambda n: " " * n + f"k{n}:\n", most=1400),
    "commas": _fill(",", "["),
    "colons": _fill(":"),
    "many empty lists": _fill("[],", "[", "]"),
    "many numbers": _fill("1,", "[", "]"),
    "one long word": _fill("a"),
    "one long number": _fill("9", f"{HEAD}parameters:\n  rounds: "),
    "one long name": _fill("a", f"{HEAD}summary: x\n"),
    "a long key": _fill("k", HEAD, ": 1\n"),
    "a long quoted text": _fill("x", f'{HEAD}summary: "', '"\n'),
    "a long quoted text of escapes": _fill("\\u0041", f'{HEAD}summary: "', '"\n'),
    "open quotes": _fill('"'),
    "comments": _fill("# protoflow: ignore[PF105]\n"),
    "silences in a text": _fill("  # protoflow: ignore[PF105]\n", f"{HEAD}summary: |\n"),
    "silences beside values": _numbered(lambda n: f"k{n}: 1 # protoflow: ignore[PF105]\n", HEAD, most=20_000),
    "line breaks": _fill("\n"),
    "blanks": _fill(" "),
    "tabs": _fill("\t"),
    "documents": _fill("---\n"),
    "anchors": _numbered(lambda n: f"- &a{n} x\n"),
    "aliases": _fill("- *a\n", "- &a x\n"),
    "alias bomb": HEAD + ANCHORS,
    "alias bomb of mappings": HEAD
    + "".join(
        f"x{n}: &a{n} {{{', '.join(f'k{k}: *a{n - 1}' for k in range(10)) if n else 'x: y'}}}\n" for n in range(30)
    ),
    "tags": _fill("!!python/name:os.system x\n"),
    "unknown keys": _numbered(lambda n: f"key{n}: 1\n", HEAD, most=24_000),
    "misspelt keys": _numbered(lambda n: f"mesage{n}: 1\n", HEAD, most=24_000),
    "the same key": _numbered(lambda _: "name: x\n", HEAD, most=20_000),
    "messages from nobody": _numbered(
        lambda n: f"  m{n}: {{from: a{n}, to: b{n}}}\n", f"{HEAD}messages:\n", most=8_000
    ),
    "states": _numbered(lambda n: f"      s{n}:\n", f"{HEAD}roles:\n  server:\n    states:\n", most=20_000),
    "rows": _numbered(lambda _: "      - {trigger: start, source: a, dest: b}\n", ROWS, most=7_000),
    "unknown states": _numbered(lambda n: f"      - {{trigger: start, source: a{n}, dest: b{n}}}\n", ROWS, most=7_000),
    "the same unknown state": _numbered(lambda _: "      - {trigger: start, source: c}\n", ROWS, most=9_000),
    "unknown states near known ones": _numbered(
        lambda n: f"      - {{trigger: start, source: state_{n}x}}\n",
        f"{HEAD}roles:\n  server:\n    states: [{', '.join(f'state_{n}' for n in range(20000))}]\n    transitions:\n",
        most=5_000,
    ),
    "rows of many states": _numbered(
        lambda _: "      - {trigger: *t, source: *s}\n",
        f"{HEAD}roles:\n  server:\n    states: &s [{', '.join(f's{n}' for n in range(500))}]\n"
        f"    events: {{{', '.join(f't{n}: {{raised: true}}' for n in range(500))}}}\n"
        f"    remove: &t [{', '.join(f't{n}' for n in range(500))}]\n    transitions:\n",
        most=40,
    ),
    "replacing rows of many states": _numbered(
        lambda n: f"      - {{trigger: t{n}, source: '*'}}\n",
        f"{HEAD}extends: hello\nroles:\n  server:\n    states: [{', '.join(f's{n}' for n in range(5000))}]\n"
        f"    events: {{{', '.join(f't{n}: {{raised: true}}' for n in range(4000))}}}\n    transitions:\n",
        most=4_000,
    ),
    "one row of many states and triggers": (
        f"{HEAD}roles:\n  server:\n    states: [{', '.join(f's{n}' for n in range(10000))}]\n"
        f"    events: {{{', '.join(f't{n}: {{raised: true}}' for n in range(7000))}}}\n"
        f"    transitions: [{{trigger: [{', '.join(f't{n}' for n in range(7000))}], source: '*'}}]\n"
    ),
    "many sends": (
        f"{HEAD}messages: {{{', '.join(f'm{n}: {{from: server, to: server}}' for n in range(6000))}}}\n"
        f"roles:\n  server:\n    states: [a]\n    transitions:\n"
        f"      - {{trigger: start, source: a, send: [{', '.join(f'm{n}' for n in range(6000))}]}}\n"
    ),
    "many roles": _numbered(
        lambda n: f"  r{n}: {{states: [a], events: {{e{n}: {{raised: true}}}}}}\n",
        f"{HEAD}messages: {{{', '.join(f'm{n}: {{from: r0, to: r1}}' for n in range(3000))}}}\nroles:\n",
        most=2_500,
    ),
    "inverse links": _numbered(
        lambda n: f"  k{n}: {{inverse: k{n + 1}}}\n",
        f"{ROLE}links:\n",
        "  last: {from: server, to: server, shape: ring}\n",
        most=9_000,
    ),
    "bases": _numbered(lambda n: f"  - ./b{n}.yaml\n", f"{HEAD}extends:\n", most=40_000),
    "a type of many words": _fill("list of ", f"{HEAD}messages:\n  m: {{from: a, to: a, payload: {{x: ", "int}}\n"),
    "parameters": _numbered(lambda n: f"  p{n}: 9{n}.5%\n", f"{HEAD}parameters:\n", most=20_000),
    "exponents": _fill("- 1e999999999\n", f"{HEAD}parameters:\n  rounds:\n"),
    "byte order marks": "\ufeff" * (MIB // 3),
    "zero bytes": _fill("\x00"),
    "wide characters": "\U0001f600" * (MIB // 4),
    "percent": _fill("%YAML 1.1\n"),
}
