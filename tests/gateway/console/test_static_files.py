import hashlib
import re
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.console.static_files import StaticFiles

STATIC = Path(__file__).parents[3] / "gateway" / "console" / "static"


def test_files_under_their_pages_address_are_kept_for_ever(administrator):
    page = administrator.get("/account").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert any(address.startswith("/static/console.css?") for address in addresses)
    for address in addresses:
        answer = administrator.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_without_the_contents_hash_a_file_is_asked_for_each_time_and_sent_once(nobody):
    first = nobody.get("/static/console.css")
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Content-Type"] == "text/css; charset=utf-8"
    again = nobody.get("/static/console.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    [
        "../pages.py",
        "..%2fpages.py",
        "%2e%2e/pages.py",
        "..%5cpages.py",
        "vendor/../../pages.py",
        "vendor//htmx/htmx.min.js",
        "/etc/passwd",
        "%00",
        "vendor",
        "vendor/",
        "",
    ],
)
def test_nothing_outside_of_the_folder_is_given(gateway, name):
    with closing(HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)) as connection:
        connection.putrequest("GET", f"/static/{name}")  # the path as it is, which clients would tidy up
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 404
        assert b"There is no file here." in answer.read()


def test_what_is_of_others_is_as_they_published_it():
    listed = dict(reversed(line.split("  ", 1)) for line in (STATIC / "vendor" / "SHA256SUMS").read_text().splitlines())
    files = {
        path.relative_to(STATIC / "vendor").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / "vendor").rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert files == listed
    assert {name.split("/")[0] for name in files if name.endswith("/LICENSE")} == {"htmx", "uplot"}


def test_an_unknown_name_in_a_template_is_an_error():
    with pytest.raises(KeyError):
        StaticFiles().url("missing.css")
