"""Data subject requests: the register, identity, packages, holds, vouchers, what goes out."""

from alembic import op

from migrations.append_only import append_only

revision = "0005"
down_revision = "0004"

#: The ends of what is a date here. A hold and a voucher outlive what they were made for.
_FIRST, _LAST, _LONGEST = "2000-01-01 00:00Z", "2200-01-01 00:00Z", "2300-01-01 00:00Z"


def _possible(table: str, *columns: str, until: str = _LAST) -> list[str]:
    """Constraints: no date of these is one that a program cannot hold, as `infinity` is.

    One such row would stop every list that it is on. They hold off accidents and the application's
    own role; who owns the database drops them.
    """
    return [
        f"ALTER TABLE {table} ADD CHECK ({column} BETWEEN '{_FIRST}' AND '{until}')"
        for column in columns
    ]


STATEMENTS = [
    """
    CREATE TABLE request (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        state text NOT NULL,
        member uuid,
        channel text NOT NULL,
        language text NOT NULL,
        received date NOT NULL,
        opened_at timestamptz NOT NULL,
        due date NOT NULL,
        extended boolean NOT NULL DEFAULT false,
        paused_on date,
        paused_days integer NOT NULL DEFAULT 0,
        asked_on date,
        not_before timestamptz,
        reminded date,
        reason text,
        erased uuid,
        carried_at timestamptz,
        closed_at timestamptz,
        wanted bytea,
        approval bytea,
        CHECK (paused_days BETWEEN 0 AND 4000)
    )
    """,
    *_possible(
        "request",
        "received",
        "opened_at",
        "due",
        "paused_on",
        "asked_on",
        "not_before",
        "carried_at",
        "reminded",
        "closed_at",
    ),
    "CREATE INDEX request_member ON request (member)",
    "CREATE INDEX request_open ON request (due) WHERE closed_at IS NULL",
    "GRANT SELECT, INSERT, UPDATE ON request TO tillit_app",
    # Whether an approved request still has a job is asked often, by every check of health.
    "CREATE INDEX request_accepted ON request (id) WHERE state IN ('accepted', 'carried_out')",
    "CREATE INDEX job_of_request ON procrastinate_jobs ((args->>'request')) "
    "WHERE args->>'request' IS NOT NULL",
    "CREATE INDEX job_of_outgoing ON procrastinate_jobs ((args->>'outgoing')) "
    "WHERE args->>'outgoing' IS NOT NULL",
    # How the queue stands is looked at all day; what is done stays in the table.
    "CREATE INDEX job_unfinished ON procrastinate_jobs (task_name) "
    "WHERE status IN ('todo', 'doing', 'failed')",
    """
    CREATE TABLE identity_proof (
        id uuid PRIMARY KEY,
        request uuid NOT NULL REFERENCES request (id),
        member uuid NOT NULL,
        sealed bytea NOT NULL
    )
    """,
    "CREATE INDEX identity_proof_request ON identity_proof (request)",
    "CREATE INDEX identity_proof_member ON identity_proof (member)",
    "GRANT SELECT, INSERT, DELETE ON identity_proof TO tillit_app",
    # How often somebody has tried stays when the request is gone from view.
    """
    CREATE TABLE identity_challenge (
        id uuid PRIMARY KEY,
        request uuid NOT NULL REFERENCES request (id),
        member uuid NOT NULL,
        how text NOT NULL,
        made_at timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        closed_at timestamptz,
        sealed bytea NOT NULL
    )
    """,
    *_possible("identity_challenge", "made_at", "closed_at"),
    "CREATE INDEX identity_challenge_request ON identity_challenge (request)",
    "CREATE INDEX identity_challenge_member ON identity_challenge (member, made_at)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON identity_challenge TO tillit_app",
    """
    CREATE TABLE package (
        request uuid PRIMARY KEY REFERENCES request (id),
        member uuid NOT NULL,
        sealed bytea NOT NULL,
        made_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    *_possible("package", "made_at", "expires_at"),
    "ALTER TABLE package ALTER sealed SET STORAGE EXTERNAL",
    "CREATE INDEX package_member ON package (member)",
    "CREATE INDEX package_expires ON package (expires_at)",
    "GRANT SELECT, INSERT, DELETE ON package TO tillit_app",
    """
    CREATE TABLE letter (
        id uuid PRIMARY KEY,
        request uuid NOT NULL REFERENCES request (id),
        member uuid NOT NULL,
        kind text NOT NULL,
        language text NOT NULL,
        made_at timestamptz NOT NULL,
        sealed bytea NOT NULL
    )
    """,
    *_possible("letter", "made_at"),
    "ALTER TABLE letter ALTER sealed SET STORAGE EXTERNAL",
    "CREATE INDEX letter_member ON letter (member)",
    "GRANT SELECT, INSERT, DELETE ON letter TO tillit_app",
    """
    CREATE TABLE certificate (
        request uuid NOT NULL REFERENCES request (id),
        part text NOT NULL CHECK (part IN ('erasure', 'horizon')),
        erased uuid NOT NULL,
        epoch integer NOT NULL,
        document text NOT NULL,
        PRIMARY KEY (request, part)
    )
    """,
    *append_only("certificate"),
    """
    CREATE TABLE legal_hold (
        id uuid PRIMARY KEY,
        member uuid NOT NULL,
        ground text NOT NULL,
        placed_at timestamptz NOT NULL,
        ends_at timestamptz,
        lifted_at timestamptz,
        sealed bytea NOT NULL
    )
    """,
    *_possible("legal_hold", "placed_at", "lifted_at"),
    *_possible("legal_hold", "ends_at", until=_LONGEST),
    "CREATE INDEX legal_hold_member ON legal_hold (member)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON legal_hold TO tillit_app",
    # What bookkeeping law keeps of those who are erased: apart, and under a key of its own.
    """
    CREATE TABLE voucher (
        id uuid PRIMARY KEY,
        year integer NOT NULL,
        keep_until date NOT NULL,
        epoch integer NOT NULL,
        sealed bytea NOT NULL
    )
    """,
    *_possible("voucher", "keep_until", until=_LONGEST),
    "ALTER TABLE voucher ALTER sealed SET STORAGE EXTERNAL",
    "CREATE INDEX voucher_until ON voucher (keep_until)",
    "CREATE INDEX voucher_year ON voucher (year, id)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON voucher TO tillit_app",
    # Letters to members and words to recipients, on their way out.
    """
    CREATE TABLE outgoing (
        id uuid PRIMARY KEY,
        request uuid NOT NULL REFERENCES request (id),
        member uuid,
        recipient text,
        carrier text NOT NULL,
        what text NOT NULL,
        state text NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        made_at timestamptz NOT NULL,
        next_at timestamptz,
        due date,
        answered_at timestamptz,
        problem text,
        answer text,
        epoch integer NOT NULL,
        sealed bytea
    )
    """,
    *_possible("outgoing", "made_at", "next_at", "due", "answered_at"),
    "CREATE INDEX outgoing_request ON outgoing (request)",
    "CREATE INDEX outgoing_member ON outgoing (member) WHERE member IS NOT NULL",
    "CREATE INDEX outgoing_open ON outgoing (next_at) WHERE state IN ('waiting', 'sent')",
    "CREATE INDEX outgoing_recipient ON outgoing (recipient) WHERE state IN ('waiting', 'sent')",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON outgoing TO tillit_app",
    # What recipients answered, for good: so a document is kept only where it says nothing of
    # whom it is about; its digest always.
    """
    CREATE TABLE recipient_answer (
        id uuid PRIMARY KEY,
        outgoing uuid NOT NULL,
        recipient text NOT NULL,
        at timestamptz NOT NULL,
        kind text NOT NULL,
        said text,
        digest text NOT NULL,
        document text,
        UNIQUE (outgoing, digest)
    )
    """,
    *_possible("recipient_answer", "at"),
    "CREATE INDEX recipient_answer_last ON recipient_answer (recipient, at)",
    *append_only("recipient_answer"),
    # Requests that others handed in for members; `request` is there once they were found to be
    # about one. `told`: the status that its sender has been told last.
    """
    CREATE TABLE handed_in (
        id uuid PRIMARY KEY,
        sender text NOT NULL CHECK (sender ~ '^(agent|service)/'),
        reference text NOT NULL,
        kind text NOT NULL CHECK (
            kind IN ('access', 'portability', 'erasure', 'restriction', 'release', 'review')
        ),
        request uuid REFERENCES request (id),
        state text NOT NULL CHECK (state IN ('received', 'waiting', 'held', 'opened', 'ended')),
        told text NOT NULL CHECK (told IN ('pending', 'in_progress', 'completed', 'cancelled')),
        received_at timestamptz NOT NULL,
        asked_on date,
        ended_at timestamptz,
        problems jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(problems) = 'object'),
        epoch integer NOT NULL,
        sealed bytea,
        UNIQUE (sender, reference)
    )
    """,
    *_possible("handed_in", "received_at", "asked_on", "ended_at"),
    "CREATE INDEX handed_in_request ON handed_in (request)",
    "CREATE INDEX handed_in_sender ON handed_in (sender, received_at)",
    "CREATE INDEX handed_in_open ON handed_in (asked_on) WHERE state IN ('waiting', 'held')",
    "CREATE INDEX handed_in_sealed ON handed_in (epoch) WHERE sealed IS NOT NULL",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON handed_in TO tillit_app",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
