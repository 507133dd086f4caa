"""Errors that keep the host from running an app."""


class HostError(Exception):
    """The app can't be run; the message says what is wrong, where, and what to do."""
