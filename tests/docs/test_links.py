"""Links and anchors of all documents, by the rules of GitHub, where most people read them."""

from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("benchmarks/*.md"),
    *ROOT.glob("terraform/**/README.md"),
]


def parsed(path):
    return MarkdownIt("commonmark").enable("table").parse(path.read_text())


def links_in(path):
    inside = [child for token in parsed(path) for child in token.children or []]
    return [token.attrs[name] for token in inside for name in ("href", "src") if name in token.attrs]


def anchors_in(path):
    """As github-slugger makes them: lower case, no punctuation, blanks as hyphens, numbered where they repeat."""
    found, slugs = [], []
    for opening, inside in pairwise(parsed(path)):
        if opening.type == "heading_open":
            title = "".join(each.content for each in inside.children if each.type in {"text", "code_inline"})
            slug = "".join(each for each in title.lower() if each.isalnum() or each in "_- ").replace(" ", "-")
            found.append(f"{slug}-{slugs.count(slug)}" if slug in slugs else slug)
            slugs.append(slug)
    return found


def is_dead(document, link):
    address, anchor = urldefrag(link)
    target = document if not address else (document.parent / unquote(address)).resolve()
    if not target.is_relative_to(ROOT) or not target.exists():
        return True
    return bool(anchor) and unquote(anchor) not in anchors_in(target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document):
    links = [link for link in links_in(document) if not urlsplit(link).scheme]
    assert [link for link in links if is_dead(document, link)] == []


def test_every_document_is_in_the_index():
    assert {path.name for path in ROOT.glob("docs/*.md")} - {"README.md"} <= set(links_in(ROOT / "docs" / "README.md"))
