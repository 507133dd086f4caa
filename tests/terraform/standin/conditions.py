"""What Azure's owner and its operators did to it: locks, policies, a region that is sick."""

from dataclasses import dataclass, field

from tests.terraform.standin.table import Values


@dataclass(slots=True)
class Conditions:
    """What makes Azure refuse or change what it is sent.

    Attributes:
        locks: Scopes under which nothing is removed.
        denied: Types that a policy refuses, with its name.
        added_tags: What a policy adds to the tags of whatever carries some.
        purge_protection: Whether a policy turns it on for every vault.
        keeps_deleted: Whether nobody may purge what was deleted.
        sick: Locations in which the hosts of function apps do not answer.
    """

    locks: list[str] = field(default_factory=list)
    denied: dict[str, str] = field(default_factory=dict)
    added_tags: dict[str, str] = field(default_factory=dict)
    purge_protection: bool = False
    keeps_deleted: bool = False
    sick: set[str] = field(default_factory=set)

    def modified(self, kind: str, values: Values) -> Values:
        """What policies make of a resource that is sent."""
        changed = dict(values)
        in_arm = kind.startswith("azurerm_") and kind != "azurerm_key_vault_secret"
        if self.added_tags and in_arm and "tags" in values:
            changed["tags"] = (values["tags"] or {}) | self.added_tags
        if self.purge_protection and kind == "azurerm_key_vault":
            changed["purge_protection_enabled"] = True
        return changed

    def lock_on(self, resource_id: str) -> str | None:
        """The scope of a lock that keeps a resource, if there is one."""
        under = (lock for lock in self.locks if f"{resource_id}/".lower().startswith(f"{lock}/".lower()))
        return next(under, None)
