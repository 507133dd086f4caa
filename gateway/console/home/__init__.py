"""The home page: what needs attention, and how the records flow."""
