"""The documentation site: the pages of this folder, and those that are made from the code when it is built.

`make docs` builds it into out/docs. The pages in `generated/` are written anew each time and are in no commit: one for
each code of a finding, from the texts of `protoflow explain`; the commands, from their parsers; the Python API, from
`protoflow.__all__` and what it refers to.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from sphinx.addnodes import desc_signature, pending_xref  # noqa: E402
from sphinx.util.nodes import make_refnode  # noqa: E402

import protoflow  # noqa: E402
import protoflow.testing  # noqa: E402
from protoflow.diagnostics import CODES, CONCEPTS, explanation  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docutils.nodes import Element, document
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "protoflow"
author = "the protoflow authors"
release = version = protoflow.__version__
html_title = f"protoflow {release}"
html_theme = "furo"
html_show_copyright = False
html_copy_source = False
extensions = ["myst_parser", "protoflow.sphinx", "sphinx.ext.autodoc"]
exclude_patterns = ["conf.py"]
myst_heading_anchors = 4
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_mock_imports = ["numpy", "torch"]  # `make docs` does without them
maximum_signature_line_length = 100
python_use_unqualified_type_names = True
default_role = "code"
nitpicky = True
nitpick_ignore_regex = [
    (
        "py:class",
        r"(os\.)?PathLike|Path|(Mapping|Callable|tuple|frozenset|dict)\[.*",
    ),  # Python's own; there is no network for links
    ("py:class", r"enum\.StrEnum|collections\.abc\.Mapping"),
    ("py:class", r"Source|Options|Reading|RoleMachine|Picture|Chart|Directory"),  # no names for users
    (
        "py:class",
        r"torch\..*|(training\.)?(Weights|Loss)|Places|Training|_F",
    ),  # torch's own, and names of theirs for types
    (
        "py:class",
        r"protoflow\.(runtime\.(directory\.Directory|interpreter\.Interpreter|payload\.PayloadForm)|ids\.Lookup)",
    ),
]

START = ("tutorial",)
REFERENCE = ("language", "semantics", "checker", "protocols", "generated/commands", "generated/codes", "generated/api")
BACKGROUND = ("gallery", "speed", "comparison")
GENERATED = DOCS / "generated"
TYPES = {
    "What happens to a course from outside": (
        "protoflow.engines.conditions",
        ("Conditions", "Crash", "Signal", "Stragglers", "Span"),
    ),
    "Steps and traces": ("protoflow.trace", ("Step", "StepKind", "Outcome", "SentMessage", "Header")),
    "What was logged": ("protoflow.runtime.result", ("Logged",)),
    "Payloads": ("protoflow.runtime.payload", ("Payload",)),
    "Findings": ("protoflow.diagnostics", ("Diagnostic", "Severity", "Span", "Label", "Help", "Edit")),
    "protoflow.learning.fedavg": ("protoflow.learning.fedavg", ("Server", "Client")),
    "What the shipped classes derive from": (
        "protoflow.learning",
        ("holder.Holder", "sampler.Sampler", "averager.Averager", "learner.Learner"),
    ),
    "protoflow.learning.data": ("protoflow.learning.data", ("Examples",)),
    "protoflow.learning.training": (
        "protoflow.learning.training",
        ("Score", "WeightedMean", "weights_of", "set_weights", "minus", "plus", "norm", "train", "test", "derive"),
    ),
}
"""What the public names take and return: title -> module and names."""


# -- Pages that are made from the code


def code_pages() -> dict[str, str]:
    """A page for each code and each word that is explained, and the list of them."""
    pages = {f"codes/{name}": explanation(name) for name in (*CODES, *CONCEPTS)}
    rows = [
        f"| [{each.code}](codes/{each.code}.md) | {each.title} | {each.severity.value} |" for each in CODES.values()
    ]
    table = "\n".join(["| code | finding | |", "|---|---|---|", *rows])
    head = "# Findings\n\n`protoflow explain CODE` prints the same pages. What the codes mean together: "
    words = "\n".join(f"- [{word}](codes/{word}.md): {title}" for word, title in CONCEPTS.items())
    text = (
        f"{head}[what is checked](../semantics.md#what-is-checked).\n\n{table}\n\nWords in reports:\n\n{words}\n\n"
        + toctree("codes/*", glob=True)
    )
    return {**pages, "codes": text}


def command_page() -> str:
    """The help of every command."""
    from protoflow.cli import COMMANDS, parsers

    os.environ["COLUMNS"] = "100"
    whole, each = parsers()
    summaries = {command.NAME: command.SUMMARY for command in COMMANDS}
    parts = ["# Commands\n\nWhat `--help` says.", f"```text\n{whole.format_help()}```"]
    for name, parser in each.items():
        title = f"## protoflow {name}\n\n{summaries[name][0].upper()}{summaries[name][1:]}."
        parts.append(f"{title}\n\n```text\n{parser.format_help()}```")
    return "\n\n".join(parts) + "\n"


def api_page() -> str:
    """Every public name, and the types that they refer to."""
    names = [name for name in protoflow.__all__ if not name.startswith("_")]
    errors = [name for name in names if name.endswith("Error")]
    functions = [name for name in names if name[0].islower()]
    classes = [name for name in names if name not in errors and name not in functions]
    parts = [
        "# Python API\n\nThe public names, from `import protoflow`. [The Python side](../python.md) tells how they go "
        "together, [Testing handlers](../testing.md) those of `protoflow.testing`; at the end are the classes and "
        "functions of `protoflow.learning` that a class of your own may build on.",
        section("Functions", "protoflow", functions),
        section("Classes", "protoflow", classes),
        section("Errors", "protoflow", errors),
        section("protoflow.testing", "protoflow.testing", protoflow.testing.__all__),
        *(section(title, *names) for title, names in TYPES.items()),
    ]
    return "\n\n".join(parts) + "\n"


def section(title: str, module: str, names: Iterable[str]) -> str:
    blocks = []
    for name in names:
        if name.rpartition(".")[2][0].islower():
            blocks.append(f".. autofunction:: {module}.{name}")
        else:
            option = ":inherited-members: object" if name.startswith("Driven") else ":show-inheritance:"
            blocks.append(f".. autoclass:: {module}.{name}\n   :members:\n   {option}")
    return f"## {title}\n\n```{{eval-rst}}\n" + "\n\n".join(blocks) + "\n```"


def toctree(*pages: str, caption: str = "", glob: bool = False) -> str:
    options = [":hidden:", *([f":caption: {caption}"] if caption else []), *([":glob:"] if glob else [])]
    return "\n".join(["```{toctree}", *options, "", *pages, "```"]) + "\n"


def write_generated() -> None:
    """Only what has changed, so that a second build is quick."""
    pages = {**code_pages(), "commands": command_page(), "api": api_page()}
    wanted = {GENERATED / f"{name}.md": text for name, text in pages.items()}
    for path in GENERATED.rglob("*.md"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# -- What the site adds to pages that are also read as plain Markdown


def complete(app: Sphinx, name: str, source: list[str]) -> None:
    """The front page gets the tables of contents, the table of codes gets links; what is not in docs/ has no page."""
    if "/" not in name:
        source[0] = re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", source[0])
    if name == "index":
        known = {"index", *START, *REFERENCE, *BACKGROUND}
        guides = [each for each in sorted(app.project.docnames - known) if not each.startswith("generated/")]
        contents = {"Start": START, "How to": guides, "Reference": REFERENCE, "Background": BACKGROUND}
        source[0] += "\n" + "\n".join(toctree(*pages, caption=title) for title, pages in contents.items())
    if name == "semantics":
        source[0] = re.sub(r"^\| (PF\d{3}) \|", r"| [\1](generated/codes/\1.md) |", source[0], flags=re.MULTILINE)


def markdown_to_rst(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Docstrings mark code as Markdown does."""
    lines[:] = [re.sub(r"(?<!`)(`[^`]+`)(?!`)", r"`\1`", line) for line in lines]


def of_this_module(app: Sphinx, page: document) -> None:
    """Annotations name types as their own module does: two modules may have a type of one name."""
    known = app.env.domains.python_domain.objects
    for signature in page.findall(desc_signature):
        for node in signature.findall(pending_xref):
            if (full := f"{signature.get('module')}.{node['reftarget']}") in known:
                node["reftarget"] = full


def by_last_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element) -> Element | None:
    """Types of other modules are known by their last name."""
    found = env.domains.python_domain.find_obj(env, "", "", f".{node['reftarget']}", node["reftype"], 1)
    if not found:
        return None
    _, target = found[0]
    return make_refnode(app.builder, node["refdoc"], target.docname, target.node_id, content)


def setup(app: Sphinx) -> None:
    write_generated()
    app.connect("source-read", complete)
    app.connect("autodoc-process-docstring", markdown_to_rst)
    app.connect("doctree-read", of_this_module)
    app.connect("missing-reference", by_last_name)
