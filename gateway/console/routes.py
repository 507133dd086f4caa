"""The pages of the console, each under its address."""

from datetime import timedelta
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.clock import Clock
from gateway.console.account import Account
from gateway.console.agents_page import AgentsPage
from gateway.console.asking import Asking
from gateway.console.attention import Attention
from gateway.console.attributes_page import AttributesPage
from gateway.console.blueprints_page import BlueprintsPage
from gateway.console.compression import page
from gateway.console.conversations import Conversations
from gateway.console.devices import Devices
from gateway.console.errors import PageError, not_found
from gateway.console.export import Export
from gateway.console.exposed import ExposedPage
from gateway.console.flow_logs_page import FlowLogsPage
from gateway.console.help.page import HelpPage
from gateway.console.home import Home
from gateway.console.items_page import ItemsPage
from gateway.console.journal_page import JournalPage
from gateway.console.pages import Pages
from gateway.console.record import RecordPage
from gateway.console.registrations_page import RegistrationsPage
from gateway.console.retention_page import RetentionPage
from gateway.console.rules import RulesPage
from gateway.console.scripts_page import ScriptsPage
from gateway.console.session import Door
from gateway.console.sign_in import SignIn
from gateway.console.static_files import StaticFiles
from gateway.console.storage_page import StoragePage
from gateway.console.timeline import TimelinePage
from gateway.console.tokens_page import TokensPage
from gateway.console.top import TopPage
from gateway.console.traffic import TrafficList
from gateway.console.visitor import Visitor
from gateway.limits import Limits
from gateway.place import Place
from gateway.places import Places
from gateway.signing_in import SigningIn
from gateway.stores.stores import Stores


class Console:
    """All pages, those of errors included.

    Attributes:
        routes: What answers which address.

    """

    def __init__(
        self,
        stores: Stores,
        place: Place,
        signing_in: SigningIn,
        limits: Limits,
        clock: Clock,
        places: Places,
        records_life: timedelta | None,
    ) -> None:
        static = StaticFiles()
        self._pages = Pages(static)
        fingerprint = stores.accounts.fingerprint()
        self._door = Door(stores.sessions, place, limits, clock, fingerprint)
        self._devices = Devices(stores.accounts.signing_key(), fingerprint, encrypted=place.encrypted)
        self.routes = [
            *self._of_people(signing_in, limits),
            *self._of_traffic(stores, places, limits, clock),
            *self._of_set_up(stores, place, limits, clock),
            *self._of_machines(stores, limits, clock),
            *self._of_retention(stores, limits, clock, records_life),
            *self._of_help(),
            Route("/static/{name:path}", static.get, methods=["GET"]),
        ]

    def _of_people(self, signing_in: SigningIn, limits: Limits) -> list[Route]:
        door = self._door
        sign_in = SignIn(self._pages, door, self._devices, signing_in, limits)
        account = Account(self._pages, door, signing_in, limits)
        return [
            page("/sign-in", door.everybody(sign_in.get)),
            Route("/sign-in", door.everybody(sign_in.post), methods=["POST"]),
            Route("/sign-out", door.newcomer(sign_in.sign_out), methods=["POST"]),
            page("/account", door.newcomer(account.get)),
            Route("/account", door.newcomer(account.post), methods=["POST"]),
        ]

    def _of_traffic(self, stores: Stores, places: Places, limits: Limits, clock: Clock) -> list[Route]:
        door = self._door
        asking = Asking(self._pages, stores.records, places, limits, clock)
        return [
            page("/", door.reader(Home(asking, Attention(stores, clock)).get)),
            page("/traffic", door.reader(TrafficList(asking).get)),
            Route("/traffic/export.{suffix}", door.reader(Export(asking, stores.journal, clock).get), methods=["GET"]),
            page("/traffic/record", door.reader(RecordPage(asking).get)),
            page("/conversations", door.reader(Conversations(asking).get)),
            page("/timeline", door.reader(TimelinePage(asking).get)),
            page("/top", door.reader(TopPage(asking).get)),
            page("/rules", door.reader(RulesPage(asking).get)),
            page("/exposed", door.reader(ExposedPage(asking).get)),
        ]

    def _of_set_up(self, stores: Stores, place: Place, limits: Limits, clock: Clock) -> list[Route]:
        door = self._door
        tokens = TokensPage(self._pages, stores, place, limits, clock)
        flow_logs = FlowLogsPage(self._pages, stores, place, limits, clock)
        scripts = ScriptsPage(stores, place, clock)
        registrations = RegistrationsPage(self._pages, stores.registrations)
        journal = JournalPage(self._pages, stores.journal)
        return [
            page("/setup/tokens", door.reader(tokens.get)),
            Route("/setup/tokens", door.administrator(tokens.post), methods=["POST"]),
            Route("/setup/tokens/{number}/revoke", door.administrator(tokens.revoke), methods=["POST"]),
            page("/setup/flow-logs", door.reader(flow_logs.overview)),
            page("/setup/flow-logs/new", door.administrator(flow_logs.new)),
            Route("/setup/flow-logs/new", door.administrator(flow_logs.add), methods=["POST"]),
            page("/setup/flow-logs/{name}", door.reader(flow_logs.details)),
            page("/setup/flow-logs/{name}/edit", door.administrator(flow_logs.edit)),
            Route("/setup/flow-logs/{name}/edit", door.administrator(flow_logs.replace), methods=["POST"]),
            Route("/setup/flow-logs/{name}/remove", door.administrator(flow_logs.remove), methods=["POST"]),
            Route("/setup/flow-logs/{name}/scripts", door.administrator(scripts.post), methods=["POST"]),
            page("/setup/registrations", door.reader(registrations.get)),
            page("/setup/journal", door.reader(journal.get)),
        ]

    def _of_machines(self, stores: Stores, limits: Limits, clock: Clock) -> list[Route]:
        door = self._door
        items = ItemsPage(self._pages, stores, limits, clock)
        agents = AgentsPage(stores, clock)
        attributes = AttributesPage(self._pages, stores, clock)
        blueprints = BlueprintsPage(self._pages, stores, limits, clock)
        return [
            page("/setup/items", door.reader(items.overview)),
            page("/setup/items/new", door.administrator(items.new)),
            Route("/setup/items/new", door.administrator(items.add), methods=["POST"]),
            page("/setup/items/{number}", door.reader(items.editor)),
            Route("/setup/items/{number}", door.administrator(items.save), methods=["POST"]),
            Route("/setup/items/{number}/remove", door.administrator(items.remove), methods=["POST"]),
            Route("/setup/items/{number}/agents/{agent}/accept", door.administrator(agents.accept), methods=["POST"]),
            Route("/setup/items/{number}/agents/{agent}/refuse", door.administrator(agents.refuse), methods=["POST"]),
            page("/setup/attributes", door.reader(attributes.overview)),
            page("/setup/attributes/{number}", door.reader(attributes.history)),
            page("/setup/blueprints", door.reader(blueprints.get)),
            Route("/setup/blueprints", door.administrator(blueprints.post), methods=["POST"]),
            Route("/setup/blueprints/shipped", door.reader(blueprints.shipped), methods=["GET"]),
            Route("/setup/blueprints/{number}/export", door.reader(blueprints.export), methods=["GET"]),
            Route("/setup/blueprints/{number}/remove", door.administrator(blueprints.remove), methods=["POST"]),
        ]

    def _of_retention(
        self, stores: Stores, limits: Limits, clock: Clock, records_life: timedelta | None
    ) -> list[Route]:
        door = self._door
        retention = RetentionPage(self._pages, stores, limits, clock, records_life)
        return [
            page("/setup/storage", door.reader(StoragePage(self._pages, stores).get)),
            page("/setup/retention", door.reader(retention.get)),
            Route("/setup/retention", door.administrator(retention.post), methods=["POST"]),
            Route("/setup/retention/holds", door.administrator(retention.hold), methods=["POST"]),
            Route("/setup/retention/holds/{number}/lift", door.administrator(retention.lift), methods=["POST"]),
        ]

    def _of_help(self) -> list[Route]:
        door = self._door
        pages = HelpPage(self._pages)
        return [
            page("/help", door.reader(pages.index)),
            page("/help/{name}", door.reader(pages.document)),
            page("/help/diagrams/{name}", door.reader(pages.diagram)),
        ]

    async def on_page_error(self, request: Request, error: Exception) -> Response:
        """Answer a refusal of our own."""
        assert isinstance(error, PageError)  # noqa: S101 - registered for this class alone
        return await self._error(request, error)

    async def on_http_exception(self, request: Request, error: Exception) -> Response:
        """Answer what the router refuses: an unknown path or method."""
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        if error.status_code == HTTPStatus.NOT_FOUND:
            return await self._error(request, not_found("page"))
        message = f"This page does not answer {request.method}. Open it from the menu."
        return await self._error(request, PageError(error.status_code, message, error.headers))

    async def on_failure(self, request: Request, _error: Exception) -> Response:
        """Answer a fault of the gateway, whose traceback goes to the operator's log and nowhere else."""
        failure = PageError(500, "The gateway failed on this request. Try again; its log has the reason.")
        return self._page(request, None, failure)

    async def on_storage_error(self, request: Request, _error: Exception) -> Response:
        """Answer a fault of the storage, which may not know any more who has signed in."""
        message = "The gateway's storage failed. Look for a full disk, then restart the gateway."
        return self._page(request, None, PageError(503, message, {"Retry-After": "30"}))

    async def _error(self, request: Request, error: PageError) -> Response:
        return self._page(request, await self._door.visitor(request), error)

    def _page(self, request: Request, visitor: Visitor | None, error: PageError) -> Response:
        title = HTTPStatus(error.status).phrase
        return self._pages.render(
            request, visitor, "error.html", status=error.status, headers=error.headers, title=title, error=error
        )
