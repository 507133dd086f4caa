"""The console: pages where a security or network engineer sets up Sluice and explores the traffic."""
