"""Blueprints: listed, imported from files, exported as files, removed."""

import re
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.blueprints import import_blueprint, remove_blueprint
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.forms import read_beginning_of_form, whole_number
from gateway.console.links import BLUEPRINTS, url
from gateway.console.machines.blueprint_form import find_blueprint
from gateway.console.machines.blueprint_upload import uploaded_blueprint
from gateway.console.pages import redirect
from gateway.console.visitor import Visitor
from gateway.edge.blueprint_file import SHIPPED, BlueprintError
from gateway.stores.blueprints import Blueprint
from gateway.traffic.first import first_of

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9]+")


class BlueprintsPage:
    """The page of the blueprints."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/blueprints`."""
        return await self._page(request, visitor)

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/blueprints`: import a file."""
        form = await read_beginning_of_form(request, self._console.limits)
        try:
            blueprint = uploaded_blueprint(form, "blueprint")
        except BlueprintError as error:
            return await self._page(request, visitor, str(error))
        now = self._console.clock()
        number = await run_in_threadpool(import_blueprint, self._stores, visitor.actor, now, blueprint)
        return redirect(url(BLUEPRINTS, imported=number))

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/blueprints/NUMBER/export` with the file as it was imported, or written by the console."""
        found = await find_blueprint(self._stores, request.path_params["number"], visitor)
        name = _NOT_IN_NAMES.sub("_", found.content.name.removesuffix("_BP")).strip("_") or "Blueprint"
        return _file(found.content.xml.encode(), f"{name}_BP.xml")

    async def shipped(self, _request: Request, _visitor: Visitor) -> Response:
        """Answer `GET /setup/blueprints/shipped` with the file that comes with the gateway."""
        return _file(await run_in_threadpool(Path.read_bytes, SHIPPED), SHIPPED.name)

    async def remove(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/blueprints/NUMBER/remove`."""
        number = whole_number(request.path_params["number"])
        if number is None:
            raise not_found("blueprint")
        await run_in_threadpool(remove_blueprint, self._stores, visitor.actor, self._console.clock(), number)
        return redirect(url(BLUEPRINTS, removed=1))

    async def _page(self, request: Request, visitor: Visitor, error: str = "") -> Response:
        blueprints = await run_in_threadpool(self._stores.blueprints.all, visitor.user.customer)
        query = request.query_params
        return self._console.pages.render(
            request,
            visitor,
            "machines/blueprints.html",
            status=422 if error else 200,
            blueprints=first_of(blueprints),
            error=error,
            imported=_named(blueprints, query.get("imported")),
            saved=_named(blueprints, query.get("saved")),
            removed="removed" in query,
            shipped=SHIPPED.name,
        )


def _named(blueprints: list[Blueprint], number: str | None) -> Blueprint | None:
    return next((each for each in blueprints if str(each.number) == number), None)


def _file(content: bytes, name: str) -> Response:
    return Response(
        content, media_type="application/xml", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
