"""Laws of a part's lines: what was changed in one counts for nothing, is found, and touches no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalfactory.engine.lines import damaged_lines, line_of, parse_part, records_of
from evalfactory.records.measurement import Measurement, Output, PartHeader

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
HEADER = PartHeader(run_id="run", shard=3, plan_digest="d", attempt="a", versions={"evalfactory": "1"})
measured = st.builds(
    Measurement, case_id=texts, metric=texts, state=st.just("scored"), score=st.floats(0, 1), reason=texts
)
records = st.lists(measured | st.builds(Output, case_id=texts, actual_output=texts), min_size=1, max_size=4)


def body_of(some: list[Measurement | Output]) -> bytes:
    return b"".join(line_of(record) for record in [HEADER, *some])


@given(records)
def test_what_was_kept_is_read_again(some: list[Measurement | Output]) -> None:
    assert parse_part(body_of(some)) == (HEADER, some)
    assert damaged_lines(body_of(some)) == []


@given(records, st.data())
def test_a_changed_byte_is_found_and_no_record_comes_of_it(
    some: list[Measurement | Output], data: st.DataObject
) -> None:
    body = bytearray(body_of(some))
    place = data.draw(st.integers(0, len(body) - 2))
    body[place] ^= data.draw(st.integers(1, 255))
    read = list(records_of(bytes(body)))
    assert all(record in (HEADER, *some) for record in read)
    assert len(read) <= len(some)
    assert damaged_lines(bytes(body)) or HEADER not in read


@given(records, st.data())
def test_a_part_that_was_cut_short_keeps_its_whole_lines(some: list[Measurement | Output], data: st.DataObject) -> None:
    body = body_of(some)
    cut = body[: data.draw(st.integers(0, len(body)))]
    whole = cut[: cut.rfind(b"\n") + 1]
    assert list(records_of(whole)) == [HEADER, *some][: whole.count(b"\n")]
    assert damaged_lines(whole) == []


@given(records)
def test_parts_of_earlier_versions_have_no_checksums_and_are_read_as_they_are(some: list[Measurement | Output]) -> None:
    body = b"".join(record.model_dump_json().encode() + b"\n" for record in [HEADER, *some])
    assert parse_part(body) == (HEADER, some)
    assert damaged_lines(body) == []
