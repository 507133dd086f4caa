"""The menu, the keys, and what keeps a page within its window."""

import pytest
from playwright.sync_api import expect

from gateway.clock import to_ms
from gateway.console.figures import clock_time
from gateway.stores.agents import AgentIdentity
from gateway.stores.audit_log import Action, Actor
from tests.gateway.client import deliver, record

PHONE = {"width": 390, "height": 844}
LONG_RULE = f"UserRule_{'x' * 291}"
LONG_HOST = ".".join([63 * "h"] * 4)
IPV6 = ("2001:db8:1234:5678:9abc:def0:1234:5678", "2600:1f18:2fff:ffff:abcd:abcd:abcd:abcd")


@pytest.fixture
def flows(gateway, customer, clock, request):
    """A day and an hour of flows: between addresses of IPv6, of gigabytes, some of a rule with the longest name."""
    end = to_ms(clock.now())
    large = {"bytes_src_to_dst": 3_456_789_012, "bytes_dst_to_src": 3_456_789_012, "rule": LONG_RULE}
    records = [
        record(time=end - hour * 3_600_000 - hour % 2 * 250 - 500, src_ip=IPV6[0], dst_ip=IPV6[1], src_port=65_535)
        | (large if hour % 5 == 0 else {})
        for hour in range(1, 25)
    ]
    deliver(gateway, customer, clock.now(), request.node.name, records)
    return records


def where_tab_stops(page, within):
    """Press Tab through a part of a page, and return the middle of each stop."""
    page.evaluate(f"document.querySelector('{within} a').focus()")
    stops = []
    while page.evaluate(f"document.activeElement.closest('{within}') !== null"):
        stops.append(
            page.evaluate(
                "() => (({x, y, width, height}) => [Math.round(y + height / 2), x + width / 2])"
                "(document.activeElement.getBoundingClientRect())"
            )
        )
        page.keyboard.press("Tab")
    return stops


@pytest.mark.parametrize("width", [1920, 1280, 1000])
def test_tab_goes_through_the_bar_as_the_eye_does(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    stops = where_tab_stops(page, ".bar")
    assert len(stops) == page.locator(".bar :is(a, button):visible").count()
    # Of two in one row the middles may be a few pixels apart.
    assert stops == sorted(stops, key=lambda stop: (round(stop[0] / 20), stop[1]))


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_the_menu_is_one_button_that_names_the_page_and_opens_by_keyboard(new_visit, sign_in, scripts):
    visit = new_visit(java_script_enabled=scripts)
    page = sign_in(visit, "/rules")
    page.set_viewport_size(PHONE)
    assert page.locator(".bar").evaluate("bar => bar.getBoundingClientRect().height") < 50
    expect(page.get_by_role("link", name="Exposed")).to_be_hidden()
    button = page.get_by_role("button", name="Menu: Rules")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Sign out").or_(page.get_by_role("button", name="Sign out"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Exposed")).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/traffic")


def test_on_a_desktop_the_menu_is_there_without_a_button(page):
    expect(page.get_by_role("button", name="Menu")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Administration").get_by_role("link", name="Audit log")).to_be_visible()


def test_the_bar_leaves_room_around_the_brand_where_it_is_all_there_is(visit):
    visit.open("/sign-in")
    above, below = visit.page.evaluate(
        """() => {
            const place = (each) => document.querySelector(each).getBoundingClientRect();
            const [bar, brand] = [place(".bar"), place(".brand img")];
            return [brand.top - bar.top, bar.bottom - brand.bottom];
        }"""
    )
    assert above == pytest.approx(below, abs=1)
    assert below >= 6


def test_the_name_can_be_typed_at_once_when_signing_in(visit):
    visit.open("/sign-in")
    name = visit.page.get_by_label("User name")
    expect(name).to_be_focused()
    visit.page.keyboard.type("ada")
    expect(name).to_have_value("ada")


def test_a_slash_goes_to_the_search_box_but_not_while_one_types_or_with_a_modifier(page, visit):
    visit.open("/traffic?q=dport:22")
    box = page.get_by_role("searchbox", name="Search")
    expect(box).not_to_be_focused()
    page.keyboard.press("Control+/")
    expect(box).not_to_be_focused()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    assert box.input_value() == "dport:22"
    page.get_by_label("From", exact=True).focus()
    page.keyboard.press("/")
    assert page.get_by_label("From", exact=True).input_value() == "/"
    assert box.get_attribute("aria-keyshortcuts") == "/"


def test_the_slash_is_turned_off_on_the_accounts_page(page, visit):
    page.get_by_label("The key / goes to the search box").uncheck()
    visit.open("/traffic")
    box = page.get_by_role("searchbox", name="Search")
    page.keyboard.press("/")
    expect(box).not_to_be_focused()
    assert box.get_attribute("aria-keyshortcuts") is None
    visit.open("/account")
    expect(page.get_by_label("The key / goes to the search box")).not_to_be_checked()


@pytest.mark.usefixtures("flows")
def test_the_default_columns_of_the_list_fit_a_window_of_1280_pixels(page, visit):
    visit.open("/traffic")
    table = page.locator("table.records")
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    rule = page.get_by_text("DefaultRule_AllowInternetOutBound").first
    assert rule.evaluate("rule => rule.scrollWidth <= rule.clientWidth")


def test_the_list_names_each_day_once_and_milliseconds_where_there_are_any(page, visit, flows):
    visit.open("/traffic?range=7d")
    days, times = zip(*(clock_time(flow["time"]).split() for flow in flows), strict=True)
    assert page.locator("table.records tr.day").all_inner_texts() == list(dict.fromkeys(days))
    shown = page.locator("table.records td time").all_inner_texts()
    assert shown == [each.removesuffix(".000") for each in times]
    assert len(set(days)) > 1


@pytest.mark.usefixtures("flows")
def test_a_long_name_is_cut_and_whole_once_it_is_opened_without_scripts(new_visit, sign_in):
    page = sign_in(new_visit(java_script_enabled=False), "/rules?range=7d")
    name = page.locator("summary", has_text="UserRule_x")
    widths = "name => [name.scrollWidth, name.clientWidth]"
    inside, outside = name.evaluate(widths)
    assert inside > outside
    name.focus()
    page.keyboard.press("Enter")
    inside, outside = name.evaluate(widths)
    assert inside <= outside
    assert name.inner_text() == LONG_RULE


@pytest.mark.usefixtures("flows")
def test_on_a_phone_a_table_is_scrolled_by_keyboard(page, visit):
    page.set_viewport_size(PHONE)
    visit.open("/rules?range=7d")
    table = page.get_by_role("region", name="Table: Rules")
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("table => table.scrollLeft > 0", arg=table.element_handle())


@pytest.mark.usefixtures("flows")
def test_forced_colours_leave_the_legends_squares_theirs_and_show_what_is_current(page, visit):
    page.emulate_media(forced_colors="active")
    visit.open("/timeline?range=7d")
    square = page.locator(".u-marker").nth(1)
    assert square.evaluate("square => getComputedStyle(square).forcedColorAdjust") == "none"
    here, other = page.get_by_role("navigation", name="Explore").get_by_role("link").all()[2:4]
    ground = "link => getComputedStyle(link).backgroundColor"
    assert here.evaluate(ground) != other.evaluate(ground)


def test_no_machines_name_pushes_the_states_of_the_others_out_of_view(gateway, customer, clock, page, visit):
    longest = AgentIdentity("3f2504e0-4f89-41d3-9a0c-0305e82c3301", LONG_HOST, 200 * "s", "1.0", ("fd00::4",) * 64)
    gateway.stores.agents.register(customer, longest, clock.now())
    gateway.stores.audit_log.add(Actor(customer, 120 * "w", "192.0.2.7"), clock.now(), Action.SAVED_MACHINE, LONG_HOST)
    for address in ("/setup/items", "/setup/attributes", "/setup/audit-log"):
        visit.open(address)
        table = page.locator("table").first
        assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth"), address
