"""Pages by which flow logs are set up: tokens, storage accounts, scripts, registrations."""
