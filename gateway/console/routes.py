"""The routes of the console's pages."""

from datetime import timedelta
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.clock import Clock
from gateway.console import links
from gateway.console.access import Access, Endpoint, Handler
from gateway.console.compression import page
from gateway.console.console import Console
from gateway.console.csrf import FormTokens
from gateway.console.errors import PageError, not_found, refused
from gateway.console.help.page import HelpPage
from gateway.console.home.attention import Attention
from gateway.console.home.home import Home
from gateway.console.machines.agents import AgentsPage
from gateway.console.machines.attributes import AttributesPage
from gateway.console.machines.blueprint_form import BlueprintForm
from gateway.console.machines.blueprints import BlueprintsPage
from gateway.console.machines.items import ItemsPage
from gateway.console.pages import Pages
from gateway.console.people.account import Account
from gateway.console.people.audit_log import AuditLogPage
from gateway.console.people.devices import Devices
from gateway.console.people.sign_in import SignIn
from gateway.console.people.users import UsersPage
from gateway.console.setup.download import ScriptsPage
from gateway.console.setup.flow_logs import FlowLogsPage
from gateway.console.setup.registrations import RegistrationsPage
from gateway.console.setup.tokens import TokensPage
from gateway.console.static_files import StaticFiles
from gateway.console.storage.budgets import StoragePage
from gateway.console.storage.retention import RetentionPage
from gateway.console.traffic import exposed, rules, timeline
from gateway.console.traffic.conversations import Conversations
from gateway.console.traffic.export import Export
from gateway.console.traffic.list import TrafficList
from gateway.console.traffic.record import RecordPage
from gateway.console.traffic.record_pages import RecordPages
from gateway.console.traffic.top import TopPage
from gateway.console.visitor import Visitor
from gateway.limits import Limits
from gateway.signing_in import SigningIn
from gateway.site import Site
from gateway.slots import Slots
from gateway.stores.errors import StoreError
from gateway.stores.stores import Stores


class Routes:
    """All pages, including error pages.

    Attributes:
        all: The routes.
    """

    def __init__(
        self,
        stores: Stores,
        site: Site,
        signing_in: SigningIn,
        limits: Limits,
        clock: Clock,
        slots: Slots,
        records_life: timedelta | None,
    ) -> None:
        static = StaticFiles()
        self._pages = Pages(static)
        fingerprint = stores.accounts.fingerprint()
        key = stores.accounts.signing_key()
        self._access = Access(stores.sessions, FormTokens(key), site, limits, clock, fingerprint)
        devices = Devices(key, fingerprint, encrypted=site.encrypted)
        console = Console(self._pages, stores, site, limits, clock)
        self.all = [
            *self._of_people(console, devices, signing_in, slots),
            *self._of_traffic(console, slots),
            *self._of_setup(console),
            *self._of_machines(console),
            *self._of_storage(console, records_life),
            *self._of_help(console),
            Route("/static/{name:path}", static.get, methods=["GET"]),
        ]

    def _of_people(self, console: Console, devices: Devices, signing_in: SigningIn, slots: Slots) -> list[Route]:
        access = self._access
        sign_in = SignIn(console, access, devices, signing_in)
        account = Account(console, access, signing_in)
        audit_log, users = AuditLogPage(console, slots), UsersPage(console)
        return [
            page(links.SIGN_IN, access.everybody(sign_in.get)),
            form(links.SIGN_IN, access.everybody(sign_in.post)),
            form(links.SIGN_OUT, access.with_any_password(sign_in.sign_out)),
            page(links.ACCOUNT, access.with_any_password(account.get)),
            form(links.ACCOUNT, access.with_any_password(account.post)),
            page(links.USERS, access.administrator(users.get)),
            form(links.USERS, access.administrator(users.post)),
            form(f"{links.USERS}/{{number}}/role", access.administrator(users.change)),
            form(f"{links.USERS}/{{number}}/password", access.administrator(users.reset)),
            form(f"{links.USERS}/{{number}}/remove", access.administrator(users.remove)),
            page(links.AUDIT_LOG, access.reader(audit_log.get)),
            Route(f"{links.AUDIT_LOG}/export.{{suffix}}", access.reader(audit_log.export), methods=["GET"]),
            page("/setup/journal", access.reader(moved_to(links.AUDIT_LOG))),
        ]

    def _of_traffic(self, console: Console, slots: Slots) -> list[Route]:
        access = self._access
        records = RecordPages(console, slots)
        return [
            page(links.HOME, access.reader(Home(records, Attention(console)).get)),
            page(links.TRAFFIC, access.reader(TrafficList(records).get)),
            Route(f"{links.TRAFFIC}/export.{{suffix}}", access.reader(Export(console, records).get), methods=["GET"]),
            page(links.RECORD, access.reader(RecordPage(records).get)),
            page(links.CONVERSATIONS, access.reader(Conversations(records).get)),
            page(links.TIMELINE, access.reader(records.page("traffic/timeline.html", timeline.answer))),
            page(links.TOP, access.reader(TopPage(records).get)),
            page(links.RULES, access.reader(records.page("traffic/rules.html", rules.answer))),
            page(links.EXPOSED, access.reader(records.page("traffic/exposed.html", exposed.answer))),
        ]

    def _of_setup(self, console: Console) -> list[Route]:
        access = self._access
        tokens, flow_logs = TokensPage(console), FlowLogsPage(console)
        scripts, registrations = ScriptsPage(console), RegistrationsPage(console)
        return [
            page(links.TOKENS, access.reader(tokens.get)),
            form(links.TOKENS, access.administrator(tokens.post)),
            form(f"{links.TOKENS}/{{number}}/revoke", access.administrator(tokens.revoke)),
            page(links.FLOW_LOGS, access.reader(flow_logs.overview)),
            page(f"{links.FLOW_LOGS}/new", access.administrator(flow_logs.new)),
            form(f"{links.FLOW_LOGS}/new", access.administrator(flow_logs.add)),
            page(f"{links.FLOW_LOGS}/{{name}}", access.reader(flow_logs.details)),
            page(f"{links.FLOW_LOGS}/{{name}}/edit", access.administrator(flow_logs.edit)),
            form(f"{links.FLOW_LOGS}/{{name}}/edit", access.administrator(flow_logs.replace)),
            form(f"{links.FLOW_LOGS}/{{name}}/remove", access.administrator(flow_logs.remove)),
            form(f"{links.FLOW_LOGS}/{{name}}/scripts", access.administrator(scripts.post)),
            page(links.REGISTRATIONS, access.reader(registrations.get)),
            form(f"{links.REGISTRATIONS}/{{key}}/end", access.administrator(registrations.end)),
        ]

    def _of_machines(self, console: Console) -> list[Route]:
        access = self._access
        items, agents = ItemsPage(console), AgentsPage(console)
        attributes, blueprints, blueprint = AttributesPage(console), BlueprintsPage(console), BlueprintForm(console)
        return [
            page(links.MACHINES, access.reader(items.overview)),
            page(f"{links.MACHINES}/new", access.administrator(items.new)),
            form(f"{links.MACHINES}/new", access.administrator(items.add)),
            page(f"{links.MACHINES}/{{number}}", access.reader(items.editor)),
            form(f"{links.MACHINES}/{{number}}", access.administrator(items.save)),
            form(f"{links.MACHINES}/{{number}}/remove", access.administrator(items.remove)),
            form(f"{links.MACHINES}/{{number}}/agents/{{agent}}/accept", access.administrator(agents.accept)),
            form(f"{links.MACHINES}/{{number}}/agents/{{agent}}/refuse", access.administrator(agents.refuse)),
            page(links.ATTRIBUTES, access.reader(attributes.overview)),
            page(f"{links.ATTRIBUTES}/{{number}}", access.reader(attributes.history)),
            page(links.BLUEPRINTS, access.reader(blueprints.get)),
            form(links.BLUEPRINTS, access.administrator(blueprints.post)),
            page(f"{links.BLUEPRINTS}/new", access.administrator(blueprint.new)),
            form(f"{links.BLUEPRINTS}/new", access.administrator(blueprint.add)),
            page(f"{links.BLUEPRINTS}/{{number}}/edit", access.administrator(blueprint.edit)),
            form(f"{links.BLUEPRINTS}/{{number}}/edit", access.administrator(blueprint.replace)),
            Route(f"{links.BLUEPRINTS}/shipped", access.reader(blueprints.shipped), methods=["GET"]),
            Route(f"{links.BLUEPRINTS}/{{number}}/export", access.reader(blueprints.export), methods=["GET"]),
            form(f"{links.BLUEPRINTS}/{{number}}/remove", access.administrator(blueprints.remove)),
        ]

    def _of_storage(self, console: Console, records_life: timedelta | None) -> list[Route]:
        access = self._access
        retention = RetentionPage(console, records_life)
        return [
            page(links.STORAGE, access.reader(StoragePage(console).get)),
            page(links.RETENTION, access.reader(retention.get)),
            form(links.RETENTION, access.administrator(retention.post)),
            form(f"{links.RETENTION}/holds", access.administrator(retention.hold)),
            form(f"{links.RETENTION}/holds/{{number}}/lift", access.administrator(retention.lift)),
        ]

    def _of_help(self, console: Console) -> list[Route]:
        access = self._access
        documents = HelpPage(console)
        return [
            page(links.HELP, access.reader(documents.index)),
            page(f"{links.HELP}/{{name}}", access.reader(documents.document)),
            page(f"{links.HELP}/diagrams/{{name}}", access.reader(documents.diagram)),
        ]

    async def on_page_error(self, request: Request, error: Exception) -> Response:
        """Answer one of our own errors."""
        assert isinstance(error, PageError)  # noqa: S101 - registered for this class alone
        return await self._error(request, error)

    async def on_store_error(self, request: Request, error: Exception) -> Response:
        """Answer a store's error, by its remedy."""
        assert isinstance(error, StoreError)  # noqa: S101 - registered for this class alone
        return await self._error(request, refused(error))

    async def on_http_exception(self, request: Request, error: Exception) -> Response:
        """Answer the router's error: an unknown path or method."""
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        if error.status_code == HTTPStatus.NOT_FOUND:
            return await self._error(request, not_found("page"))
        message = f"This page does not accept {request.method}. Open it from the menu."
        return await self._error(request, PageError(error.status_code, message, error.headers))

    async def on_failure(self, request: Request, _error: Exception) -> Response:
        """Answer a fault of the gateway. Its traceback goes only to the operator's log."""
        failure = PageError(500, "The gateway failed on this request. Try again; the gateway's log has the reason.")
        return self._page(request, None, failure)

    async def on_storage_error(self, request: Request, _error: Exception) -> Response:
        """Answer a failure of the storage, which may also be unable to say who has signed in."""
        message = "The gateway's storage failed. Check for a full disk, then restart the gateway."
        return self._page(request, None, PageError(503, message, {"Retry-After": "30"}))

    async def _error(self, request: Request, error: PageError) -> Response:
        return self._page(request, await self._access.visitor(request), error)

    def _page(self, request: Request, visitor: Visitor | None, error: PageError) -> Response:
        title = HTTPStatus(error.status).phrase
        return self._pages.render(
            request, visitor, "error.html", status=error.status, headers=error.headers, title=title, error=error
        )


def form(path: str, endpoint: Endpoint) -> Route:
    """Return the route of a form, which is sent with POST."""
    return Route(path, endpoint, methods=["POST"])


def moved_to(path: str) -> Handler:
    """Return the handler for a page's former address, which redirects to the new one with the same query."""

    async def endpoint(request: Request, _visitor: Visitor) -> Response:
        return RedirectResponse(f"{path}?{request.url.query}" if request.url.query else path, 308)

    return endpoint
