"""Asking the records: what a search box may say, and what is answered."""
