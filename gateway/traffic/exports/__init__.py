"""Flow records as files: a stream of records in, a stream of bytes out, and never all of them in memory."""
