"""Runs on disk, in the format of `protoflow.trace`: counterexamples that are written, and runs that are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from protoflow import trace
from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks import Report
    from protoflow.language import Reading
    from protoflow.protocol import Value


def write(reading: Reading, report: Report, folder: Path) -> Iterator[Path]:
    """Write the run of each finding that has one to `folder`: `my.1.PF201.jsonl`, 1 being the finding's number."""
    from protoflow.engines.arrival import claimed
    from protoflow.engines.host import written

    folder.mkdir(parents=True, exist_ok=True)
    for number, found in enumerate(report.shown, 1):
        if not found.trace or report.protocol is None:
            continue
        values = reading.parameters | cast("dict[str, Value]", dict(found.parameters))
        header = trace.Header(
            protocol=report.protocol.name,
            digest=report.protocol.digest,
            participants=found.participants,
            parameters={name: written(value) for name, value in values.items()},
            links=found.links,
            engine="check",
            file=report.file,
        )
        path = folder / f"{Path(report.file).stem}.{number}.{found.code}.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            trace.write([header, *found.trace, claimed(found)], stream)
        yield path


def read(path: Path) -> tuple[trace.Header, tuple[trace.Step, ...], trace.End | trace.Claim | None]:
    """The run in a file, and what that says of its end, if anything. Raises UsageError where it holds none."""
    try:
        with path.open(encoding="utf-8") as stream:
            header, *records = trace.read(stream)
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a protoflow trace") from None
    except ValueError:
        raise UsageError(f"{path} is empty") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    if not isinstance(header, trace.Header):
        raise UsageError(f"{path} does not begin with the header of a run")
    last = records[-1] if records else None
    said = last if isinstance(last, trace.End | trace.Claim) else None
    return header, tuple(record for record in records if isinstance(record, trace.Step)), said
