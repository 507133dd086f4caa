"""Forms that are sent after their session has ended, by people at the console."""

import html
import re
from datetime import timedelta

import pytest

from gateway.console.forms import Form
from gateway.console.kept_forms import KeptForm, KeptForms
from gateway.edge.blueprint_file import SHIPPED
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.sessions import IDLE
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import Person, text_of
from tests.gateway.console.setup.configured import configuration, connection_string

NEW = "/setup/flow-logs/new"
TYPED = configuration("flowlogsone", name="azure-kept") | {"add": "1"}
SAID = "Your session had ended, so nothing was saved."


@pytest.fixture
def ada(new_user, team):
    """The name of an administrator, who may sign in."""
    return new_user(team.customer)


@pytest.fixture
def person(gateway, ada):
    """The same one, signed in."""
    someone = Person(gateway.url)
    assert someone.sign_in(ada, PASSWORD).status_code == 303
    return someone


def send_late(person, clock, path, form, **options):
    """Send a form whose session has ended; gives the page that signing in leads to."""
    typed = {"csrf": person.csrf} | form
    clock.move(IDLE.total_seconds())
    answer = person.post(path, typed, **options)
    assert answer.status_code == 303
    page = person.get(answer.headers["Location"])
    assert "Sign in" in text_of(page)
    return html.unescape(re.search(r'name="next" value="([^"]+)"', page.text)[1])


def values_of(page):
    """What stands in the fields, by name."""
    fields = re.findall(r'<input [^>]*name="([^"]+)"[^>]*?value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in fields}


def test_what_was_typed_is_there_again_after_signing_in_and_nothing_was_saved(gateway, team, person, ada, clock):
    then = send_late(person, clock, NEW, TYPED)
    assert then == NEW
    back = person.sign_in(ada, PASSWORD, next=then)
    page = person.get(back.headers["Location"])
    assert SAID in text_of(page)
    assert values_of(page).items() >= {"name": "azure-kept", "account-1": "flowlogsone", "region-1": "eastus"}.items()
    assert gateway.stores.deployments.all(team.customer) == []
    # Until it is sent: reloading the page loses nothing.
    assert values_of(person.get(NEW))["name"] == "azure-kept"
    assert person.send(NEW, configuration("flowlogsone", name="azure-kept")).status_code == 303
    again = person.get(NEW)
    assert SAID not in text_of(again)
    assert values_of(again)["name"] == "azure-"


def test_the_copy_of_a_blueprint_is_shown_beside_it(gateway, team, person, ada, clock):
    number = gateway.stores.blueprints.put(
        team.customer, NewBlueprint("Minute", "Every minute.", 60, "<x/>"), clock.now()
    )
    form = {"name": "Hourly", "description": "Each hour.", "interval_seconds": "3600"}
    then = send_late(person, clock, "/setup/blueprints/new", form)
    person.sign_in(ada, PASSWORD, next=then)
    page = person.get(f"/setup/blueprints/new?copy={number}")
    assert SAID not in text_of(page)
    assert values_of(page)["name"] == "Copy of Minute"
    assert values_of(person.get("/setup/blueprints/new"))["name"] == "Hourly"


def test_a_connection_string_is_not_sent_back_but_asked_for_again(person, ada, clock):
    form = configuration("flowlogsone", name="azure-kept")
    assert person.send(NEW, form).status_code == 303
    edit = "/setup/flow-logs/azure-kept/edit"
    then = send_late(person, clock, edit, form | {"secret-1": connection_string("flowlogsone", "bmV3")})
    page = person.get(person.sign_in(ada, PASSWORD, next=then).headers["Location"])
    assert "bmV3" not in page.text
    # Or else saving it again would keep the old one.
    assert "Enter the connection string again." in text_of(page)


def test_nobody_else_who_signs_in_sees_it(team, person, ada, new_user, clock):
    then = send_late(person, clock, NEW, TYPED)
    person.sign_in(new_user(team.customer), PASSWORD, next=then)
    assert "azure-kept" not in person.get(NEW).text
    person.sign_in(ada, PASSWORD, next=then)
    assert "azure-kept" in person.get(NEW).text


def test_it_is_kept_for_an_hour(person, ada, clock):
    send_late(person, clock, NEW, TYPED)
    clock.move(timedelta(hours=1).total_seconds())
    person.sign_in(ada, PASSWORD)
    assert "azure-kept" not in person.get(NEW).text


@pytest.mark.parametrize("csrf", ["", "wrong"])
def test_a_stranger_keeps_nothing_for_anybody(nobody, person, csrf):
    assert nobody.post(NEW, TYPED | {"csrf": csrf}).headers["Location"].startswith("/sign-in?next=")
    assert "azure-kept" not in person.get(NEW).text


def test_a_form_from_another_site_is_refused_without_a_session_too(nobody, person):
    answer = nobody.post(NEW, TYPED | {"csrf": person.csrf}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "azure-kept" not in person.get(NEW).text


def test_a_form_of_an_earlier_session_comes_back_in_the_one_begun_since(person, ada):
    """Somebody has signed out and in again in another tab."""
    typed = TYPED | {"csrf": person.csrf}
    person.sign_in(ada, PASSWORD)
    answer = person.post(NEW, typed)
    assert (answer.status_code, answer.headers["Location"]) == (303, NEW)
    assert "azure-kept" in person.get(NEW).text


def test_a_script_is_sent_to_the_sign_in_page_too(person, clock):
    typed = TYPED | {"csrf": person.csrf}
    clock.move(IDLE.total_seconds())
    answer = person.post(NEW, typed, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in?next=%2Fsetup%2Fflow-logs%2Fnew")


@pytest.mark.parametrize(
    ("path", "form", "shown_on"),
    [
        ("/setup/tokens", {"purpose": "kept words"}, "/setup/tokens"),
        ("/setup/items/new", {"name": "kept words"}, "/setup/items/new"),
        ("/setup/blueprints/new", {"name": "kept words"}, "/setup/blueprints/new"),
        ("/setup/users", {"name": "kept words"}, "/setup/users"),
        ("/setup/retention/holds", {"reason": "kept words"}, "/setup/retention"),
        ("/setup/retention", {"nsg": "kept words"}, "/setup/retention"),
    ],
)
def test_every_form_comes_back_on_its_page(person, ada, clock, path, form, shown_on):
    then = send_late(person, clock, path, form)
    assert then == shown_on
    page = person.get(person.sign_in(ada, PASSWORD, next=then).headers["Location"])
    assert 'value="kept words"' in page.text
    assert SAID in text_of(page)


def test_ticks_of_blueprints_come_back(gateway, team, person, ada, clock):
    blueprints = gateway.stores.blueprints
    one, other = (
        blueprints.put(team.customer, NewBlueprint(name, "", 60, "<blueprint/>"), clock.now()) for name in "ab"
    )
    item = gateway.stores.items.add(team.customer, "web-1", [], "")
    gateway.stores.items.save(team.customer, item, [one], [], clock.now())
    form = {"listed": [str(one), str(other)], "applied": [str(other)]}
    then = send_late(person, clock, f"/setup/items/{item}", form)
    page = person.get(person.sign_in(ada, PASSWORD, next=then).headers["Location"])
    assert re.findall(r'name="applied" value="([0-9]+)"[^>]* checked', page.text) == [str(other)]
    assert blueprints.applied(item) == {one}


def test_a_file_is_asked_for_again(person, ada, clock):
    blueprint = {"blueprint": ("b.xml", SHIPPED.read_bytes(), "text/xml")}
    then = send_late(person, clock, "/setup/blueprints", {}, files=blueprint)
    assert SAID in text_of(person.get(person.sign_in(ada, PASSWORD, next=then).headers["Location"]))


def test_of_a_button_its_page_says_that_nothing_was_done(gateway, team, person, ada, clock):
    person.send("/setup/tokens", {"purpose": "Production", "kind": "ingest", "ends": f"{clock.now():%Y-%m-%d}"})
    (token,) = gateway.stores.tokens.all(team.customer)
    then = send_late(person, clock, f"/setup/tokens/{token.number}/revoke", {})
    assert then == "/setup/tokens"
    page = person.get(person.sign_in(ada, PASSWORD, next=then).headers["Location"])
    assert "nothing was done: press the button again." in text_of(page)
    (token,) = gateway.stores.tokens.all(team.customer)
    assert token.revoked_at is None


def test_signing_out_late_leaves_nothing_to_do(person, ada, clock):
    then = send_late(person, clock, "/sign-out", {})
    assert "Your session had ended" not in text_of(
        person.get(person.sign_in(ada, PASSWORD, next=then).headers["Location"])
    )


def kept(words, moment):
    return KeptForm("/page", "/page", Form({"words": [words]}), moment)


def test_of_each_user_the_latest_form_is_kept_and_of_a_hundred_users(clock):
    forms, now = KeptForms(), clock.now()
    for user in range(101):
        forms.keep(user, kept("first", now))
        forms.keep(user, kept("second", now))
    assert forms.shown_on("/page", 0, now) is None
    assert [forms.shown_on("/page", user, now).form.text("words") for user in range(1, 101)] == ["second"] * 100


def test_it_is_forgotten_once_its_user_has_sent_that_form_and_no_other(clock):
    forms, now = KeptForms(), clock.now()
    forms.keep(1, kept("words", now))
    forms.forget("/other", 1)
    forms.forget("/page", 2)
    assert forms.shown_on("/page", 1, now) is not None
    forms.forget("/page", 1)
    assert forms.shown_on("/page", 1, now) is None


def test_a_button_is_told_of_once(clock):
    forms, now = KeptForms(), clock.now()
    forms.keep(1, KeptForm("/page", "/page/remove", Form({"csrf": ["x"]}), now))
    assert forms.shown_on("/page", 1, now).is_button
    assert forms.shown_on("/page", 1, now) is None


def test_what_is_kept_is_in_no_traceback_or_log(clock):
    secret = Form({"secret-1": ["planted"]}, {"file": b"planted"})
    assert "planted" not in repr(KeptForm("/page", "/page", secret, clock.now()))
