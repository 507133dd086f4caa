"""The form in which blueprints are created, copied and edited."""

from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.blueprints import add_blueprint, edit_blueprint
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.forms import Form, read_form, text_error, whole_number
from gateway.console.kept_forms import kept_form
from gateway.console.links import BLUEPRINTS, url
from gateway.console.pages import redirect
from gateway.console.visitor import Visitor
from gateway.edge.blueprint_file import INTERVALS, LONGEST, written
from gateway.stores.blueprints import Blueprint
from gateway.stores.errors import ChangedError, TakenError
from gateway.stores.stores import Stores

_USUAL_SECONDS: Final = 60


class BlueprintForm:
    """The pages of the form."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def new(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/blueprints/new`, with what the blueprint says that the query names to copy."""
        copied = request.query_params.get("copy")
        if copied is None:
            return self._page(request, visitor, kept_form(request) or _form("", "", _USUAL_SECONDS), {})
        content = (await find_blueprint(self._stores, copied, visitor)).content
        name = f"Copy of {content.name}"[: LONGEST["name"]].rstrip()
        form = _form(name, content.description, content.interval_seconds)
        return self._page(request, visitor, form, {})

    async def add(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/blueprints/new`."""
        form = await read_form(request, self._console.limits)

        def add() -> int:
            return add_blueprint(self._stores, visitor.actor, self._console.clock(), written(*_said(form)))

        return await self._save(request, visitor, form, add)

    async def edit(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/blueprints/NUMBER/edit`."""
        stored = await find_blueprint(self._stores, request.path_params["number"], visitor)
        content = stored.content
        form = _form(content.name, content.description, content.interval_seconds, stored.mark)
        return self._page(request, visitor, kept_form(request) or form, {}, stored)

    async def replace(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/blueprints/NUMBER/edit`: its machines' agents follow at their next poll."""
        stored = await find_blueprint(self._stores, request.path_params["number"], visitor)
        form = await read_form(request, self._console.limits)

        def replace() -> int:
            what = written(*_said(form)), form.text("seen")
            edit_blueprint(self._stores, visitor.actor, self._console.clock(), stored, *what)
            return stored.number

        return await self._save(request, visitor, form, replace, stored)

    async def _save(
        self, request: Request, visitor: Visitor, form: Form, save: Callable[[], int], stored: Blueprint | None = None
    ) -> Response:
        errors = _errors(form)
        if not errors:
            try:
                return redirect(url(BLUEPRINTS, saved=await run_in_threadpool(save)))
            except (TakenError, ChangedError) as error:
                errors = {"name": str(error)}
        return self._page(request, visitor, form, errors, stored, status=422)

    def _page(
        self,
        request: Request,
        visitor: Visitor,
        form: Form,
        errors: dict[str, str],
        stored: Blueprint | None = None,
        *,
        status: int = 200,
    ) -> Response:
        return self._console.pages.render(
            request,
            visitor,
            "machines/blueprint_form.html",
            status=status,
            form=form,
            errors=errors,
            stored=stored,
            intervals=INTERVALS,
            longest=LONGEST,
        )


async def find_blueprint(stores: Stores, number: str, visitor: Visitor) -> Blueprint:
    """Return the blueprint that an address names."""
    known = whole_number(number)
    customer = visitor.user.customer
    found = None if known is None else await run_in_threadpool(stores.blueprints.find, customer, known)
    if found is None:
        raise not_found("blueprint")
    return found


def _form(name: str, description: str, seconds: int, seen: str = "") -> Form:
    return Form({"name": [name], "description": [description], "interval": [str(seconds)], "seen": [seen]})


def _said(form: Form) -> tuple[str, str, int]:
    """Return what is entered, as a file would be read."""
    return _text(form, "name"), _text(form, "description"), int(form.text("interval"))


def _text(form: Form, name: str) -> str:
    return " ".join(form.text(name).split())


def _errors(form: Form) -> dict[str, str]:
    """Return what is wrong with the fields, by field name."""
    errors = {name: text_error(_text(form, name), LONGEST[name]) for name in ("name", "description")}
    if whole_number(form.text("interval")) not in INTERVALS:
        errors["interval"] = f"Enter a whole number of seconds from {INTERVALS[0]} to {INTERVALS[-1]}."
    return {name: error for name, error in errors.items() if error}
