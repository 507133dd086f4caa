"""Connection strings of storage accounts. No message repeats any part of one."""

import re
from typing import Final

_PATTERNS: Final = {
    "AccountName": re.compile(r"[a-z0-9]{3,24}"),
    "AccountKey": re.compile(r"[A-Za-z0-9+/]+={0,2}"),
    "EndpointSuffix": re.compile(r"core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)"),
    "DefaultEndpointsProtocol": re.compile("https"),
}
"""What the Terraform module accepts: the required and known parts, and their patterns."""
_NEEDED: Final = ("AccountName", "AccountKey")
_QUOTES: Final = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_COPY: Final = "Copy all of it from the storage account's access keys in the portal."


def error_in(text: str, account: str | None) -> str:
    """Return what is wrong with a connection string.

    Args:
        text: The connection string.
        account: The name of the account that it should belong to; None if that name is itself wrong.

    Returns:
        A sentence, or an empty text if nothing is wrong.
    """
    error = _pasted_along(text)
    if error:
        return error
    parts: dict[str, str] = {}
    for part in filter(None, text.split(";")):
        name, equals, value = part.partition("=")
        known = next((each for each in _PATTERNS if each.lower() == name.lower()), name.lower())
        if not equals or known in parts:
            what = "These are two connection strings" if equals else "This is not a connection string"
            return f"{what}. {_COPY}"
        parts[known] = value
    for name in _NEEDED:
        if name not in parts:
            return f"{name} is missing in this connection string. {_COPY}"
    for name, pattern in _PATTERNS.items():
        if name in parts and not pattern.fullmatch(parts[name]):
            return f"{name} in this connection string does not have Azure's format. {_COPY}"
    if account is not None and parts["AccountName"] != account:
        return (
            "This connection string belongs to another storage account. Correct the account's name, or copy the right "
            "connection string."
        )
    return ""


def _pasted_along(text: str) -> str:
    """Return what is wrong with characters that no connection string contains."""
    if any(mark in text for mark in _QUOTES):
        return "This connection string has quotation marks around it or in it. Remove them."
    if any(mark.isspace() for mark in text):
        return f"This connection string has a space or a line break in it. {_COPY}"
    if not text.isascii() or not text.isprintable():
        return (
            f"This connection string contains characters that can't be right, some of which may be invisible. {_COPY}"
        )
    if len(text) > 1000:  # noqa: PLR2004 - three times the longest
        return f"This is not a connection string. {_COPY}"
    return ""


def cloud_of(text: str) -> str:
    """Return the domain of the cloud that a connection string belongs to."""
    found = re.search(r"(?:^|;)EndpointSuffix=([^;]+)", text, re.IGNORECASE)
    return found[1] if found else "core.windows.net"
