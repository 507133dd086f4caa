"""Pages of what is stored and how long it is kept."""
