"""Lists of ids written in one go equal those written one by one."""

import json
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from api.http.idlists import as_json

NOBODY = UUID(int=0)


@given(st.lists(st.uuids() | st.just(NOBODY), max_size=30))
def test_ids_are_written_as_their_own_text_and_nobody_is_left_out(ids: list[UUID]) -> None:
    packed = np.frombuffer(b"".join(one.bytes for one in ids), dtype=">u8").reshape(-1, 2)
    assert json.loads(as_json(packed)) == [str(one) for one in ids if one != NOBODY]
