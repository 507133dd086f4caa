"""Pages rendered from templates. Everything that is inserted is escaped."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.clock import iso
from gateway.console import figures, links, menu
from gateway.console.static_files import StaticFiles
from gateway.console.visitor import Visitor

_TEMPLATES: Final = Path(__file__).parent / "templates"


class Pages:
    """Renders templates."""

    def __init__(self, static: StaticFiles) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {"static": static.url, "links": links, "menu": menu}
        self._environment.filters |= {"iso": iso, "moment": moment, "span": span} | figures.FILTERS

    def render(
        self,
        request: Request,
        visitor: Visitor | None,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,  # noqa: ANN401 - whatever the template asks for
    ) -> HTMLResponse:
        """Render a page.

        Args:
            request: The request that is answered.
            visitor: Who has signed in, if anybody; without a visitor the page has no menu.
            template: The template's name.
            status: The HTTP status.
            headers: Further headers.
            context: The template's variables.
        """
        page = self._environment.get_template(template)
        kept_form = getattr(request.state, "kept_form", None)
        content = page.render(visitor=visitor, path=request.url.path, kept_form=kept_form, **context)
        return HTMLResponse(content, status, headers)


def redirect(path: str) -> RedirectResponse:
    """Redirect the browser to another page with GET, such as after every successful form."""
    return RedirectResponse(path, 303)


def go_to(request: Request, path: str) -> Response:
    """Redirect the browser to another page, even if a script requested only a part of the current one."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return redirect(path)


def moment(time: datetime) -> str:
    """Format a time for people: in UTC, to the second, with the zone named."""
    return f"{time.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC"


def span(time: timedelta) -> str:
    """Format a duration for people, in its two largest units."""
    seconds = int(time.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2]) or "0 s"
