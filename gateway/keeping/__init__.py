"""Retention: which records have expired, and which of them a hold keeps."""
