"""Addresses of services in settings: well-formed, nothing but an address, and encrypted on the way."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from shared.errors import SettingError

_PUNCTUATION: Final = "-._:"


def service_address(name: str, text: str) -> str:
    """Return the address of a service without a trailing slash.

    Args:
        name: What it is called in messages.
        text: The address; https, except on loopback.

    Raises:
        SettingError: It is not one; the message names it and not its value.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port_is_fine = parts.port is None or parts.port > 0
        host.encode("idna")  # as it is looked up: no label is empty or too long
    except ValueError:
        host, port_is_fine = "", False
    whole = port_is_fine and _is_host(host) and text.isprintable() and " " not in text
    if not whole or parts.scheme not in {"http", "https"}:
        raise SettingError(
            f"The setting {name} is not a valid web address. It should look like https://name.example.com."
        )
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise SettingError(f"The setting {name} has more than an address. Leave out user, password, ? and #.")
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingError(f"The setting {name} begins with http://, which anyone on the way can read. Use https://.")
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_host(host: str) -> bool:
    return host.strip(_PUNCTUATION) != "" and all(each.isalnum() or each in _PUNCTUATION for each in host)
