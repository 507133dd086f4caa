"""Getting records to the edge: what is not there yet is on disk."""
