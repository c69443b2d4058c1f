"""What makes a table append-only: a trigger that refuses, and a role that lacks the right."""

REFUSE = """
CREATE FUNCTION tillit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def append_only(table: str) -> list[str]:
    """The statements that let rows of `table` come and never change or go."""
    return [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION tillit_refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION tillit_refuse_change()",
        f"GRANT SELECT, INSERT ON {table} TO tillit_app",
    ]
