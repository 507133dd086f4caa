"""Azure Storage: the log blobs that are read, and what Sluice keeps in the function's own account."""
