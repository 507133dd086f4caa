"""Pages for setting up flow logs: tokens, storage accounts, scripts, registrations."""
