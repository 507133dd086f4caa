"""A terminal, as the commands see it."""

import io


class Terminal(io.StringIO):
    """Somebody at a terminal who types."""

    def isatty(self) -> bool:
        return True
