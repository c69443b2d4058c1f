"""Programme versions and the consent ledger, both append-only; who finds whose children."""

from alembic import op

from migrations.append_only import append_only

revision = "0004"
down_revision = "0003"

# A ledger row goes only with its member's key, and then only through this function: a consent
# cannot be dropped while the member is there, and erasure leaves none behind (Art. 17).
ERASE = """
CREATE FUNCTION tillit_erase_ledger(gone uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE deleted bigint;
BEGIN
    IF EXISTS (SELECT FROM member_key WHERE member = gone) THEN
        RAISE EXCEPTION 'the ledger of a living member is not erased'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('tillit.erasing', gone::text, true);
    DELETE FROM ledger WHERE member = gone;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    PERFORM set_config('tillit.erasing', '', true);
    RETURN deleted;
END $$
"""

GUARD = """
CREATE FUNCTION tillit_guard_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('tillit.erasing', true) = OLD.member::text
        AND NOT EXISTS (SELECT FROM member_key WHERE member = OLD.member)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on ledger is refused: the table is append-only', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

STATEMENTS = [
    """
    CREATE TABLE programme_version (
        number integer PRIMARY KEY,
        digest bytea NOT NULL,
        source text NOT NULL,
        applied_at timestamptz NOT NULL,
        signature bytea NOT NULL
    )
    """,
    *append_only("programme_version"),
    "CREATE TABLE ledger (id uuid PRIMARY KEY, member uuid NOT NULL, sealed bytea NOT NULL)",
    "CREATE INDEX ledger_member ON ledger (member)",
    ERASE,
    "REVOKE ALL ON FUNCTION tillit_erase_ledger(uuid) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION tillit_erase_ledger(uuid) TO tillit_app",
    GUARD,
    "CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON ledger "
    "FOR EACH ROW EXECUTE FUNCTION tillit_guard_ledger()",
    "CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger "
    "FOR EACH STATEMENT EXECUTE FUNCTION tillit_refuse_change()",
    "GRANT SELECT, INSERT ON ledger TO tillit_app",
    """
    CREATE TABLE consent_figure (
        day date NOT NULL,
        purpose text NOT NULL,
        epoch integer NOT NULL,
        programme integer NOT NULL,
        counted_at timestamptz NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (day, purpose, epoch)
    )
    """,
    *append_only("consent_figure"),
    """
    CREATE TABLE guardianship (
        guardian bytea NOT NULL,
        child bytea NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (guardian, child)
    )
    """,
    "CREATE INDEX guardianship_child ON guardianship (child)",
    "GRANT SELECT, INSERT, DELETE ON guardianship TO tillit_app",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
