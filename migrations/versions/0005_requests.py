"""Data subject requests: the register, sealed packages, certificates."""

from alembic import op

from migrations.append_only import append_only

revision = "0005"
down_revision = "0004"

STATEMENTS = [
    """
    CREATE TABLE request (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        state text NOT NULL,
        member uuid,
        opened_at timestamptz NOT NULL,
        due date NOT NULL,
        closed_at timestamptz,
        approval bytea
    )
    """,
    "CREATE INDEX request_member ON request (member)",
    "CREATE INDEX request_open ON request (due) WHERE closed_at IS NULL",
    "GRANT SELECT, INSERT, UPDATE ON request TO tillit_app",
    # Whether an approved request still has a job is asked often, by every check of health.
    "CREATE INDEX request_accepted ON request (id) WHERE state = 'accepted'",
    "CREATE INDEX job_of_request ON procrastinate_jobs ((args->>'request')) "
    "WHERE args->>'request' IS NOT NULL",
    """
    CREATE TABLE package (
        request uuid PRIMARY KEY REFERENCES request (id),
        member uuid NOT NULL,
        sealed bytea NOT NULL,
        made_at timestamptz NOT NULL
    )
    """,
    "ALTER TABLE package ALTER sealed SET STORAGE EXTERNAL",
    "CREATE INDEX package_member ON package (member)",
    "GRANT SELECT, INSERT, DELETE ON package TO tillit_app",
    """
    CREATE TABLE certificate (
        request uuid PRIMARY KEY REFERENCES request (id),
        erased uuid NOT NULL,
        document text NOT NULL
    )
    """,
    *append_only("certificate"),
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
