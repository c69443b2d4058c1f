"""People who sign in: officers' accounts, sessions, links, codes, and how often they were tried."""

from alembic import op

revision = "0006"
down_revision = "0005"

#: The ends of what is a date here: see 0005.
_FIRST, _LAST = "2000-01-01 00:00Z", "2200-01-01 00:00Z"
_KINDS = "kind IN ('member', 'officer')"
#: One of the two, by kind.
_WHO = "(member IS NOT NULL) = (kind = 'member') AND (officer IS NOT NULL) = (kind = 'officer')"
#: Whose address it was that they came by: a member's, as a keyed digest.
_CAME_BY = "address IS NULL OR (kind = 'member' AND octet_length(address) = 32)"
_BROWSERS = "'Chrome', 'Edge', 'Firefox', 'Opera', 'Safari', 'Samsung Internet', 'other'"
_SYSTEMS = "'Android', 'ChromeOS', 'Linux', 'Windows', 'iOS', 'macOS', 'other'"


def _possible(table: str, *columns: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ADD CHECK ({column} BETWEEN '{_FIRST}' AND '{_LAST}')"
        for column in columns
    ]


STATEMENTS = [
    """
    CREATE TABLE officer_account (
        id uuid PRIMARY KEY,
        name text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$'),
        role text NOT NULL,
        address bytea NOT NULL UNIQUE,
        sealed bytea NOT NULL,
        secret bytea,
        last_step bigint,
        made_at timestamptz NOT NULL,
        enrolled_at timestamptz,
        CHECK (secret IS NULL OR (enrolled_at IS NOT NULL AND last_step IS NOT NULL))
    )
    """,
    *_possible("officer_account", "made_at", "enrolled_at"),
    """
    CREATE TABLE officer_recovery (
        digest bytea PRIMARY KEY,
        officer uuid NOT NULL REFERENCES officer_account (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX officer_recovery_officer ON officer_recovery (officer)",
    # An erasure ends the sessions of whoever is erased, and so does the loss of an account.
    f"""
    CREATE TABLE person_session (
        digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
        kind text NOT NULL CHECK ({_KINDS}),
        member uuid REFERENCES member (id) ON DELETE CASCADE,
        officer uuid REFERENCES officer_account (id) ON DELETE CASCADE,
        settled boolean NOT NULL,
        address bytea,
        browser text NOT NULL CHECK (browser IN ({_BROWSERS})),
        system text NOT NULL CHECK (system IN ({_SYSTEMS})),
        made_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        stepped_up_at timestamptz,
        pending bytea,
        recovery bytea,
        mark bytea NOT NULL,
        CHECK ({_WHO}),
        CHECK ({_CAME_BY}),
        CHECK ((pending IS NULL AND recovery IS NULL) OR kind = 'officer')
    )
    """,
    *_possible("person_session", "made_at", "seen_at", "ends_at", "stepped_up_at"),
    "CREATE INDEX person_session_member ON person_session (member) WHERE member IS NOT NULL",
    "CREATE INDEX person_session_officer ON person_session (officer) WHERE officer IS NOT NULL",
    "CREATE INDEX person_session_seen ON person_session (seen_at)",
    f"""
    CREATE TABLE sign_in_post (
        id uuid PRIMARY KEY,
        what text NOT NULL CHECK (what IN ('link', 'code')),
        kind text NOT NULL CHECK ({_KINDS}),
        member uuid REFERENCES member (id) ON DELETE CASCADE,
        state text NOT NULL CHECK (state IN ('waiting', 'done', 'given_up')),
        problem text CHECK (problem ~ '^[a-z_]+$'),
        attempts integer NOT NULL DEFAULT 0,
        made_at timestamptz NOT NULL,
        next_at timestamptz,
        sealed bytea,
        CHECK ((what = 'code') = (member IS NOT NULL)),
        CHECK ((state = 'waiting') = (sealed IS NOT NULL))
    )
    """,
    *_possible("sign_in_post", "made_at", "next_at"),
    "CREATE INDEX sign_in_post_member ON sign_in_post (member) WHERE member IS NOT NULL",
    "CREATE INDEX sign_in_post_waiting ON sign_in_post (next_at) WHERE state = 'waiting'",
    "CREATE INDEX sign_in_post_made ON sign_in_post (made_at)",
    "CREATE INDEX job_of_sign_in_post ON procrastinate_jobs ((args->>'post')) "
    "WHERE args->>'post' IS NOT NULL",
    f"""
    CREATE TABLE sign_in_link (
        digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
        kind text NOT NULL CHECK ({_KINDS}),
        member uuid REFERENCES member (id) ON DELETE CASCADE,
        officer uuid REFERENCES officer_account (id) ON DELETE CASCADE,
        settled boolean NOT NULL,
        address bytea,
        made_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        mark bytea NOT NULL,
        CHECK ({_WHO}),
        CHECK ({_CAME_BY})
    )
    """,
    *_possible("sign_in_link", "made_at", "ends_at"),
    "CREATE INDEX sign_in_link_member ON sign_in_link (member) WHERE member IS NOT NULL",
    "CREATE INDEX sign_in_link_officer ON sign_in_link (officer) WHERE officer IS NOT NULL",
    "CREATE INDEX sign_in_link_ends ON sign_in_link (ends_at)",
    """
    CREATE TABLE second_code (
        session bytea PRIMARY KEY REFERENCES person_session (digest) ON DELETE CASCADE,
        id uuid NOT NULL,
        member uuid NOT NULL REFERENCES member (id) ON DELETE CASCADE,
        made_at timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        sealed bytea NOT NULL
    )
    """,
    *_possible("second_code", "made_at"),
    "CREATE INDEX second_code_member ON second_code (member)",
    "CREATE INDEX second_code_made ON second_code (made_at)",
    """
    CREATE TABLE sign_in_try (
        id uuid PRIMARY KEY,
        what text NOT NULL CHECK (what ~ '^[a-z_]+$'),
        whose bytea NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    *_possible("sign_in_try", "at"),
    "CREATE INDEX sign_in_try_whose ON sign_in_try (whose, what, at)",
    "CREATE INDEX sign_in_try_at ON sign_in_try (at)",
    *(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO tillit_app"
        for table in (
            "officer_account",
            "officer_recovery",
            "person_session",
            "sign_in_post",
            "sign_in_link",
            "second_code",
            "sign_in_try",
        )
    ),
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
