"""What the environment may say, and what is said of a mistake in it."""

import pytest

from api.settings import read_settings
from kernel.errors import Invalid


@pytest.mark.parametrize("url", ["mysql://me:secret@host/x", "localhost/x", "postgresql:x"])
def test_a_database_that_is_no_postgresql_is_refused_and_its_password_not_shown(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_DATABASE_URL": url})
    [problem] = refused.value.problems
    assert problem.place == "TILLIT_DATABASE_URL"
    assert problem.remedy == "it must begin with postgresql://"
    assert url not in str(refused.value)


@pytest.mark.parametrize("url", ["", "postgresql://me@host/x"])
def test_a_postgresql_or_none_is_taken(url: str) -> None:
    assert read_settings({"TILLIT_DATABASE_URL": url}).database_url == (url or None)
