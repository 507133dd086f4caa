"""Pages of whoever signs in, and of what they did."""
