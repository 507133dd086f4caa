"""What whoever runs the gateway asks of it, over a socket in its data directory."""
