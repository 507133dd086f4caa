"""Pages that search the flow records and add them up."""
