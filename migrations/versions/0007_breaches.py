"""Personal data breaches: the register, and who was affected."""

from alembic import op

revision = "0007"
down_revision = "0006"

#: The ends of what is a date here: see 0005.
_FIRST, _LAST = "2000-01-01 00:00Z", "2200-01-01 00:00Z"

STATEMENTS = [
    """
    CREATE TABLE breach (
        id uuid PRIMARY KEY,
        opened_at timestamptz NOT NULL,
        epoch integer NOT NULL,
        sealed bytea NOT NULL
    )
    """,
    f"ALTER TABLE breach ADD CHECK (opened_at BETWEEN '{_FIRST}' AND '{_LAST}')",
    "CREATE INDEX breach_opened ON breach (opened_at)",
    # No right to delete: the authority may ask for the register for as long as there is one.
    "GRANT SELECT, INSERT, UPDATE ON breach TO tillit_app",
    """
    CREATE TABLE breach_search (
        id uuid PRIMARY KEY,
        breach uuid NOT NULL REFERENCES breach (id),
        asked_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
        stage text CHECK (stage IN ('record', 'members')),
        done bigint NOT NULL DEFAULT 0,
        total bigint NOT NULL DEFAULT 0,
        problem text,
        told_after bigint,
        epoch integer NOT NULL,
        question bytea NOT NULL,
        result bytea,
        CHECK ((state = 'done') = (result IS NOT NULL))
    )
    """,
    f"ALTER TABLE breach_search ADD CHECK (asked_at BETWEEN '{_FIRST}' AND '{_LAST}')",
    "ALTER TABLE breach_search ALTER result SET STORAGE EXTERNAL",
    "CREATE INDEX breach_search_breach ON breach_search (breach, asked_at)",
    "GRANT SELECT, INSERT, UPDATE ON breach_search TO tillit_app",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
