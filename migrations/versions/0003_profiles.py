"""The sealed profile store: keys, members, lookup index, events, member sets."""

from alembic import op

revision = "0003"
down_revision = "0002"

# Key rotation takes this lock alone, everyone else shares it (profiles/keyring.py).
PIN = """
CREATE FUNCTION tillit_pin_epoch() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE live integer;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(x'71114b45'::bigint);
    -- A statement of its own, so that it sees what a rotation we waited for has committed.
    SELECT number INTO live FROM epoch_key WHERE state = 'live';
    RETURN live;
END $$
"""

STATEMENTS = [
    """
    CREATE TABLE epoch_key (
        number integer PRIMARY KEY,
        name text NOT NULL,
        state text NOT NULL CHECK (state IN ('live', 'destroyed')),
        created_at timestamptz NOT NULL,
        destroyed_at timestamptz,
        CHECK ((state = 'destroyed') = (destroyed_at IS NOT NULL))
    )
    """,
    "CREATE UNIQUE INDEX epoch_key_one_live ON epoch_key (state) WHERE state = 'live'",
    PIN,
    """
    CREATE TABLE member (
        id uuid PRIMARY KEY,
        ordinal bigint NOT NULL UNIQUE,
        sealed bytea NOT NULL
    )
    """,
    "CREATE SEQUENCE member_ordinal MINVALUE 0 START 0",
    "CREATE TABLE member_key (member uuid PRIMARY KEY, epoch integer NOT NULL, "
    "wrapped bytea NOT NULL)",
    """
    CREATE TABLE lookup (
        digest bytea NOT NULL,
        member uuid NOT NULL,
        field text NOT NULL,
        epoch integer NOT NULL,
        PRIMARY KEY (digest, member)
    )
    """,
    "CREATE UNIQUE INDEX lookup_number ON lookup (digest) WHERE field = 'member_number'",
    "CREATE INDEX lookup_member ON lookup (member)",
    """
    CREATE TABLE event (
        id uuid PRIMARY KEY,
        member uuid NOT NULL,
        reference bytea NOT NULL UNIQUE,
        sealed bytea NOT NULL
    )
    """,
    "CREATE INDEX event_member ON event (member)",
    "CREATE TABLE shard (number integer PRIMARY KEY, head bigint NOT NULL)",
    """
    CREATE TABLE shard_snapshot (
        shard integer PRIMARY KEY,
        head bigint NOT NULL,
        epoch integer NOT NULL,
        sealed bytea NOT NULL
    )
    """,
    """
    CREATE TABLE shard_change (
        shard integer NOT NULL,
        number bigint NOT NULL,
        epoch integer NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (shard, number)
    )
    """,
    # Sealed bytes do not compress: trying costs time and gains nothing.
    "ALTER TABLE shard_snapshot ALTER sealed SET STORAGE EXTERNAL",
    "ALTER TABLE shard_change ALTER sealed SET STORAGE EXTERNAL",
    "ALTER TABLE event ALTER sealed SET STORAGE EXTERNAL",
    "ALTER TABLE member ALTER sealed SET STORAGE EXTERNAL",
    "GRANT SELECT, INSERT, UPDATE ON epoch_key TO tillit_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON member, member_key, lookup, event, shard, "
    "shard_snapshot, shard_change TO tillit_app",
    "GRANT USAGE ON SEQUENCE member_ordinal TO tillit_app",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
