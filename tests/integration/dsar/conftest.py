"""The member that these tests are about."""

import pytest
from a_life import Life, lived

from api.bootstrap import Tillit


@pytest.fixture
async def life(tillit: Tillit) -> Life:
    return await lived(tillit)
