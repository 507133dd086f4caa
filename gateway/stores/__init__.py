"""What the gateway keeps: accounts in SQLite, flow records in DuckDB."""
