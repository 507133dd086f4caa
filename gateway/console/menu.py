"""The menu: the pages that it leads to, in the groups in which people look for them."""

from dataclasses import dataclass
from typing import Final

from gateway.console import links


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu.

    Attributes:
        address: Its address, which also begins those of the pages below it.
        name: What the menu calls it.
        for_administrators: Whether nobody else may open it.
    """

    address: str
    name: str
    for_administrators: bool = False

    def is_current(self, path: str) -> bool:
        """Return whether a path is that of the page, or of one below it."""
        return path == self.address or (self.address != links.HOME and path.startswith(f"{self.address}/"))


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together.

    Attributes:
        name: What they have in common.
        entries: The pages.
        of_traffic: Whether they keep the search and the time from one to another.
        is_named: Whether the name is shown.
    """

    name: str
    entries: tuple[Entry, ...]
    of_traffic: bool = False
    is_named: bool = True


GROUPS: Final = (
    Group("Start", (Entry(links.HOME, "Home"),), of_traffic=True, is_named=False),
    Group(
        "Explore › Network",  # noqa: RUF001 - as in the paths of its pages
        (
            Entry(links.TRAFFIC, "Traffic List"),
            Entry(links.CONVERSATIONS, "Conversations"),
            Entry(links.TIMELINE, "Timeline"),
            Entry(links.TOP, "Top"),
            Entry(links.RULES, "Rules"),
            Entry(links.EXPOSED, "Exposed"),
        ),
        of_traffic=True,
    ),
    Group(
        "Configuration › Azure",  # noqa: RUF001 - as in the paths of its pages
        (
            Entry(links.FLOW_LOGS, "Flow logs"),
            Entry(links.TOKENS, "Tokens"),
            Entry(links.REGISTRATIONS, "Registrations"),
        ),
    ),
    Group(
        "Configuration",
        (
            Entry(links.MACHINES, "Configuration Items"),
            Entry(links.ATTRIBUTES, "Attributes"),
            Entry(links.BLUEPRINTS, "Blueprints"),
        ),
    ),
    Group(
        "Administration",
        (
            Entry(links.USERS, "Users", for_administrators=True),
            Entry(links.RETENTION, "Retention"),
            Entry(links.STORAGE, "Storage"),
            Entry(links.AUDIT_LOG, "Audit log"),
        ),
    ),
)
"""All of the menu, apart from what is about the user."""
OF_THE_USER: Final = (Entry(links.HELP, "Help"), Entry(links.ACCOUNT, "Your account"))
"""The pages beside the menu."""


def name_of(path: str) -> str:
    """Return what the menu calls the page of a path; nothing if the page is not in it."""
    entries = (*(entry for group in GROUPS for entry in group.entries), *OF_THE_USER)
    return next((entry.name for entry in entries if entry.is_current(path)), "")
