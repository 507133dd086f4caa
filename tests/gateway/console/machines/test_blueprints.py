import pytest

from gateway.edge.blueprint_file import SHIPPED
from tests.gateway.console.person import text_of

PAGE = "/setup/blueprints"
XML = SHIPPED.read_bytes()


def send_file(person, content, name="b.xml"):
    """Send the form as a browser does: in parts."""
    return person.post(PAGE, {"csrf": person.csrf}, files={"blueprint": (name, content, "text/xml")})


@pytest.fixture
def imported(gateway, team, administrator):
    """The blueprint that comes with the gateway, imported."""
    answer = send_file(administrator, XML)
    (blueprint,) = gateway.stores.blueprints.all(team.customer)
    assert answer.headers["Location"] == f"{PAGE}?imported={blueprint.number}"
    return blueprint


def test_an_empty_page_tells_what_to_import(administrator, reader):
    assert "Download Agent_Traffic_Collection_BP.xml , which comes with the gateway" in text_of(administrator.get(PAGE))
    assert "An administrator can import one." in text_of(reader.get(PAGE))


def test_what_comes_with_the_gateway_is_given_under_its_name(reader):
    answer = reader.get(f"{PAGE}/shipped")
    assert answer.content == XML
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Agent_Traffic_Collection_BP.xml"'
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_an_import_is_confirmed_listed_and_in_the_audit_log(gateway, team, administrator, reader, imported):
    text = text_of(administrator.get(f"{PAGE}?imported={imported.number}"))
    assert "Imported: Agent_Traffic_Collection_BP, every 60 s." in text
    assert "Agent_Traffic_Collection_BP 60 s Asks the agent" in text_of(reader.get(PAGE))
    (entry,) = gateway.stores.audit_log.page(team.customer, size=1)
    assert (entry.action.words, entry.subject) == ("imported a blueprint", "Agent_Traffic_Collection_BP, every 60 s")
    assert "Imported:" not in text_of(reader.get(f"{PAGE}?imported=999999"))


def test_an_export_gives_the_same_file(reader, imported):
    answer = reader.get(f"{PAGE}/{imported.number}/export")
    assert answer.content == XML
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Agent_Traffic_Collection_BP.xml"'


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_file_comes_back_byte_for_byte(gateway, team, administrator, ends):
    content = b"\xef\xbb\xbf" + XML.replace(b"\n", ends).replace(b"Asks the", "Fr\u00e4gt, asks the".encode())
    assert send_file(administrator, content).status_code == 303
    (blueprint,) = gateway.stores.blueprints.all(team.customer)
    assert administrator.get(f"{PAGE}/{blueprint.number}/export").content == content


def test_importing_again_updates_and_stays_applied(gateway, team, administrator, imported, clock):
    item = gateway.stores.items.add(team.customer, "web-1", [], "")
    gateway.stores.items.save(team.customer, item, [imported.number], [], clock.now())
    assert send_file(administrator, XML.replace(b">60<", b">300<")).status_code == 303
    (again,) = gateway.stores.blueprints.all(team.customer)
    assert (again.number, again.content.interval_seconds, again.items) == (imported.number, 300, 1)
    assert gateway.stores.blueprints.interval(item) == 300


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "No file was chosen, or it is empty. Choose a file"),
        (b" \n", "No file was chosen, or it is empty."),
        (XML.decode().encode("utf-16"), "This file is UTF-16, as Windows PowerShell writes by default"),
        (XML.decode().encode("utf-16-be"), "This file is UTF-16"),
        (XML.decode().encode("utf-32"), "This file is UTF-16"),
        (b"<blueprint>\xe4</blueprint>", "This file is not UTF-8: byte 12 is not part of any character."),
        (b"a picture, perhaps", "This is not XML"),
        (b"x" * 3_000_000, "This file is too large: a blueprint has at most 32768 characters."),
        (b"<html/>", "The root element must be blueprint"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + XML.split(b"?>")[1], "must not have a document type"),
        (XML.replace(b">60<", b">5<"), "from 10 to 3600"),
        (b"x" * 33_000, "at most 32768 characters"),
    ],
)
def test_what_is_not_a_blueprint_is_reported_at_the_field(gateway, team, administrator, content, told):
    answer = send_file(administrator, content)
    assert answer.status_code == 422
    assert told in text_of(answer)
    assert 'aria-describedby="blueprint-error blueprint-hint"' in answer.text
    assert gateway.stores.blueprints.all(team.customer) == []


def test_a_name_that_is_no_files_is_made_one(gateway, team, administrator):
    name = "../\u00e4 &quot;x&quot;; y"
    assert send_file(administrator, XML.replace(b"Agent_Traffic_Collection_BP", name.encode())).status_code == 303
    (blueprint,) = gateway.stores.blueprints.all(team.customer)
    answer = administrator.get(f"{PAGE}/{blueprint.number}/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="x_y_BP.xml"'


def test_a_directory_with_the_former_name_goes_on_and_the_new_one_stands_beside_it(
    gateway, team, administrator, imported, clock
):
    former = XML.replace(b"Agent_Traffic_Collection_BP", b"Agent Traffic Collection").replace(b">60<", b">300<")
    send_file(administrator, former)
    item = gateway.stores.items.add(team.customer, "web-1", [], "")
    (old,) = (each for each in gateway.stores.blueprints.all(team.customer) if each.number != imported.number)
    gateway.stores.items.save(team.customer, item, [old.number], [], clock.now())
    assert administrator.get(f"{PAGE}/{old.number}/export").content == former
    assert gateway.stores.blueprints.interval(item) == 300
    # With both applied, the machine still collects once, at the shorter interval.
    gateway.stores.items.save(team.customer, item, [imported.number], [], clock.now())
    assert gateway.stores.blueprints.interval(item) == 60
    administrator.send(f"{PAGE}/{old.number}/remove")
    assert gateway.stores.blueprints.interval(item) == 60


def test_a_removed_blueprint_is_gone(gateway, team, administrator, imported):
    gone = administrator.send(f"{PAGE}/{imported.number}/remove")
    assert "The blueprint was removed" in text_of(administrator.get(gone.headers["Location"]))
    assert gateway.stores.blueprints.all(team.customer) == []
    assert administrator.send(f"{PAGE}/{imported.number}/remove").status_code == 404
    assert administrator.get(f"{PAGE}/{imported.number}/export").status_code == 404
    (entry,) = gateway.stores.audit_log.page(team.customer, size=1)
    assert (entry.action.words, entry.subject) == ("removed a blueprint", "Agent_Traffic_Collection_BP")


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30])
def test_a_blueprint_that_cannot_be_is_not_there(administrator, number):
    assert administrator.get(f"{PAGE}/{number}/export").status_code == 404
    assert administrator.send(f"{PAGE}/{number}/remove").status_code == 404


def test_a_reader_looks_on(reader, imported):
    page = reader.get(PAGE)
    assert ">Import<" not in page.text
    assert ">Remove<" not in page.text
    assert send_file(reader, XML).status_code == 403
    assert reader.send(f"{PAGE}/{imported.number}/remove").status_code == 403
