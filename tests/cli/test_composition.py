"""The options of the check of all participants together: what each text means."""

from __future__ import annotations

import pytest

from protoflow.checks.composition import Options
from protoflow.commands import arguments
from protoflow.commands.composition import add_options, options
from protoflow.errors import UsageError


def parsed(text: str) -> Options:
    parser = arguments.Parser(prog="protoflow validate")
    add_options(parser)
    return options(parser.parse_args(text.split()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Options()),
        ("--clients 3", Options(everyone=(3, 3))),
        ("--clients 1..5", Options(everyone=(1, 5))),
        ("--clients edge=2,client=1..4", Options(sizes={"edge": (2, 2), "client": (1, 4)})),
        ("--clients 2,edge=1", Options(everyone=(2, 2), sizes={"edge": (1, 1)})),
        ("--crashes client=1,edge=0", Options(crashes={"client": 1, "edge": 0})),
        ("--early-timeouts 0 --loss 1 --duplicates 2", Options(early_timeouts=0, loss=1, duplicates=2)),
        ("--channels any", Options(fifo=False)),
        ("--channels fifo", Options(fifo=True)),
        ("--budget 1500ms --no-cache", Options(seconds=1.5, cache=False)),
    ],
)
def test_what_each_option_means(text: str, expected: Options) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--clients many", "--clients takes a number or a range such as 1..5, not `many`"),
        ("--clients 3..", "--clients takes a number or a range such as 1..5, not `3..`"),
        ("--clients 5..3", "--clients takes a number or a range such as 1..5, not `5..3`"),
        ("--clients edge=", "--clients: a number is missing in `edge=`"),
        ("--crashes 1", "--crashes takes ROLE=N, not `1`"),
        ("--crashes client=few", "--crashes: `few` is not a number"),
        (
            "--loss 1%",
            "argument --loss: `1%` is not a whole number from 0 on: it says how many, in one run; "
            "`protoflow validate --help` says more",
        ),
        (
            "--channels lifo",
            "argument --channels: `lifo` is not an order; choose from `fifo` and `any`; "
            "`protoflow validate --help` says more",
        ),
        ("--budget 10", "--budget takes a time with its unit (`ms`, `s`, `m` or `h`), not `10`"),
    ],
)
def test_what_means_nothing(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parsed(text)
    assert str(error.value) == said
