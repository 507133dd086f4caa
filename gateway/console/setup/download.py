"""The download of a deployment's scripts: the only place that hands out connection strings."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.deployments import give_out_scripts
from gateway.console.console import Console
from gateway.console.errors import PageError, not_found
from gateway.console.setup.readme import readme
from gateway.console.setup.scripts import pack, variables
from gateway.console.visitor import Visitor
from gateway.stores.audit_log import Actor


class ScriptsPage:
    """The download button."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/flow-logs/NAME/scripts`."""
        name = request.path_params["name"]
        content = await run_in_threadpool(self._pack, visitor.actor, name)
        disposition = f'attachment; filename="{name}.zip"'
        return Response(content, media_type="application/zip", headers={"Content-Disposition": disposition})

    def _pack(self, actor: Actor, name: str) -> bytes:
        deployment = self._stores.deployments.find(actor.customer, name)
        if deployment is None:
            raise not_found("deployment")
        site = self._console.site

        def packed(secrets: Mapping[str, str]) -> bytes:
            filled_in = variables(deployment, secrets, site.url)
            return pack(name, filled_in, readme(deployment, site.url), site.package)

        try:
            return give_out_scripts(self._stores, actor, self._console.clock(), name, packed)
        except OSError:
            raise PageError(
                404, "The function app's package has not been built yet. Run `make package` where the gateway runs."
            ) from None
