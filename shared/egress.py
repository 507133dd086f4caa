"""Outgoing connections: the trusted certificate authorities and the proxy, as set in the environment.

requests, and with it the Azure libraries, read REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) and the proxies' variables by
themselves; SSL_CERT_FILE they do not read.
"""

import ssl
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from requests.exceptions import InvalidProxyURL, InvalidSchema, InvalidURL, ProxyError

from shared.errors import SettingError
from shared.pasted import flaws

_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""In order of precedence."""
_OF_A_PROXY: Final = (ProxyError, InvalidProxyURL, InvalidSchema, InvalidURL)
"""What only a proxy's address can cause, since all other addresses were checked with the settings."""
_UNKNOWN_AUTHORITY: Final = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's numbers for a certificate whose issuer is not known or not trusted (openssl-verification-options)."""


def check_authorities(environment: Mapping[str, str]) -> None:
    """Check that the authorities to trust can be read: otherwise each request would end in a file system error.

    Raises:
        SettingError: They can't; the message names the variable and not its value.
    """
    name = next((name for name in _BUNDLES if environment.get(name)), None)
    if name is None:
        return
    path = Path(environment[name])
    try:
        if not path.exists():
            why = next(flaws(environment[name], name), "names a file that is not there. Give the path of a PEM file.")
            raise SettingError(f"The setting {name} {why}")
        if path.is_file():
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ValueError):
        raise SettingError(
            f"The setting {name} names a file that can't be read as certificates. Give the path of a PEM file."
        ) from None


def matters(environment: Mapping[str, str]) -> bool:
    """Return whether the environment says anything about outgoing connections.

    Where it does not, clients are told not to look, since they would look through all of it at each request.
    """
    # Elsewhere than on Linux proxies are also in the system's settings.
    names = {name.lower() for name, value in environment.items() if value}
    return sys.platform != "linux" or any(name.endswith("_proxy") or name.upper() in _BUNDLES for name in names)


def advice(error: BaseException) -> str:
    """Return what to do about an outgoing connection's error, as a sentence after a space; "" where that is unknown."""
    for cause in _causes(error):
        if isinstance(cause, _OF_A_PROXY):
            return (
                " The proxy that HTTPS_PROXY names can't be reached, refuses, or is not an address such as "
                "http://proxy.example.com:3128. Check HTTPS_PROXY, and NO_PROXY for what needs no proxy."
            )
        if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in _UNKNOWN_AUTHORITY:
            return (
                " Its certificate is from an authority that is not trusted. If that is your own, or that of a proxy "
                "that inspects TLS, set REQUESTS_CA_BUNDLE to a PEM file of all authorities to trust."
            )
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    # The libraries keep the original error as a cause, as an argument, or under other names.
    seen: set[int] = set()
    left = [error]
    while left:
        each = left.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            own = (getattr(each, name, None) for name in ("__cause__", "__context__", "inner_exception", "reason"))
            left += [cause for cause in (*own, *each.args) if isinstance(cause, BaseException)]
