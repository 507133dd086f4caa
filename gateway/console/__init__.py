"""The console: pages on which a security or network engineer sets Sluice up and sees the traffic."""
