import html
import re

import pytest

from gateway.stores.accounts import Role
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import Person, text_of

PAGE = "/setup/users"
NEW = "wandering lamp forty pears"


def shown_password(answer):
    return html.unescape(re.search(r'<input id="password" type="text" value="([^"]+)"', answer.text)[1])


@pytest.fixture
def rita(gateway, team, new_user):
    """A reader of the team, signed in."""
    person = Person(gateway.url)
    name = new_user(team.customer, Role.READER)
    assert person.sign_in(name, PASSWORD).status_code == 303
    person.user = gateway.stores.accounts.named(name)
    return person


@pytest.fixture
def own(gateway, team):
    """The administrator's own user."""
    (user,) = (each for each in gateway.stores.accounts.all(team.customer) if each.role is Role.ADMINISTRATOR)
    return user


def address(user, what):
    return f"{PAGE}/{user.id}/{what}"


def last_entry(gateway, team):
    (entry,) = gateway.stores.audit_log.page(team.customer, size=1)
    return entry.action.words, entry.subject, entry.address


def test_the_list_has_the_users_of_ones_own_customer_and_no_others(administrator, rita, own, new_team):
    new_team()
    text = text_of(administrator.get(PAGE))
    assert f"{own.name} (you)" in text
    assert rita.user.name in text
    assert text.count("New password") == 3  # these two, and the team's own reader


def test_a_user_is_added_with_a_password_that_is_shown_once(gateway, team, administrator):
    answer = administrator.send(PAGE, {"name": " eve@example.com ", "role": "analyst"})
    assert answer.status_code == 201
    password = shown_password(answer)
    assert "eve@example.com" in text_of(answer)
    assert answer.headers.get("Content-Encoding") is None
    assert last_entry(gateway, team) == ("added a user", "eve@example.com, analyst", "127.0.0.1")
    page = administrator.get(PAGE)
    assert password not in page.text
    assert "one-time not replaced yet" in text_of(page)
    eve = Person(gateway.url)
    assert eve.sign_in("eve@example.com", password).headers["Location"] == "/account"
    assert eve.send("/account", {"current": password, "new": NEW, "again": NEW}).headers["Location"] == "/"
    assert "not replaced yet" not in text_of(administrator.get(PAGE))


@pytest.mark.parametrize(
    ("form", "field", "told"),
    [
        ({"name": ""}, "name", "Enter a text"),
        ({"name": "x" * 101}, "name", "Shorten this to 100 characters."),
        ({"name": "a\u202eb"}, "name", "Remove the control characters"),
        ({"role": "owner"}, "role", "Choose what the user may do."),
        ({"role": ""}, "role", "Choose what the user may do."),
    ],
)
def test_what_is_wrong_with_a_new_user_is_at_its_field(gateway, team, administrator, form, field, told):
    before = gateway.stores.accounts.all(team.customer)
    answer = administrator.send(PAGE, {"name": "eve", "role": "reader"} | form)
    assert answer.status_code == 422
    assert re.search(f'<p class="error" id="{field}-error">{told}', answer.text)
    assert gateway.stores.accounts.all(team.customer) == before


def test_a_name_that_is_taken_is_said_at_its_field_whosever_it_is(administrator, new_team, gateway):
    stranger = gateway.stores.accounts.all(new_team().customer)[0]
    answer = administrator.send(PAGE, {"name": stranger.name, "role": "analyst"})
    assert answer.status_code == 422
    assert "is taken. Choose another one." in text_of(answer)
    assert re.search('value="analyst" checked', answer.text)


def test_a_new_role_holds_from_the_next_request_on(gateway, team, administrator, rita):
    assert rita.get(f"{PAGE}").status_code == 403
    changed = administrator.send(address(rita.user, "role"), {"role": "administrator"})
    told = f"The role of {rita.user.name} is administrator now."
    assert told in text_of(administrator.get(changed.headers["Location"]))
    assert last_entry(gateway, team) == ("changed a user's role", f"{rita.user.name}, administrator", "127.0.0.1")
    assert rita.get(PAGE).status_code == 200
    administrator.send(address(rita.user, "role"), {"role": "reader"})
    assert rita.get(PAGE).status_code == 403


def test_a_role_that_does_not_exist_is_refused(gateway, administrator, rita):
    answer = administrator.send(address(rita.user, "role"), {"role": "owner"})
    assert (answer.status_code, "Choose a role from the list." in text_of(answer)) == (422, True)
    assert gateway.stores.accounts.named(rita.user.name).role is Role.READER


def test_a_new_one_time_password_ends_the_old_one_and_all_sessions(gateway, team, administrator, rita):
    answer = administrator.send(address(rita.user, "password"))
    password = shown_password(answer)
    assert last_entry(gateway, team) == ("gave a user a new one-time password", rita.user.name, "127.0.0.1")
    assert rita.get("/account").headers["Location"].startswith("/sign-in")
    assert Person(gateway.url).sign_in(rita.user.name, PASSWORD).status_code == 401
    assert Person(gateway.url).sign_in(rita.user.name, password).headers["Location"] == "/account"


def test_who_resets_the_own_password_sees_it_and_is_signed_out(gateway, administrator, own):
    password = shown_password(administrator.send(address(own, "password")))
    assert administrator.get("/account").headers["Location"].startswith("/sign-in")
    assert Person(gateway.url).sign_in(own.name, password).headers["Location"] == "/account"


def test_a_removed_user_is_signed_out_at_once(gateway, team, administrator, rita):
    gone = administrator.send(address(rita.user, "remove"))
    assert "The user was removed, and is signed out." in text_of(administrator.get(gone.headers["Location"]))
    assert rita.get("/account").headers["Location"].startswith("/sign-in")
    assert last_entry(gateway, team) == ("removed a user", rita.user.name, "127.0.0.1")
    assert administrator.send(address(rita.user, "remove")).status_code == 404


@pytest.mark.parametrize(
    ("what", "form"), [("remove", {}), ("role", {"role": "reader"}), ("role", {"role": "analyst"})]
)
def test_the_last_administrator_is_kept(gateway, administrator, own, what, form):
    answer = administrator.send(address(own, what), form)
    assert answer.status_code == 409
    assert f"{own.name} is the last administrator" in text_of(answer)
    assert "Make somebody else an administrator first." in text_of(answer)
    assert gateway.stores.accounts.named(own.name) == own


def test_who_lowers_the_own_role_goes_on_with_the_new_one(administrator, rita, own):
    administrator.send(address(rita.user, "role"), {"role": "administrator"})
    lowered = administrator.send(address(own, "role"), {"role": "reader"})
    assert lowered.headers["Location"] == "/"
    assert administrator.get(PAGE).status_code == 403
    assert "/setup/users" not in administrator.get("/account").text


def test_users_of_another_customer_are_not_there(gateway, administrator, new_team):
    stranger = gateway.stores.accounts.all(new_team().customer)[-1]
    for what, form in (("remove", {}), ("password", {}), ("role", {"role": "administrator"})):
        assert administrator.send(address(stranger, what), form).status_code == 404
    for number in ("x", "-1", "9" * 30):
        assert administrator.send(f"{PAGE}/{number}/remove").status_code == 404
    assert gateway.stores.accounts.named(stranger.name) == stranger
