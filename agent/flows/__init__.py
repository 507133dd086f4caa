"""From snapshots of the connection table to flow records. Pure: no I/O, no clock, no environment."""
