"""What the SQLite file holds. Times are milliseconds from the epoch."""

from typing import Final

SCHEMA_VERSION: Final = 3
SCHEMA: Final = f"""
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
    PRAGMA user_version = {SCHEMA_VERSION};
"""
