import re

import pytest

from gateway.edge.blueprint_file import SHIPPED, read_blueprint
from tests.gateway.console.person import text_of

PAGE = "/setup/blueprints"
FIVE = {"name": "Five minutes", "description": "For <quiet> & small machines.", "interval": "300"}


@pytest.fixture
def shipped(gateway, team, clock):
    """The number of the blueprint that ships, imported."""
    return gateway.stores.blueprints.put(team.customer, read_blueprint(SHIPPED.read_text()), clock.now())


@pytest.fixture
def machine_of(gateway, team, clock):
    """Gives the number of a machine with a blueprint applied."""

    def make(blueprint):
        item = gateway.stores.items.add(team.customer, "web-1", [], "")
        gateway.stores.items.save(team.customer, item, [blueprint], [], clock.now())
        return item

    return make


def mark_in(page):
    return re.search(r'name="seen" value="([^"]*)"', page.text)[1]


def errors_of(page):
    return dict(re.findall(r'<p class="error" id="([^"]+)-error">([^<]+)</p>', page.text))


def last_entry(gateway, team):
    (entry,) = gateway.stores.audit_log.page(team.customer, size=1)
    return entry.action.words, entry.subject


def test_a_blueprint_is_created_and_its_export_imports_again_to_the_same(gateway, team, administrator):
    answer = administrator.send(f"{PAGE}/new", FIVE)
    assert "Saved: Five minutes, every 300 s. Apply it to machines" in text_of(
        administrator.get(answer.headers["Location"])
    )
    assert last_entry(gateway, team) == ("saved a blueprint", "Five minutes, every 300 s")
    (made,) = gateway.stores.blueprints.all(team.customer)
    exported = administrator.get(f"{PAGE}/{made.number}/export")
    assert exported.headers["Content-Disposition"] == 'attachment; filename="Five_minutes_BP.xml"'
    administrator.post(PAGE, {"csrf": administrator.csrf}, files={"blueprint": ("b.xml", exported.content)})
    (again,) = gateway.stores.blueprints.all(team.customer)
    assert (again.number, again.content) == (made.number, made.content)


def test_a_copy_begins_with_what_the_original_says(gateway, team, administrator, shipped):
    page = administrator.get(f"{PAGE}/new?copy={shipped}")
    assert 'value="Copy of Agent_Traffic_Collection_BP"' in page.text
    assert 'value="60"' in page.text
    assert "Asks the agent" in page.text
    administrator.send(f"{PAGE}/new", FIVE)
    assert len(gateway.stores.blueprints.all(team.customer)) == 2


def test_a_copy_of_the_longest_name_can_be_saved(gateway, team, administrator):
    administrator.send(f"{PAGE}/new", FIVE | {"name": "x" * 100})
    (longest,) = gateway.stores.blueprints.all(team.customer)
    page = administrator.get(f"{PAGE}/new?copy={longest.number}")
    assert f'value="Copy of {"x" * 92}"' in page.text


def test_an_edit_keeps_what_it_is_applied_to_and_the_machines_follow(
    gateway, team, administrator, shipped, machine_of, clock
):
    item = machine_of(shipped)
    page = administrator.get(f"{PAGE}/{shipped}/edit")
    assert "It is applied to 1 machine, and stays so." in text_of(page)
    clock.move(1)
    answer = administrator.send(f"{PAGE}/{shipped}/edit", FIVE | {"seen": mark_in(page)})
    assert "The agents on its 1 machine follow it at once." in text_of(administrator.get(answer.headers["Location"]))
    assert gateway.stores.blueprints.interval(item) == 300
    told = "Five minutes, every 300 s, formerly Agent_Traffic_Collection_BP"
    assert last_entry(gateway, team) == ("saved a blueprint", told)
    assert b"<intervalSeconds>300<" in administrator.get(f"{PAGE}/{shipped}/export").content


def test_of_two_who_edit_at_once_the_second_is_told(gateway, team, administrator, shipped, clock):
    seen = mark_in(administrator.get(f"{PAGE}/{shipped}/edit"))
    clock.move(1)
    assert administrator.send(f"{PAGE}/{shipped}/edit", FIVE | {"seen": seen}).status_code == 303
    second = administrator.send(f"{PAGE}/{shipped}/edit", FIVE | {"seen": seen, "interval": "10"})
    assert second.status_code == 422
    assert errors_of(second)["name"].startswith("Somebody else has changed Five minutes in the meantime.")
    assert 'value="10"' in second.text
    # Saved once more, the same form would not pass either.
    assert mark_in(second) == seen
    (stored,) = gateway.stores.blueprints.all(team.customer)
    assert stored.content.interval_seconds == 300


@pytest.mark.parametrize(
    ("form", "field", "told"),
    [
        ({"name": " "}, "name", "Enter a text"),
        ({"name": "x" * 101}, "name", "Shorten this to 100"),
        ({"name": "a\u202eb"}, "name", "Remove the control"),
        ({"name": "Agent_Traffic_Collection_BP"}, "name", "There is already a blueprint"),
        ({"description": ""}, "description", "Enter a text"),
        ({"description": "x" * 501}, "description", "Shorten this to 500"),
        *[
            ({"interval": text}, "interval", "Enter a whole number of seconds from 10 to 3600.")
            for text in ("", "9", "3601", "1e2", "60.0", "-60", "\u0666\u0660", "9" * 30)
        ],
    ],
)
def test_what_is_wrong_is_at_its_field(gateway, team, administrator, shipped, form, field, told):
    answer = administrator.send(f"{PAGE}/new", FIVE | form)
    assert answer.status_code == 422
    assert errors_of(answer).keys() == {field}
    assert errors_of(answer)[field].startswith(told)
    (only,) = gateway.stores.blueprints.all(team.customer)
    assert only.number == shipped


def test_blueprints_of_others_are_not_there(administrator, new_team, gateway, clock):
    blueprint = read_blueprint(SHIPPED.read_text())
    foreign = gateway.stores.blueprints.put(new_team().customer, blueprint, clock.now())
    for number in (foreign, "x", "-1", "9" * 30):
        assert administrator.get(f"{PAGE}/{number}/edit").status_code == 404
        assert administrator.get(f"{PAGE}/new?copy={number}").status_code == 404
        assert administrator.send(f"{PAGE}/{number}/edit", FIVE).status_code == 404
