from datetime import timedelta

import pytest

from dev.gateway.local import new_customer, run_in_thread
from gateway.stores.sessions import IDLE, LONGEST
from tests.gateway.client import code
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import Person, text_of


@pytest.fixture
def name(gateway, new_user):
    return new_user(gateway.stores.accounts.add_customer("customer"))


def test_a_page_leads_to_signing_in_and_back(nobody, name):
    sent = nobody.get("/account?changed")
    assert (sent.status_code, sent.headers["Location"]) == (303, "/sign-in?next=%2Faccount%3Fchanged")
    page = nobody.get(sent.headers["Location"])
    assert 'name="next" value="/account?changed"' in page.text
    signed_in = nobody.sign_in(name, PASSWORD, next="/account?changed")
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/account?changed")
    assert name in text_of(nobody.get("/account"))


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\r\nX: y",
        "javascript:alert(1)",
        "evil",
        "",
        "/é",
    ],
)
def test_signing_in_leads_to_no_other_site(nobody, name, address):
    assert nobody.sign_in(name, PASSWORD, next=address).headers["Location"] == "/"
    assert nobody.get("/sign-in", params={"next": address}).headers["Location"] == "/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(nobody, name):
    cookie = nobody.sign_in(name, PASSWORD).headers["Set-Cookie"]
    assert "; HttpOnly" in cookie
    assert "; SameSite=strict" in cookie
    assert "; Path=/" in cookie
    assert "Domain" not in cookie


def test_a_wrong_name_and_a_wrong_password_are_refused_alike(nobody, name):
    wrong_name, wrong_password = nobody.sign_in("nobody", PASSWORD), nobody.sign_in(name, "wrong")
    assert wrong_name.status_code == wrong_password.status_code == 401
    assert wrong_name.text.replace("nobody", "") == wrong_password.text.replace(name, "")
    assert "The user name or the password is wrong." in text_of(wrong_password)
    assert "wrong</" not in wrong_password.text
    assert nobody.cookie is None


@pytest.fixture
def cookie(gateway):
    """The name of the shared gateway's cookie."""
    return f"sluice-{gateway.stores.accounts.fingerprint()}"


def test_each_sign_in_begins_a_session_of_its_own(nobody, name, cookie):
    nobody.session.cookies.set(cookie, "planted-by-somebody-else")
    nobody.sign_in(name, PASSWORD)
    first = nobody.session.cookies.get(cookie, domain="127.0.0.1")
    assert first not in {None, "planted-by-somebody-else"}


def test_signing_in_again_ends_the_session_before(gateway, nobody, name, cookie):
    nobody.sign_in(name, PASSWORD)
    before = nobody.cookie
    nobody.sign_in(name, PASSWORD)
    assert nobody.cookie != before
    thief = Person(gateway.url)
    thief.session.cookies.set(cookie, before)
    assert thief.get("/account").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(gateway, administrator, cookie):
    secret = administrator.cookie
    assert administrator.send("/sign-out").headers["Location"] == "/sign-in"
    assert administrator.cookie is None
    thief = Person(gateway.url)
    thief.session.cookies.set(cookie, secret)
    assert thief.get("/account").status_code == 303


def test_two_gateways_on_one_host_do_not_sign_each_other_s_people_out(gateway, administrator, tmp_path):
    with run_in_thread(tmp_path) as other:
        customer = new_customer(other.stores.database, "other")
        there = Person(other.url)
        there.session.cookies.update(administrator.session.cookies)
        assert there.sign_in(customer.user, customer.password).status_code == 303
        administrator.session.cookies.update(there.session.cookies)
        assert administrator.get("/account").status_code == 200
        assert there.get("/account").status_code == 200
    assert gateway.url != other.url


@pytest.mark.parametrize("life", [IDLE, LONGEST])
def test_a_session_ends_by_itself(administrator, clock, life):
    assert administrator.get("/account").status_code == 200
    clock.move(life.total_seconds())
    assert administrator.get("/account").status_code == 303


def test_a_page_that_refreshes_itself_keeps_no_session_alive(administrator, clock):
    refresh = {"HX-Request": "true", "HX-Target": "live"}
    clock.move(IDLE.total_seconds() / 2)
    assert administrator.get("/", headers=refresh).status_code == 200
    clock.move(IDLE.total_seconds() / 2)
    assert administrator.get("/", headers=refresh).status_code == 204


@pytest.fixture
def own(tmp_path, clock):
    """A gateway of the test's own, whose sign-ins may be used up."""
    with run_in_thread(tmp_path, clock=clock.now) as running:
        yield running


@pytest.fixture
def ada(own, clock):
    return new_customer(own.stores.database, "ada", clock.now)


def test_wrong_passwords_for_one_name_are_held_up_and_right_ones_then_too(own, ada, clock):
    person = Person(own.url)
    for _ in range(10):
        assert person.sign_in("ada", "wrong").status_code == 401
    refused = person.sign_in("ada", ada.password)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert "Wait 30 s, and try again." in text_of(refused)
    assert person.sign_in("ben", "wrong").status_code == 401
    by_api = {"username": "ada", "password": ada.password, "token": "true"}
    assert code(person.post("/auth", by_api)) == (429, "too_many_tries")
    clock.move(30)
    assert person.sign_in("ada", ada.password).status_code == 303


def test_right_passwords_are_never_held_up(own, ada):
    for _ in range(12):
        assert Person(own.url).sign_in("ada", ada.password).status_code == 303


def test_one_person_s_wrong_passwords_refuse_no_other_behind_the_same_address(own, ada):
    person = Person(own.url)
    assert {person.sign_in(f"name-{number}", "wrong").status_code for number in range(100)} == {401}
    assert {person.sign_in("ben", "wrong").status_code for _ in range(40)} == {401, 429}
    assert Person(own.url).sign_in("ada", ada.password).status_code == 303


def test_a_browser_that_its_user_has_signed_in_with_is_held_up_by_no_other(own, ada, clock):
    known = Person(own.url)
    known.sign_in("ada", ada.password)
    stranger = Person(own.url)
    assert [stranger.sign_in("ada", "wrong").status_code for _ in range(11)][-1] == 429
    assert stranger.sign_in("ada", ada.password).status_code == 429
    clock.move(timedelta(minutes=1).total_seconds())
    while stranger.sign_in("ada", "wrong").status_code != 429:
        pass
    assert known.sign_in("ada", ada.password).status_code == 303


def test_a_known_browser_has_no_more_tries_than_others(own, ada):
    person = Person(own.url)
    person.sign_in("ada", ada.password)
    assert [person.sign_in("ada", "wrong").status_code for _ in range(11)] == [401] * 10 + [429]


def test_the_audit_log_tells_of_sign_ins_and_of_refused_ones_by_known_names(own, ada):
    person = Person(own.url)
    person.sign_in("ada", "wrong")
    person.sign_in("nobody", "wrong")
    person.sign_in("ada", ada.password)
    told = [(entry.who, entry.action.words) for entry in own.stores.audit_log.page(ada.number)]
    assert told == [("ada", "signed in"), ("ada", "failed to sign in")]


def test_old_sessions_are_forgotten_when_the_gateway_starts(tmp_path, clock):
    with run_in_thread(tmp_path, clock=clock.now) as gateway:
        customer = new_customer(gateway.stores.database, "ada", clock.now)
        Person(gateway.url).sign_in("ada", customer.password)
    clock.move(timedelta(days=1).total_seconds())
    with run_in_thread(tmp_path, clock=clock.now) as gateway:
        assert Person(gateway.url).get("/healthz").status_code == 200
        assert gateway.stores.database.run("SELECT count(*) FROM sessions") == [(0,)]
