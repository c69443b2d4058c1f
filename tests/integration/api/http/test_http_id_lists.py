"""Lists of ids written in one go equal those written one by one."""

import json
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import Misshapen
from api.http.idlists import as_json, as_lines, read_ids

NOBODY = UUID(int=0)


@given(st.lists(st.uuids() | st.just(NOBODY), max_size=30))
def test_ids_are_written_as_their_own_text_and_nobody_is_left_out(ids: list[UUID]) -> None:
    packed = np.frombuffer(b"".join(one.bytes for one in ids), dtype=">u8").reshape(-1, 2)
    assert json.loads(as_json(packed)) == [str(one) for one in ids if one != NOBODY]


spaces = st.text(" \n\t\r", max_size=3)


@given(
    st.lists(st.uuids(), min_size=1, max_size=30),
    spaces,
    spaces,
    st.booleans(),
)
def test_ids_are_read_as_they_were_written_however_the_list_is_spaced(
    ids: list[UUID], before: str, after: str, upper: bool
) -> None:
    texts = [f'"{str(one).upper() if upper else one}"' for one in ids]
    sent = f"[{before}{(before + ',' + after).join(texts)}{after}]".encode()
    read = read_ids(sent, most=30, place="members")
    assert [UUID(bytes=row.tobytes()) for row in read] == ids


@pytest.mark.parametrize(
    "sent",
    [
        b"[]",
        b"null",
        b'"%s"' % str(NOBODY).encode(),
        b'[["%s"]]' % str(NOBODY).encode(),
        b'["%s",1,"%s"]' % ((str(NOBODY).encode(),) * 2),
        b'["%s","%s",1]' % ((str(NOBODY).encode(),) * 2),
        b'["%s",1,"%s",1,"%s"]' % ((str(NOBODY).encode(),) * 3),
        b'["%s"]' % str(NOBODY).replace("-", "0").encode(),
        b'["%s"]' % str(NOBODY).replace("0", "g").encode(),
        b'{"%s":1}' % str(NOBODY).encode(),
        b"[%s]" % b",".join([b'"%s"' % str(NOBODY).encode()] * 31),
    ],
)
def test_what_is_no_list_of_ids_is_refused(sent: bytes) -> None:
    with pytest.raises(Misshapen):
        read_ids(sent, most=30, place="members")


@given(st.lists(st.tuples(st.uuids(), st.integers(0, 1)), max_size=30))
def test_lines_are_written_in_order_each_with_its_answer(asked: list[tuple[UUID, int]]) -> None:
    packed = np.frombuffer(b"".join(one.bytes for one, _ in asked), dtype=">u8").reshape(-1, 2)
    codes = np.array([code for _, code in asked], np.uint8)
    written = b"".join(as_lines(packed, codes, [b',"at":0}\n', b',"at":1}\n']))
    lines = [json.loads(line) for line in written.splitlines()]
    assert [(UUID(one["member"]), one["at"]) for one in lines] == asked
