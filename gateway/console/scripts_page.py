"""The download of a deployment's scripts: the one place that gives connection strings out."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.clock import Clock
from gateway.console.errors import PageError, not_found
from gateway.console.scripts import pack, variables
from gateway.console.visitor import Visitor
from gateway.place import Place
from gateway.stores.accounts import User
from gateway.stores.database import StoreError
from gateway.stores.journal import Deed
from gateway.stores.stores import Stores


class ScriptsPage:
    """The button that downloads."""

    def __init__(self, stores: Stores, place: Place, clock: Clock) -> None:
        self._stores = stores
        self._place = place
        self._clock = clock

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/flow-logs/NAME/scripts`."""
        name = request.path_params["name"]
        content = await run_in_threadpool(self._pack, visitor.user, name)
        disposition = f'attachment; filename="{name}.zip"'
        return Response(content, media_type="application/zip", headers={"Content-Disposition": disposition})

    def _pack(self, user: User, name: str) -> bytes:
        deployment = self._stores.deployments.find(user.customer, name)
        if deployment is None:
            raise not_found("deployment")
        try:
            secrets = self._stores.deployments.connection_strings(user.customer, name)
            content = pack(name, variables(deployment, secrets, self._place.url), self._place.package)
        except StoreError as error:
            raise PageError(500, str(error)) from None
        except OSError:
            raise PageError(
                404, "The function's package is not built yet. Run `make package` where the gateway runs."
            ) from None
        self._stores.journal.add(user.customer, self._clock(), user.name, Deed.DOWNLOADED_SCRIPTS, name)
        return content
