"""The edge: where agents on machines ask what to collect, and deliver what they see."""
