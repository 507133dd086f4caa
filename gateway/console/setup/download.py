"""The download of a deployment's scripts: the one place that gives connection strings out."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.console import Console
from gateway.console.errors import PageError, not_found
from gateway.console.setup.scripts import pack, variables
from gateway.console.visitor import Visitor
from gateway.stores.accounts import User
from gateway.stores.audit_log import Action
from gateway.stores.database import StoreError


class ScriptsPage:
    """The button that downloads."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

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
            content = pack(name, variables(deployment, secrets, self._console.place.url), self._console.place.package)
        except StoreError as error:
            raise PageError(500, str(error)) from None
        except OSError:
            raise PageError(
                404, "The function's package is not built yet. Run `make package` where the gateway runs."
            ) from None
        self._stores.audit_log.add(user.customer, self._console.clock(), user.name, Action.DOWNLOADED_SCRIPTS, name)
        return content
