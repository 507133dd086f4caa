"""The API gateway, as the function app sees it: its address, its token, its answers."""
