"""The edge: where agents on machines poll for what to collect, and deliver what they see."""
