"""Markdown, rendered for a page of the console.

A document's own HTML is shown as text, nothing has inline styles, and every heading has the same anchor as on GitHub,
so that links to it work in both places.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

DIAGRAM: Final = "mermaid"
"""The language of a code block that is a diagram."""
_IN_NO_ANCHOR: Final = re.compile(r"[^\w\- ]")
_DESCRIBED: Final = re.compile(r"^\s*acc(?:Descr|Title)\s*:\s*(.+)$", re.MULTILINE)
_RIGHT: Final = "text-align:right"
_REACHED: Final = 'tabindex="0"'
"""What scrolls by itself is reached with Tab, so that it can be scrolled without a pointer."""


class Scheme(StrEnum):
    """The colours of a reader's screen."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Section:
    """A second-level heading.

    Attributes:
        anchor: The part after `#` in a link to it.
        title: Its text.
    """

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered document.

    Attributes:
        title: Its first heading; empty if it has none.
        sections: Its parts, in their order.
        body: The complete document as HTML, with its text escaped.
    """

    title: str
    sections: tuple[Section, ...]
    body: str


def render(text: str, address: Callable[[str], str | None], picture: Callable[[str, Scheme], str | None]) -> Document:
    """Turn a document into HTML.

    Args:
        text: The document.
        address: Returns where a link leads in the console; None if the console does not have its target.
        picture: Returns the address of a diagram's picture, given the diagram's text; None if there is none.
    """
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    tokens = markdown.parse(text)
    headings = _with_anchors(tokens)
    _head_rows(tokens)
    for token in tokens:
        if token.children:
            token.children = list(_with_addresses(token.children, address))
    return Document(
        title=next((title for tag, _, title in headings if tag == "h1"), ""),
        sections=tuple(Section(anchor, title) for tag, anchor, title in headings if tag == "h2"),
        body=markdown.renderer.render(tokens, markdown.options, {"picture": picture}),
    )


def picture_name(diagram: str, scheme: Scheme) -> str:
    """Return the name of a diagram's picture file, which changes with the diagram."""
    return f"{hashlib.sha256(diagram.encode()).hexdigest()[:16]}-{scheme}.svg"


def _with_anchors(tokens: Sequence[Token]) -> list[tuple[str, str, str]]:
    """Give all headings their anchors, and return the tag, anchor and text of each."""
    headings: list[tuple[str, str, str]] = []
    uses: dict[str, int] = {}
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            title = _text(inside.children or [])
            anchor = _IN_NO_ANCHOR.sub("", title.lower()).replace(" ", "-")
            uses[anchor] = uses.get(anchor, -1) + 1
            if uses[anchor]:
                anchor = f"{anchor}-{uses[anchor]}"
            token.attrSet("id", anchor)
            headings.append((token.tag, anchor, title))
    return headings


def _head_rows(tokens: Sequence[Token]) -> None:
    """Make the cells of a first column without a heading what they are: the headings of their rows."""
    headless = False
    for before, cell, inside, end in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if before.type == "tr_open" and cell.type == "th_open":
            headless = not inside.content
            if headless:
                cell.tag = end.tag = "td"
        elif before.type == "tr_open" and headless:
            cell.tag = end.tag = "th"
            cell.attrSet("scope", "row")


def _text(tokens: Sequence[Token]) -> str:
    return "".join(token.content for token in tokens if token.type in {"text", "code_inline"})


def _with_addresses(tokens: Sequence[Token], address: Callable[[str], str | None]) -> Iterator[Token]:
    """Rewrite links to the console's addresses; a link without a target in the console becomes text that names it."""
    elsewhere = None
    for token in tokens:
        if token.type == "link_open":
            written = str(token.attrGet("href"))
            found = address(written)
            elsewhere = written if found is None else None
            if found is not None:
                token.attrSet("href", found)
                yield token
        elif token.type == "link_close" and elsewhere is not None:
            yield Token("text", "", 0, content=f" (in the repository: {elsewhere.lstrip('./')})")
        else:
            yield token


class _Renderer(RendererHTML):
    """Renders HTML; each method renders the tokens of its name."""

    def table_open(self, _tokens: Sequence[Token], _at: int, _options: OptionsDict, env: EnvType) -> str:
        env["tables"] = env.get("tables", 0) + 1
        return f'<div class="scroll" {_REACHED} role="region" aria-label="Table {env["tables"]}">\n<table>\n'

    def table_close(self, *_: object) -> str:
        return "</table>\n</div>\n"

    def th_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        if tokens[at].tag == "th":
            tokens[at].attrSet("scope", "col")
        return self.td_open(tokens, at, options, env)

    def td_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        if tokens[at].attrs.pop("style", None) == _RIGHT:
            tokens[at].attrSet("class", "number")
        return self.renderToken(tokens, at, options, env)

    def image(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        return escapeHtml(self.renderInlineAsText(tokens[at].children, options, env))

    def fence(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        diagram = tokens[at].content
        if tokens[at].info.strip() == DIAGRAM:
            light, dark = (env["picture"](diagram, scheme) for scheme in Scheme)
            if light and dark:
                return _figure(light, dark, " ".join(_DESCRIBED.findall(diagram)))
        return super().fence(tokens, at, options, env).replace("<pre>", f"<pre {_REACHED}>", 1)

    def code_block(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        return super().code_block(tokens, at, options, env).replace("<pre>", f"<pre {_REACHED}>", 1)


def _figure(light: str, dark: str, described: str) -> str:
    return (
        f'<figure class="scroll" {_REACHED} aria-label="Diagram"><picture>'
        f'<source srcset="{escapeHtml(dark)}" media="(prefers-color-scheme: dark)">'
        f'<img src="{escapeHtml(light)}" alt="{escapeHtml(described)}"></picture></figure>\n'
    )
