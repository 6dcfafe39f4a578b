"""`protoflow validate --fix` and `--diff`: what is certain, mended in the files or shown."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.checks import Report
    from protoflow.language import Reading


def fixed(reading: Reading) -> Reading:
    """The reading of the file with its fixes, which are written and said on standard error.

    A shipped protocol is left as it is.
    """
    from protoflow.authoring.files import rewrite
    from protoflow.authoring.fixing import fix
    from protoflow.language import shipped

    path = Path(reading.file)
    after, mended = fix(reading)
    if not mended:
        _say_that_nothing_is_certain(reading)
    if not mended or path.resolve() in {each.resolve() for each in shipped().values()}:
        return reading
    mark = BOM_UTF8 if path.read_bytes().startswith(BOM_UTF8) else b""
    rewrite(path, mark + after.sources[after.file].lstrip("\ufeff").encode())
    for found in mended:
        assert found.help is not None
        place = f"{found.span.file}:{found.span.line}:{found.span.column}"
        print(f"fixed {place}: {found.code} {found.message}: {found.help.text}", file=sys.stderr)
    return after


def say_what_fix_can_do(reports: Sequence[Report]) -> None:
    """On standard error, how many findings have a fix that is certain; nothing where none has."""
    from protoflow.authoring.fixing import is_certain

    number = sum(is_certain(found, report.file) for report in reports for found in report.shown)
    if number:
        does_it = "--fix does it, " if any(Path(report.file).is_file() for report in reports) else ""
        print(f"{number} of these can be mended for certain: {does_it}--diff shows it", file=sys.stderr)


def show_fixes(readings: Sequence[Reading]) -> int:
    """Show what would change; 1 if anything would."""
    from protoflow.authoring.files import difference
    from protoflow.authoring.fixing import fix

    shown = False
    for reading in readings:
        after, mended = fix(reading)
        if mended:
            shown = True
            sys.stdout.write(difference(reading.sources[reading.file], after.sources[after.file], reading.file))
        else:
            _say_that_nothing_is_certain(reading)
    return 1 if shown else 0


def _say_that_nothing_is_certain(reading: Reading) -> None:
    if reading.diagnostics:
        print(f"{reading.file}: nothing can be mended for certain", file=sys.stderr)
