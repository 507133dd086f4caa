"""Azure Resource Manager, read with one subscription's token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from web import request

_MOST_PAGES = 50


@dataclass(frozen=True)
class Cloud:
    """Where one of Azure's clouds is reached."""

    management: str
    graph: str


CLOUDS = {
    "core.chinacloudapi.cn": Cloud("https://management.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
    "core.usgovcloudapi.net": Cloud("https://management.usgovcloudapi.net", "https://graph.microsoft.us"),
    "core.windows.net": Cloud("https://management.azure.com", "https://graph.microsoft.com"),
}


@dataclass(frozen=True)
class Management:
    """One subscription."""

    subscription: str
    cloud: Cloud
    token: str

    def get(self, path: str, version: str) -> dict[str, Any] | None:
        """Read a resource; None if that is not possible, empty if it does not exist."""
        return read_json(f"{self.cloud.management}{path}{'&' if '?' in path else '?'}api-version={version}", self.token)

    def list(self, path: str, version: str) -> list[dict[str, Any]] | None:
        """Read all pages of a list; None if that is not possible."""
        page, each = self.get(path, version), []
        for _ in range(_MOST_PAGES):
            values = page.get("value") if page else None
            if not isinstance(values, list):
                return None
            each += [value for value in values if isinstance(value, dict)]
            further = page.get("nextLink") if page else None
            if not further:
                return each
            # the token goes only to this cloud
            if urlsplit(str(further)).netloc != urlsplit(self.cloud.management).netloc:
                return None
            page = read_json(str(further), self.token)
        return None

    def post(self, path: str, version: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Ask a question that has a body; return None if there is no answer to it."""
        answer = request(
            "POST",
            f"{self.cloud.management}{path}?api-version={version}",
            headers={"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
            bearer=self.token,
        )
        said = answer.json() if answer.status == 200 else None  # noqa: PLR2004
        return said if isinstance(said, dict) else None


def read_json(url: str, token: str) -> dict[str, Any] | None:
    """Read an object; None if that is not possible, empty if it does not exist."""
    answer = request("GET", url, bearer=token)
    if answer.status == 404:  # noqa: PLR2004
        return {}
    said = answer.json() if answer.status == 200 else None  # noqa: PLR2004
    return said if isinstance(said, dict) else None
