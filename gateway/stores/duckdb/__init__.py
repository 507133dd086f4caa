"""Flow records in one DuckDB file, which one process owns: what implements `gateway.traffic.store`."""
