"""What the gateway keeps: accounts in SQLite, flow records behind the protocol of `gateway.traffic.store`."""
