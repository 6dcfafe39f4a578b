"""The trace format: what is written reads back, and a file that was cut off reads up to its last whole line."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protoflow.errors import UsageError
from protoflow.trace import (
    Claim,
    End,
    Header,
    Outcome,
    Record,
    SentMessage,
    Step,
    StepKind,
    decode,
    encode,
    participant_ids,
    read,
    write,
)

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
IDS = st.lists(NAMES, max_size=3).map(tuple)
STEPS = st.builds(
    Step,
    kind=st.sampled_from(StepKind),
    receiver=NAMES,
    trigger=st.none() | NAMES,
    message=st.none() | NAMES,
    sender=st.none() | NAMES,
    round=st.none() | st.integers(0, 9),
    state_before=st.none() | NAMES,
    state_after=st.none() | NAMES,
    outcome=st.none() | st.sampled_from(Outcome),
    row=st.none() | st.integers(0, 30),
    sends=st.lists(st.builds(SentMessage, NAMES, IDS, st.none() | st.integers(0, 9)), max_size=2).map(tuple),
    raises=IDS,
    bytes=st.none() | st.integers(0, 10**9),
    early=st.booleans(),
    time=st.none() | st.floats(0, 1e6),
    metrics=st.dictionaries(NAMES, st.floats(-1, 1) | st.text(max_size=5), max_size=2),
)
HEADERS = st.builds(
    Header,
    protocol=NAMES,
    digest=NAMES,
    participants=st.dictionaries(NAMES, st.integers(1, 9), max_size=3),
    parameters=st.dictionaries(NAMES, st.integers() | st.booleans() | NAMES, max_size=3),
    links=st.dictionaries(NAMES, st.dictionaries(NAMES, IDS, max_size=2), max_size=2),
    seed=st.integers(0, 2**32),
)
ENDS = st.builds(End, outcome=NAMES, message=st.text(max_size=20), states=st.dictionaries(NAMES, NAMES, max_size=2))
CLAIMS = st.builds(
    Claim, code=NAMES, message=NAMES, about=st.dictionaries(NAMES, IDS, max_size=2), loop=st.none() | st.integers(0, 9)
)
RECORDS = STEPS | HEADERS | ENDS | CLAIMS


@given(RECORDS)
def test_a_record_reads_back_as_it_was_written(record: Record) -> None:
    line = encode(record)
    assert "\n" not in line
    assert decode(line) == record


@given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_a_file_that_was_cut_off_reads_up_to_its_last_whole_line(records: list[Record], data: st.DataObject) -> None:
    stream = io.StringIO()
    write(records, stream)
    text = stream.getvalue()
    cut = data.draw(st.integers(0, len(text)))
    found = list(read(io.StringIO(text[:cut])))
    whole = text[:cut].count("\n")
    assert found[:whole] == records[:whole]
    assert len(found) <= whole + 1
    assert found == records[: len(found)]


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{}", "null", '{"record":"step"}', '{"record":"step","kind":"dance","receiver":"a"}', "{", '"x"',
     '{"record":"claim","code":"a","message":"b","about":{"c":["d"]},"loop":"e"}', '{"record":"claim","about":["a"]}',
     '{"record":"header","format":2,"protocol":"a"}', '{"record":"step","kind":"start","receiver":"a","colour":1}'],
)  # fmt: skip
def test_a_line_that_is_no_record_is_a_usage_error(line: str) -> None:
    with pytest.raises(UsageError, match="trace"):
        decode(line)


def test_the_first_line_of_a_step_is_short() -> None:
    step = Step(StepKind.DELIVER, "server", message="join", sender="client2", state_before="joining")
    assert encode(step) == (
        '{"record":"step","kind":"deliver","receiver":"server","message":"join","sender":"client2",'
        '"state_before":"joining"}'
    )


def test_ids_follow_what_the_steps_say() -> None:
    step = Step(StepKind.DELIVER, "server", message="join", sender="client1")
    assert participant_ids({"server": 1, "client": 1}, [step]) == {"server": ("server",), "client": ("client1",)}
    assert participant_ids({"server": 1, "client": 2}, []) == {"server": ("server",), "client": ("client1", "client2")}
