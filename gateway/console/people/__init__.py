"""Pages about users and what they did."""
