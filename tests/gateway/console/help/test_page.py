import http.client
import re
from html import unescape
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from gateway.console.help.documents import DOCS, Documents
from gateway.console.links import help_url
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import text_of

TEMPLATES = Path(__file__).parents[4] / "gateway" / "console" / "templates"
ADDRESSES = ["/help", *(f"/help/{path.stem}" for path in sorted(DOCS.glob("*.md")) if path.stem != "README")]


def links_of(article):
    return [unescape(link) for link in re.findall(' href="([^"]+)"', article)]


def ids_of(article):
    return set(re.findall(' id="([^"]+)"', article))


@pytest.fixture
def articles(reader):
    """What stands on each page of the help but the console's frame."""
    pages = {address: reader.get(address) for address in ADDRESSES}
    assert {address: page.status_code for address, page in pages.items()} == dict.fromkeys(ADDRESSES, 200)
    return {address: page.text.partition("<article")[2].partition("</article>")[0] for address, page in pages.items()}


def leads_nowhere(articles, page, link):
    address, anchor = urldefrag(link)
    if urlsplit(link).scheme:
        return False
    article = articles.get(address or page)
    return article is None or (anchor and unquote(anchor) not in ids_of(article))


def test_a_reader_sees_the_list_of_all_documents_and_each_of_them(articles):
    assert set(ADDRESSES) - {"/help"} <= {urldefrag(link).url for link in links_of(articles["/help"])}
    assert "<h1" in articles["/help/operations"]


def test_every_link_between_documents_leads_to_a_heading_of_another_page(articles):
    links = [(page, link) for page, article in articles.items() for link in links_of(article)]
    assert ("/help/console", "/help/operations#budgets") in links
    assert [pair for pair in links if leads_nowhere(articles, *pair)] == []


def test_every_link_from_the_console_to_the_help_leads_to_a_heading(articles):
    templates = (path.read_text() for path in TEMPLATES.rglob("*.html"))
    calls = chain.from_iterable(re.findall(r"links\.help_url\(([^)]*)\)", template) for template in templates)
    links = {help_url(*re.findall("'([^']*)'", call)) for call in calls}
    assert {"/help/traffic#searching", "/help/console#tokens", "/help/operations#budgets"} <= links
    assert [link for link in links if leads_nowhere(articles, "", link)] == []


def test_no_page_of_the_help_holds_a_script_or_a_style(articles):
    for article in articles.values():
        assert not re.search("<(script|style|iframe|object|form)|<[^>]* (style|on[a-z]+)=", article)


def test_the_parts_of_a_long_document_are_listed_beside_it(reader):
    page = reader.get("/help/operations")
    assert '<a href="#budgets">Budgets</a>' in page.text
    assert re.search("Help . Operations", text_of(page))


def test_what_is_outside_of_the_documents_is_named_and_no_link(articles):
    assert "CONTRIBUTING.md (in the repository: CONTRIBUTING.md)" in articles["/help/format"]
    assert not [link for article in articles.values() for link in links_of(article) if ".md" in link]


def test_a_diagram_is_a_picture_that_the_console_has(articles, reader):
    pictures = re.findall('(?:src|srcset)="([^"]+)"', articles["/help/delivery"])
    assert len(pictures) == 2
    for picture in pictures:
        answer = reader.get(picture)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert "sequenceDiagram" not in articles["/help/delivery"]


@pytest.mark.parametrize("address", ["/help", "/help/console", "/help/diagrams/any.svg"])
def test_without_signing_in_there_is_no_help(nobody, address):
    answer = nobody.get(address)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=")


def test_with_a_one_time_password_there_is_no_help_yet(nobody, team, new_user):
    nobody.sign_in(new_user(team.customer, one_time=True), PASSWORD)
    assert nobody.get("/help").headers["Location"] == "/account"
    assert 'href="/help"' not in nobody.get("/account").text


@pytest.mark.parametrize(
    "path",
    [
        "/help/nowhere",
        "/help/console.md",
        "/help/CONSOLE",
        "/help/../README",
        "/help/%2e%2e%2fREADME",
        "/help/..%5cREADME",
        "/help/diagrams",
        "/help/diagrams/..%2fconsole.md",
        "/help/diagrams/%2e%2e/console.md",
        "/help/console%00",
        "/help/%ff%fe",
        "/help/" + "a" * 5000,
    ],
)
def test_a_name_that_is_not_a_document_s_is_not_found(gateway, reader, path):
    host = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(host.hostname, host.port, timeout=20)  # sends the path as it stands
    cookies = "; ".join(f"{each.name}={each.value}" for each in reader.session.cookies)
    connection.request("GET", path, headers={"Cookie": cookies})
    answer = connection.getresponse()
    assert answer.status == 404
    assert b"There is no" in answer.read()
    connection.close()


def test_a_document_is_rendered_once(tmp_path):
    (tmp_path / "one.md").write_text("# One\n")
    documents = Documents(tmp_path)
    first = documents.find("one")
    assert first.title == "One"
    assert documents.find("one") is first
    assert documents.find("two") is None
