"""What the gateway stores: accounts in SQLite, flow records in DuckDB."""
