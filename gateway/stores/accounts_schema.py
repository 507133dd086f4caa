"""The schema of the SQLite file, version by version. Times are milliseconds from the epoch.

Steps only use what PostgreSQL accepts too, so that it can one day replace the file.
"""

import sqlite3
from pathlib import Path
from typing import Final

import orjson

from gateway.stores.migrations import Schema, Step

_VERSION_0_1: Final = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer INTEGER NOT NULL REFERENCES customers,
        name TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        password TEXT NOT NULL,
        one_time_password INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
        hash BLOB PRIMARY KEY,
        user INTEGER NOT NULL REFERENCES users,
        csrf TEXT NOT NULL,
        began_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE subscription_tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        hash BLOB NOT NULL UNIQUE,
        customer INTEGER NOT NULL REFERENCES customers,
        purpose TEXT NOT NULL,
        created_by TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        used_at INTEGER,
        revoked_at INTEGER
    ) STRICT;
    CREATE TABLE azure_subscriptions (
        customer INTEGER NOT NULL REFERENCES customers,
        subscription_id TEXT NOT NULL,
        registration TEXT NOT NULL,
        registered_at INTEGER NOT NULL,
        gone_at INTEGER,
        PRIMARY KEY (customer, subscription_id)
    ) STRICT;
    CREATE TABLE deployments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer INTEGER NOT NULL REFERENCES customers,
        name TEXT NOT NULL,
        subscription_id TEXT NOT NULL,
        saved_at INTEGER NOT NULL,
        UNIQUE (customer, name)
    ) STRICT;
    CREATE TABLE storage_accounts (
        deployment INTEGER NOT NULL REFERENCES deployments ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        region TEXT NOT NULL,
        connection_string BLOB NOT NULL,
        PRIMARY KEY (deployment, position)
    ) STRICT;
    CREATE TABLE items (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer INTEGER NOT NULL REFERENCES customers,
        name TEXT NOT NULL COLLATE NOCASE,
        addresses TEXT NOT NULL,
        system TEXT NOT NULL,
        state TEXT NOT NULL,
        UNIQUE (customer, name)
    ) STRICT;
    CREATE TABLE agents (
        customer INTEGER NOT NULL REFERENCES customers,
        id TEXT NOT NULL,
        item INTEGER NOT NULL REFERENCES items ON DELETE CASCADE,
        host TEXT NOT NULL,
        system TEXT NOT NULL,
        version TEXT NOT NULL,
        addresses TEXT NOT NULL,
        first_seen_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        behind_ms INTEGER,
        dropped INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (customer, id)
    ) STRICT;
    CREATE INDEX agents_of_items ON agents (item);
    CREATE TABLE server_traffic (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        item INTEGER NOT NULL REFERENCES items ON DELETE CASCADE,
        at INTEGER NOT NULL,
        status INTEGER NOT NULL,
        flows INTEGER,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX server_traffic_of_items ON server_traffic (item, id);
    CREATE TABLE blueprints (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer INTEGER NOT NULL REFERENCES customers,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        interval_seconds INTEGER NOT NULL,
        xml TEXT NOT NULL,
        imported_at INTEGER NOT NULL,
        UNIQUE (customer, name)
    ) STRICT;
    CREATE TABLE applied (
        item INTEGER NOT NULL REFERENCES items ON DELETE CASCADE,
        blueprint INTEGER NOT NULL REFERENCES blueprints ON DELETE CASCADE,
        PRIMARY KEY (item, blueprint)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX applied_blueprints ON applied (blueprint);
    CREATE TABLE journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer INTEGER NOT NULL REFERENCES customers,
        at INTEGER NOT NULL,
        who TEXT NOT NULL,
        deed TEXT NOT NULL,
        subject TEXT NOT NULL
    ) STRICT;
    CREATE INDEX journal_pages ON journal (customer, id);
    CREATE TABLE signing_key (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), key BLOB NOT NULL) STRICT;
"""

_STEPS: Final = (
    Step(
        "retention by customer and source, holds, and removal of customers",
        (
            """
            CREATE TABLE removals (
                customer BIGINT NOT NULL PRIMARY KEY REFERENCES customers,
                began_at BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE retention (
                customer BIGINT NOT NULL REFERENCES customers,
                source TEXT NOT NULL,
                days INTEGER NOT NULL,
                PRIMARY KEY (customer, source)
            )
            """,
            """
            CREATE TABLE holds (
                id BIGINT NOT NULL PRIMARY KEY,
                customer BIGINT NOT NULL REFERENCES customers,
                search TEXT NOT NULL,
                begins_at BIGINT NOT NULL,
                ends_at BIGINT NOT NULL,
                reason TEXT NOT NULL,
                owner TEXT NOT NULL,
                made_at BIGINT NOT NULL,
                lifted_at BIGINT
            )
            """,
            "CREATE INDEX holds_of_customers ON holds (customer)",
            """
            CREATE TABLE operator_log (
                id BIGINT NOT NULL PRIMARY KEY,
                at BIGINT NOT NULL,
                who TEXT NOT NULL,
                action TEXT NOT NULL,
                subject TEXT NOT NULL
            )
            """,
        ),
    ),
    Step(
        "kinds of tokens; those that are there keep what they could do",
        (
            "ALTER TABLE subscription_tokens ADD COLUMN kind TEXT NOT NULL DEFAULT 'ingest'",
            "UPDATE subscription_tokens SET kind = 'unrestricted'",
        ),
    ),
    Step(
        "agents are accepted one by one; those of accepted machines stay so",
        (
            """
            CREATE TABLE agent_decisions (
                item INTEGER NOT NULL REFERENCES items ON DELETE CASCADE,
                agent TEXT NOT NULL,
                standing TEXT NOT NULL,
                PRIMARY KEY (item, agent)
            )
            """,
            """
            INSERT INTO agent_decisions (item, agent, standing)
            SELECT items.id, agents.id, 'accepted' FROM agents JOIN items ON items.id = agents.item
            WHERE items.state = 'accepted'
            """,
            "ALTER TABLE agents ADD COLUMN peer TEXT NOT NULL DEFAULT ''",
        ),
    ),
    Step(
        "when the last blueprint of a machine was removed",
        (
            """
            CREATE TABLE collected (
                item INTEGER NOT NULL PRIMARY KEY REFERENCES items ON DELETE CASCADE,
                ended_at BIGINT NOT NULL
            )
            """,
        ),
    ),
    Step(
        "budgets of customers",
        (
            """
            CREATE TABLE budgets (
                customer BIGINT NOT NULL PRIMARY KEY REFERENCES customers,
                texts BIGINT,
                stored_bytes BIGINT
            )
            """,
        ),
    ),
    Step(
        "the audit log, with codes of actions and addresses",
        (
            "ALTER TABLE journal RENAME TO audit_log",
            "ALTER TABLE audit_log RENAME COLUMN deed TO action",
            "ALTER TABLE audit_log ADD COLUMN address TEXT NOT NULL DEFAULT ''",
            """
            UPDATE audit_log SET action = CASE action
                WHEN 'signed in' THEN 'signed_in'
                WHEN 'was refused to sign in' THEN 'sign_in_refused'
                WHEN 'got an auth token' THEN 'auth_token_got'
                WHEN 'changed the password' THEN 'password_changed'
                WHEN 'added a user' THEN 'user_added'
                WHEN 'removed a user' THEN 'user_removed'
                WHEN 'gave a user a new one-time password' THEN 'password_reset'
                WHEN 'made a subscription token' THEN 'token_made'
                WHEN 'revoked a subscription token' THEN 'token_revoked'
                WHEN 'saved a deployment' THEN 'deployment_saved'
                WHEN 'removed a deployment' THEN 'deployment_removed'
                WHEN 'downloaded the scripts of a deployment' THEN 'scripts_downloaded'
                WHEN 'reported a new machine' THEN 'machine_reported'
                WHEN 'saved a configuration item' THEN 'machine_saved'
                WHEN 'removed a configuration item' THEN 'machine_removed'
                WHEN 'accepted an agent' THEN 'agent_accepted'
                WHEN 'refused an agent' THEN 'agent_refused'
                WHEN 'imported a blueprint' THEN 'blueprint_imported'
                WHEN 'removed a blueprint' THEN 'blueprint_removed'
                WHEN 'began to erase records' THEN 'erasure_begun'
                WHEN 'erased records' THEN 'records_erased'
                WHEN 'set the retention' THEN 'retention_set'
                WHEN 'made a hold' THEN 'hold_made'
                WHEN 'lifted a hold' THEN 'hold_lifted'
                WHEN 'exported traffic' THEN 'traffic_exported'
                WHEN 'registered a subscription' THEN 'subscription_registered'
                WHEN 'took a subscription''s registration away' THEN 'subscription_deregistered'
                ELSE action END
            """,
            """
            UPDATE operator_log SET action = CASE action
                WHEN 'removed a customer' THEN 'customer_removed'
                WHEN 'set a budget' THEN 'budget_set'
                ELSE action END
            """,
            "DROP INDEX journal_pages",
            "CREATE INDEX audit_log_pages ON audit_log (customer, id)",
        ),
    ),
    Step(
        "registrations by subscription and deployment, and when a deployment's scripts were downloaded",
        (
            """
            CREATE TABLE registrations (
                customer BIGINT NOT NULL REFERENCES customers,
                subscription_id TEXT NOT NULL,
                deployment TEXT NOT NULL,
                registration TEXT NOT NULL,
                registered_at BIGINT NOT NULL,
                gone_at BIGINT,
                PRIMARY KEY (customer, subscription_id, deployment)
            )
            """,
            # The names are within the registrations, where only a program can read them: see `name_registrations`.
            """
            INSERT INTO registrations (customer, subscription_id, deployment, registration, registered_at, gone_at)
            SELECT customer, subscription_id, '', registration, registered_at, gone_at FROM azure_subscriptions
            """,
            "DROP TABLE azure_subscriptions",
            "ALTER TABLE registrations RENAME TO azure_subscriptions",
            """
            CREATE TABLE downloads (
                deployment INTEGER NOT NULL PRIMARY KEY REFERENCES deployments ON DELETE CASCADE,
                at BIGINT NOT NULL
            )
            """,
            """
            INSERT INTO downloads (deployment, at)
            SELECT deployments.id, max(audit_log.at) FROM deployments JOIN audit_log
                ON audit_log.customer = deployments.customer AND audit_log.subject = deployments.name
            WHERE audit_log.action = 'scripts_downloaded' GROUP BY deployments.id
            """,
        ),
    ),
)

SCHEMA: Final = Schema(
    first=3,
    make=tuple(f"{statement};" for statement in _VERSION_0_1.split(";") if statement.strip()),
    steps=_STEPS,
    begin="BEGIN IMMEDIATE",
    mark="PRAGMA user_version = {}",
)
"""The schema of `accounts.sqlite`."""


def name_registrations(connection: sqlite3.Connection) -> None:
    """Give the registrations of earlier versions the names of their deployments, in one transaction.

    This follows the step that keys them by name, and changes nothing once it is done.
    """
    rows = connection.execute("SELECT rowid, registration FROM azure_subscriptions WHERE deployment = ''").fetchall()
    if not rows:
        return
    names = [(orjson.loads(content).get("deployment", ""), row) for row, content in rows]
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany("UPDATE azure_subscriptions SET deployment = ? WHERE rowid = ?", names)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def connect(path: Path) -> sqlite3.Connection:
    """Open a file with the gateway's settings, or create an empty one."""
    connection = sqlite3.connect(path, autocommit=True, check_same_thread=False, timeout=10)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of an open file; 0 if it is empty."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
