"""The record: entries, leaves, tiles and checkpoints, none of which ever changes.

``audit_tally`` is derived from them, and may be made anew.

There are no foreign keys between them: each would cost every recorded use a look-up, and
`audit.check` finds what they would, also when somebody has switched them off.
"""

from alembic import op

from migrations.append_only import append_only

revision = "0002"
down_revision = "0001"

TABLES = [
    "CREATE TABLE audit_entry (id uuid PRIMARY KEY, body bytea NOT NULL)",
    "CREATE TABLE audit_pending (entry uuid PRIMARY KEY, mac bytea NOT NULL)",
    "CREATE TABLE audit_leaf (number bigint PRIMARY KEY, entry uuid NOT NULL UNIQUE)",
    """CREATE TABLE audit_tile (level integer, number bigint, hashes bytea NOT NULL,
        root bytea NOT NULL, PRIMARY KEY (level, number))""",
    """CREATE TABLE audit_checkpoint (size bigint PRIMARY KEY, previous bigint NOT NULL,
        note text NOT NULL, at timestamptz NOT NULL, signature bytea NOT NULL)""",
    "CREATE TABLE audit_subject (subject bytea, entry uuid, PRIMARY KEY (subject, entry))",
    "CREATE TABLE audit_detail (entry uuid PRIMARY KEY, sealed bytea NOT NULL)",
    "CREATE TABLE audit_set (address bytea PRIMARY KEY, sealed bytea NOT NULL)",
    """CREATE TABLE audit_tally (hour timestamptz, tile bigint, actor_type text, actor text,
        kind text, purpose text, leaves bytea NOT NULL,
        PRIMARY KEY (hour, tile, kind, actor_type, actor, purpose)) WITH (fillfactor = 85)""",
    # One for each way of looking; each ends in the order in which the record is read back.
    "CREATE INDEX ON audit_tally (kind, hour, tile)",
    "CREATE INDEX ON audit_tally (actor_type, kind, purpose, hour, tile)",
    "CREATE INDEX ON audit_tally (actor_type, actor, kind, purpose, hour, tile)",
    "CREATE INDEX ON audit_tally (purpose, kind, hour, tile)",
]
APPEND_ONLY = ["audit_entry", "audit_leaf", "audit_tile", "audit_checkpoint", "audit_subject"]
STORAGE = [
    # Hashes and sealed bytes do not compress: do not spend time on trying.
    "ALTER TABLE audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL",
    "ALTER TABLE audit_detail ALTER COLUMN sealed SET STORAGE EXTERNAL",
    "ALTER TABLE audit_set ALTER COLUMN sealed SET STORAGE EXTERNAL",
]
GRANTS = [
    "GRANT SELECT, INSERT, DELETE ON audit_pending TO tillit_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON audit_detail TO tillit_app",
    "GRANT SELECT, INSERT, UPDATE ON audit_set TO tillit_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON audit_tally TO tillit_app",
]


def upgrade() -> None:
    for statement in TABLES + STORAGE + GRANTS:
        op.execute(statement)
    for table in APPEND_ONLY:
        for statement in append_only(table):
            op.execute(statement)
