"""The pages under *Help*."""

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.help.documents import DIAGRAMS, DOCS, INDEX, Documents
from gateway.console.static_files import StaticFiles
from gateway.console.visitor import Visitor


class HelpPage:
    """Shows the documents to everybody who has signed in."""

    def __init__(self, console: Console) -> None:
        self._pages = console.pages
        self._documents = Documents()
        self._diagrams = StaticFiles(DOCS / DIAGRAMS)

    async def index(self, request: Request, visitor: Visitor) -> Response:
        """Show the list of all documents."""
        return self._show(request, visitor, INDEX)

    async def document(self, request: Request, visitor: Visitor) -> Response:
        """Show a document."""
        return self._show(request, visitor, request.path_params["name"])

    async def diagram(self, request: Request, _visitor: Visitor) -> Response:
        """Answer with the picture of a diagram."""
        return await self._diagrams.get(request)

    def _show(self, request: Request, visitor: Visitor, name: str) -> Response:
        document = self._documents.find(name)
        if document is None:
            raise not_found("document")
        return self._pages.render(request, visitor, "help/document.html", document=document, is_index=name == INDEX)
