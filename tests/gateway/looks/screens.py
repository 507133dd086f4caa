"""Every screen of the console: each page, with the states that look different."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page

from gateway.console import links
from gateway.console.help.documents import DOCS
from tests.gateway.looks.customers import PASSWORD, Viewer


def _nothing(_page: Page) -> None:
    """Look at the page as it is opened."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A page in a state.

    Attributes:
        name: What it is called, also in the name of its picture.
        route: The path of the page's route; empty for pages that have none.
        address: Where it is opened; `{machine}`, `{blueprint}` and `{record}` stand for those of the stage.
        viewer: Who opens it.
        status: The status that the gateway answers with, at the end.
        act: What the person does there before one looks. It works without scripts.
    """

    name: str
    route: str
    address: str
    viewer: Viewer = Viewer.ADMINISTRATOR
    status: int = 200
    act: Callable[[Page], None] = _nothing


def _page(name: str, route: str, query: str = "", **more: Any) -> Screen:
    return Screen(name, route, route + query, **more)


def _open(*summaries: str) -> Callable[[Page], None]:
    """Open the details whose summaries have these names."""

    def act(page: Page) -> None:
        for summary in summaries:
            page.locator("summary").filter(has_text=summary).first.click()

    return act


def _open_names(page: Page) -> None:
    """Open what is cut."""
    for each in page.locator("details.long > summary").all()[:3]:
        each.click()


def _open_record(page: Page) -> None:
    page.locator("table.records summary").first.click()
    page.locator("tr.details a").first.wait_for()
    page.wait_for_load_state("networkidle")


def _open_menu(page: Page) -> None:
    """Open the menu where it is behind a button."""
    button = page.get_by_role("button", name="Menu")
    if button.is_visible():
        button.click()


def _press(name: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_role("button", name=name, exact=True).click()
        page.get_by_role("alert").or_(page.locator("[aria-invalid=true]")).first.wait_for()

    return act


def _sign_in_wrongly(page: Page) -> None:
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill(PASSWORD[::-1])
    _press("Sign in")(page)


def _create_token(page: Page) -> None:
    page.get_by_label("Purpose").fill("Made to be looked at")
    page.get_by_role("radio", name="ingest").check()
    page.get_by_role("button", name="Create token").click()
    page.get_by_role("heading", name="Token created").wait_for()


def _add_user(page: Page) -> None:
    page.get_by_label("User name").fill(f"looks-{secrets.token_hex(4)}")
    page.locator("#role-reader").check()
    page.get_by_role("button", name="Add user").click()
    page.get_by_role("heading", name="One-time password").wait_for()


_FLOW_LOGS: Final = f"{links.FLOW_LOGS}/{{name}}"
_CONFIGURED: Final = f"{links.FLOW_LOGS}/azure-production"
_MACHINE: Final = f"{links.MACHINES}/{{number}}"
_TRAFFIC: Final = (
    ("home", links.HOME),
    ("traffic", links.TRAFFIC),
    ("conversations", links.CONVERSATIONS),
    ("timeline", links.TIMELINE),
    ("top", links.TOP),
    ("rules", links.RULES),
    ("exposed", links.EXPOSED),
)
_SET_UP: Final = (
    ("flow-logs", links.FLOW_LOGS),
    ("tokens", links.TOKENS),
    ("registrations", links.REGISTRATIONS),
    ("items", links.MACHINES),
    ("attributes", links.ATTRIBUTES),
    ("blueprints", links.BLUEPRINTS),
    ("retention", links.RETENTION),
    ("storage", links.STORAGE),
    ("audit-log", links.AUDIT_LOG),
    ("account", links.ACCOUNT),
)
SCREENS: Final = (
    *(_page(f"{name}-of-nothing", route, viewer=Viewer.BEGINNER) for name, route in (*_TRAFFIC, *_SET_UP)),
    *(_page(name, route, "?range=7d") for name, route in _TRAFFIC),
    *(_page(name, route) for name, route in _SET_UP),
    *(_page(f"{name}-for-a-reader", route, viewer=Viewer.READER) for name, route in _SET_UP),
    _page("menu", links.TRAFFIC, act=_open_menu),
    _page("traffic-searched", links.TRAFFIC, "?q=-src:private+dport:22,443", act=_open("What can be searched")),
    _page("traffic-columns", links.TRAFFIC, act=_open("Columns")),
    _page("traffic-opened", links.TRAFFIC, act=_open_record),
    _page("traffic-not-understood", links.TRAFFIC, "?q=vedrict:deny", status=422),
    _page("traffic-of-no-such-range", links.TRAFFIC, "?range=x", status=422),
    _page("traffic-not-found", links.TRAFFIC, "?q=dport:1"),
    _page("rules-opened", links.RULES, "?range=7d", act=_open_names),
    _page("top-rules", links.TOP, "?range=7d&by=rule", act=_open_names),
    _page("top-pairs", links.TOP, "?range=7d&by=pair"),
    _page("timeline-as-a-table", links.TIMELINE, "?range=7d", act=_open("As a table")),
    Screen("record", links.RECORD, "{record}"),
    Screen("record-gone", links.RECORD, f"{links.RECORD}?at=1.2.3", status=404),
    Screen("deployment", _FLOW_LOGS, _CONFIGURED),
    Screen("deployment-change", f"{_FLOW_LOGS}/edit", f"{_CONFIGURED}/edit"),
    _page("deployment-new", f"{links.FLOW_LOGS}/new"),
    _page("deployment-wrong", f"{links.FLOW_LOGS}/new", status=422, act=_press("Save")),
    _page("token-wrong", links.TOKENS, status=422, act=_press("Create token")),
    _page("token-made", links.TOKENS, act=_create_token),
    Screen("item", _MACHINE, f"{links.MACHINES}/{{machine}}"),
    Screen("item-for-a-reader", _MACHINE, f"{links.MACHINES}/{{machine}}", viewer=Viewer.READER),
    _page("items-not-found", links.MACHINES, "?name=nothing"),
    _page("item-new", f"{links.MACHINES}/new"),
    _page("item-wrong", f"{links.MACHINES}/new", status=422, act=_press("Save")),
    Screen("attribute", f"{links.ATTRIBUTES}/{{number}}", f"{links.ATTRIBUTES}/{{machine}}"),
    _page("hold-wrong", links.RETENTION, status=422, act=_press("Create hold")),
    _page("blueprint-wrong", links.BLUEPRINTS, status=422, act=_press("Import")),
    _page("blueprint-new", f"{links.BLUEPRINTS}/new"),
    _page("blueprint-new-wrong", f"{links.BLUEPRINTS}/new", status=422, act=_press("Save")),
    Screen("blueprint", f"{links.BLUEPRINTS}/{{number}}/edit", f"{links.BLUEPRINTS}/{{blueprint}}/edit"),
    _page("users", links.USERS),
    _page("user-wrong", links.USERS, status=422, act=_press("Add user")),
    _page("user-added", links.USERS, status=201, act=_add_user),
    _page("sign-in", links.SIGN_IN, viewer=Viewer.NOBODY),
    _page("sign-in-refused", links.SIGN_IN, viewer=Viewer.NOBODY, status=401, act=_sign_in_wrongly),
    _page("one-time-password", links.ACCOUNT, viewer=Viewer.NEWCOMER),
    _page("account-wrong", links.ACCOUNT, status=422, act=_press("Change the password")),
    _page("help", links.HELP),
    *(
        Screen(f"help-{document.stem}", f"{links.HELP}/{{name}}", links.help_url(document.stem))
        for document in sorted(DOCS.glob("*.md"))
        if document.stem != "README"
    ),
    Screen("not-found", "", "/nowhere", status=404),
    Screen("not-found-by-nobody", "", "/nowhere", viewer=Viewer.NOBODY, status=404),
    Screen("refused", f"{links.FLOW_LOGS}/new", f"{links.FLOW_LOGS}/new", viewer=Viewer.READER, status=403),
)
NOT_PAGES: Final = frozenset(
    {
        f"{links.TRAFFIC}/export.{{suffix}}",
        f"{links.AUDIT_LOG}/export.{{suffix}}",
        f"{links.BLUEPRINTS}/shipped",
        f"{links.BLUEPRINTS}/{{number}}/export",
        f"{links.HELP}/diagrams/{{name}}",
        "/setup/journal",
        "/static/{name:path}",
    }
)
"""Paths that are answered with a file or a redirection."""
