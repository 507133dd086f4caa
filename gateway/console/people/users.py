"""The page of the customer's users: list, add, change, remove."""

from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.people import add_user, change_role, remove_user, reset_password
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.forms import Form, read_form, text_error, whole_number
from gateway.console.kept_forms import kept_form
from gateway.console.links import HOME, USERS, url
from gateway.console.pages import redirect
from gateway.console.visitor import Visitor
from gateway.stores.accounts import LONGEST_NAME, Role, User
from gateway.stores.errors import NeededError, TakenError
from gateway.stores.passwords import new_password
from gateway.traffic.first import first_of

_CHOICES: Final = {
    Role.READER: "Sees everything except secrets and this list.",
    Role.ANALYST: "Sees what readers see; findings will let analysts do more.",
    Role.ADMINISTRATOR: "Changes things: users, tokens, machines, flow logs, retention.",
}
"""The roles to choose from."""


class UsersPage:
    """The page of the users, for administrators."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/users`."""
        return await self._page(request, visitor, kept_form(request))

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/users`: add a user, and show the one-time password once."""
        form = await read_form(request, self._console.limits)
        errors = _errors(form)
        if not errors:
            name, password = form.text("name"), new_password()
            try:
                await self._run(partial(add_user, role=Role(form.text("role")), password=password), visitor, name)
            except TakenError as error:
                errors = {"name": str(error)}
            else:
                return self._password(request, visitor, name, password, status=201)
        return await self._page(request, visitor, form, errors, status=422)

    async def change(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/users/NUMBER/role`."""
        user = await self._user(request, visitor)
        form = await read_form(request, self._console.limits)
        wanted = next((role for role in Role if role == form.text("role")), None)
        if wanted is None:
            return await self._page(request, visitor, refusal="Choose a role from the list.", status=422)
        try:
            await self._run(partial(change_role, role=wanted), visitor, user.name)
        except NeededError as error:
            return await self._page(request, visitor, refusal=str(error), status=409)
        # Somebody who lowered their own role can no longer see the list.
        stays = user.id != visitor.user.id or wanted is Role.ADMINISTRATOR
        return redirect(url(USERS, changed=user.id) if stays else HOME)

    async def reset(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/users/NUMBER/password`: show a new one-time password once."""
        user, password = await self._user(request, visitor), new_password()
        await self._run(partial(reset_password, password=password), visitor, user.name)
        return self._password(request, visitor, user.name, password)

    async def remove(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/users/NUMBER/remove`."""
        user = await self._user(request, visitor)
        try:
            await self._run(remove_user, visitor, user.name)
        except NeededError as error:
            return await self._page(request, visitor, refusal=str(error), status=409)
        return redirect(url(USERS, removed=1))

    async def _run(self, action: Callable[..., None], visitor: Visitor, name: str) -> None:
        await run_in_threadpool(action, self._stores.database, visitor.actor, self._console.clock(), name)

    async def _user(self, request: Request, visitor: Visitor) -> User:
        """Return the user that an address names."""
        number = whole_number(request.path_params["number"])
        user = None if number is None else await run_in_threadpool(self._stores.accounts.user, number)
        if user is None or user.customer != visitor.user.customer:
            raise not_found("user")
        return user

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        form: Form | None = None,
        errors: dict[str, str] | None = None,
        *,
        refusal: str = "",
        status: int = 200,
    ) -> Response:
        users = await run_in_threadpool(self._stores.accounts.all, visitor.user.customer)
        changed = request.query_params.get("changed")
        return self._console.pages.render(
            request,
            visitor,
            "people/users.html",
            status=status,
            form=form or Form({"role": [Role.READER]}),
            errors=errors or {},
            refusal=refusal,
            users=first_of(users),
            changed=next((each for each in users if str(each.id) == changed), None),
            removed="removed" in request.query_params,
            choices=_CHOICES,
            longest=LONGEST_NAME,
        )

    def _password(self, request: Request, visitor: Visitor, name: str, password: str, *, status: int = 200) -> Response:
        return self._console.pages.render(
            request,
            visitor,
            "people/one_time_password.html",
            status=status,
            name=name,
            password=password,
            url=self._console.site.url,
        )


def _errors(form: Form) -> dict[str, str]:
    """Return what is wrong with the fields, by field name."""
    errors = {"name": text_error(form.text("name"), LONGEST_NAME)}
    if form.text("role") not in set(Role):
        errors["role"] = "Choose what the user may do."
    return {name: error for name, error in errors.items() if error}
