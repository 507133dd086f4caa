"""The API gateway, seen from the function: its address, its token, its answers."""
