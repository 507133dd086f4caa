"""Pages that search and summarise the flow records."""
