"""The application's role, and the job queue's own schema."""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from migrations.append_only import REFUSE

revision = "0001"
down_revision = None

ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tillit_app') THEN
        BEGIN
            CREATE ROLE tillit_app NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of the same server was quicker
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'tillit_app', 'MEMBER') THEN
        EXECUTE format('GRANT tillit_app TO %I', current_user);
    END IF;
END $$
"""

JOBS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_periodic_defers,
    procrastinate_events, procrastinate_workers TO tillit_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tillit_app
"""


def upgrade() -> None:
    op.execute(ROLE)
    op.execute("GRANT USAGE ON SCHEMA public TO tillit_app")
    op.execute(REFUSE)
    # The queue's schema has literal colons and percent signs: it goes to the driver as it is.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(SchemaManager.get_schema())
    for statement in JOBS.split(";"):
        op.execute(text(statement))
