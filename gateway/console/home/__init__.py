"""The first page: what needs attention, and how the records flow."""
