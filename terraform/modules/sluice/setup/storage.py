"""A storage account, called with the key of its connection string."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from urllib.parse import urlsplit

from web import Answer, request

_VERSION = "2021-08-06"
_MOST = 1


def list_containers(connection_string: str) -> Answer | None:
    """Ask an account for its containers; return None if the string has no well-formed name and key.

    The key signs the request, as Microsoft's "Authorize with Shared Key" has it, and is not sent.
    """
    parts = dict(part.split("=", 1) for part in connection_string.split(";") if "=" in part)
    account, suffix = parts.get("AccountName", ""), parts.get("EndpointSuffix", "core.windows.net")
    try:
        key = base64.b64decode(parts.get("AccountKey", ""), validate=True)
    except ValueError:
        return None
    if not key or not re.fullmatch("[a-z0-9]{3,24}", account):
        return None
    url = parts.get("BlobEndpoint", f"https://{account}.blob.{suffix}").rstrip("/")
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    signed = [
        "GET",
        *[""] * 11,
        f"x-ms-date:{now}",
        f"x-ms-version:{_VERSION}",
        f"/{account}{urlsplit(url).path or '/'}",
        "comp:list",
        f"maxresults:{_MOST}",
    ]
    signature = base64.b64encode(hmac.new(key, "\n".join(signed).encode(), hashlib.sha256).digest()).decode()
    headers = {"Authorization": f"SharedKey {account}:{signature}", "x-ms-date": now, "x-ms-version": _VERSION}
    return request("GET", f"{url}{'' if urlsplit(url).path else '/'}?comp=list&maxresults={_MOST}", headers=headers)
