"""Registrations, as `terraform apply` sends them."""

from typing import Any

ID = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
PATH = f"/qas/azure/subscriptions/{ID}"


def registration(**changes: Any) -> dict[str, Any]:
    """A registration, apart from what is changed."""
    return {
        "tenantId": "11111111-1bf0-4dda-aec3-cb9272f09590",
        "applicationId": "22222222-1bf0-4dda-aec3-cb9272f09590",
        "credential": "planted-secret",
        "deployment": "sluice-0a1b2c3d",
        "regions": [{"location": "eastus", "storageAccount": "flowlogsone", "functionApp": "sluice-location1"}],
    } | changes
