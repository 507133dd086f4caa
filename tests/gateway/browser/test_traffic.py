import random
import re
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from gateway.clock import to_ms
from gateway.console.figures import written
from gateway.stores.accounts import Role
from tests.gateway.browser.looks import faults
from tests.gateway.client import deliver
from tests.gateway.contract.made_up import made_up
from tests.long import first_of_each

PAGES = ["/", "/traffic", "/timeline", "/top", "/rules", "/exposed"]
SHOWN = 50
_keys = count()


@pytest.fixture
def posted(gateway, customer, clock):
    """The records of the test's customer: made up, of the last three hours."""
    chance, end = random.Random(5), to_ms(clock.now())
    records = [made_up(chance) | {"time": end - chance.randrange(3 * 3_600_000)} for _ in range(180)]
    deliver(gateway, customer, clock.now(), f"browser-{next(_keys)}", records)
    return records


@pytest.fixture
def reader(visit, sign_in, posted):
    """A page of the console's, with a reader signed in whose customer has records."""
    assert posted
    return sign_in(visit, "/traffic", Role.READER)


def rows(page):
    return page.locator("table.records > tbody > tr:not(.details, .day)")


def found(page):
    return int(page.locator(".totals [data-count]").first.get_attribute("data-count"))


def state(page):
    return {name: value for name, (value,) in parse_qs(urlsplit(page.url).query).items()}


def test_a_search_is_typed_and_its_terms_are_taken_away(reader, posted):
    reader.get_by_label("Search", exact=True).fill("decision:deny dport:22")
    reader.keyboard.press("Enter")
    reader.wait_for_url("**/traffic?q=*")
    expected = sum(each["decision"] == "deny" and each["dst_port"] == 22 for each in posted)
    assert found(reader) == expected
    assert set(rows(reader).locator("td:nth-child(9)").all_inner_texts()) == {"deny"}
    reader.get_by_role("link", name="Remove dport:22").click()
    reader.wait_for_url(re.compile(r"q=decision:deny(&|$)"))
    assert found(reader) == sum(each["decision"] == "deny" for each in posted)


def test_a_mistake_in_a_search_is_at_the_box(reader, visit):
    visit.expect(422)
    box = reader.get_by_label("Search", exact=True)
    box.fill("vedrict:deny")
    reader.keyboard.press("Enter")
    reader.locator("#q[aria-invalid]").wait_for()
    assert "Did you mean decision?" in reader.locator(f"#{box.get_attribute('aria-describedby')}").inner_text()
    assert reader.locator("mark").inner_text() == "vedrict:"
    assert box.input_value() == "vedrict:deny"
    assert faults(reader) == []


def test_an_example_of_the_help_is_tried(reader):
    reader.get_by_text("What can be searched").click()
    reader.get_by_role("link", name="decision:deny").click()
    reader.wait_for_url(re.compile("q=decision:deny"))
    assert reader.get_by_label("Search", exact=True).input_value() == "decision:deny"


def test_pages_are_turned_to_the_end_and_back(reader, posted):
    seen = rows(reader).all_inner_texts()
    for _ in range(3):
        reader.get_by_role("link", name="Older").click()
        reader.wait_for_load_state()
        seen += rows(reader).all_inner_texts()
    assert len(seen) == len(posted)
    assert reader.get_by_role("link", name="Older").count() == 0
    reader.get_by_role("link", name="Newest").click()
    reader.wait_for_load_state()
    assert rows(reader).all_inner_texts() == seen[:SHOWN]


def test_columns_are_chosen_and_stay_while_one_searches(reader):
    reader.get_by_text("Columns", exact=True).click()
    reader.get_by_role("checkbox", name="Rule", exact=True).uncheck()
    reader.get_by_role("checkbox", name="NIC", exact=True).check()
    reader.get_by_role("button", name="Show columns").click()
    reader.wait_for_url("**columns=**")
    headings = reader.locator("table.records thead th").all_inner_texts()
    assert "NIC" in headings
    assert "Rule" not in headings
    reader.get_by_label("Search", exact=True).fill("dport:22")
    reader.keyboard.press("Enter")
    reader.wait_for_url("**q=dport%3A22**")
    assert reader.locator("table.records thead th").all_inner_texts() == headings


def test_details_open_by_keyboard_and_narrow_the_search(reader):
    reader.locator("table.records summary").first.focus()
    assert not reader.locator("tr.details").first.is_visible()
    reader.keyboard.press("Enter")
    details = reader.locator("tr.details").first
    details.get_by_text("Community ID").wait_for()
    before = found(reader)
    details.get_by_role("link", name=re.compile("^All but Destination port")).click()
    reader.wait_for_url("**-dport:**")
    assert 0 < found(reader) < before


def test_an_address_is_narrowed_down_to_by_a_click(reader, posted):
    link = rows(reader).first.locator("td:nth-child(3) a")
    address = link.inner_text()
    link.click()
    reader.wait_for_url("**q=src:**")
    assert set(rows(reader).locator("td:nth-child(3)").all_inner_texts()) <= {address, f"::ffff:{address}"}
    assert len(posted) > found(reader) > 0


def test_dragging_over_the_timeline_zooms_to_the_rows_under_it(reader, visit, posted):
    visit.open("/timeline?range=6h")
    chart = reader.locator(".u-over")
    chart.wait_for()
    ends = {name: int(reader.locator("table.steps").get_attribute(f"data-{name}")) for name in ("start", "end")}
    box = chart.bounding_box()
    middle = box["y"] + box["height"] / 2
    reader.mouse.move(box["x"] + box["width"] * 0.6, middle)
    reader.mouse.down()
    reader.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=5)
    reader.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=5)
    reader.mouse.up()
    reader.wait_for_url("**from=**")
    asked = state(reader)
    assert "range" not in asked
    length = ends["end"] - ends["start"]
    table = reader.locator("table.steps")
    start, end = (int(table.get_attribute(f"data-{name}")) for name in ("start", "end"))
    assert abs(start - (ends["start"] + 0.6 * length)) < length / 50
    assert abs(end - (ends["start"] + 0.8 * length)) < length / 50
    assert found(reader) == sum(start <= each["time"] < end for each in posted)
    assert found(reader) > 0
    reader.get_by_role("navigation", name="Explore").get_by_role("link", name="Traffic List").click()
    reader.wait_for_url("**/traffic?**")
    assert found(reader) == sum(start <= each["time"] < end for each in posted)


def test_the_timeline_can_be_read_and_zoomed_as_a_table(reader, visit, posted):
    visit.open("/timeline?range=6h")
    reader.locator("figure summary").focus()
    reader.keyboard.press("Enter")
    table = reader.locator("table.steps")
    table.wait_for()
    numbers = table.locator("tbody td:nth-child(5) a").all()
    assert sum(int(each.get_attribute("data-count")) for each in numbers) == len(posted)
    table.get_by_role("link", name=re.compile("^Zoom to")).first.click()
    reader.wait_for_url("**from=**")
    reader.get_by_role("link", name="Zoom out").click()
    reader.wait_for_load_state()


def test_a_top_group_opens_its_rows(reader, visit):
    visit.open("/top")
    reader.get_by_role("link", name="Ports").click()
    reader.wait_for_url("**by=port**")
    reader.get_by_role("link", name="6 hours").click()
    reader.wait_for_url("**range=6h**")
    assert state(reader)["by"] == "port"
    link = reader.locator("table.groups [data-count]").first
    number = int(link.get_attribute("data-count"))
    link.click()
    reader.wait_for_url("**/traffic?**")
    assert found(reader) == number


@pytest.mark.parametrize("name", ["CSV", "NDJSON", "OCSF"])
def test_an_export_is_downloaded(name, reader, posted):
    with reader.expect_download() as download:
        reader.get_by_role("link", name=name, exact=True).click()
    file = download.value
    assert file.suggested_filename.startswith("traffic-")
    lines = file.path().read_text().splitlines()
    assert len(lines) >= len(posted)


@pytest.mark.parametrize("page", first_of_each(PAGES, len(PAGES)))
def test_a_page_can_be_read_in_light_and_dark(page, visit, sign_in, posted):
    assert posted
    window = sign_in(visit, page)
    window.wait_for_load_state("networkidle")
    for each in window.locator("summary:visible").all()[:6]:
        each.click()
    charts = window.locator("figure.timeline").count()
    for scheme in ("light", "dark"):
        window.emulate_media(color_scheme=scheme)
        assert faults(window) == []
        assert window.locator("figure.timeline canvas").count() == charts
        ground = window.evaluate("getComputedStyle(document.body).backgroundColor")
        lightness = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
        assert (lightness > 128) is (scheme == "light")


def test_pages_work_without_scripts(new_visit, sign_in, posted):
    visit = new_visit(java_script_enabled=False)
    page = sign_in(visit, "/timeline")
    page.locator("figure summary").click()
    page.locator("table.steps [data-count]").first.click()
    page.wait_for_url("**/traffic?**")
    page.get_by_label("Search", exact=True).fill("decision:deny")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**q=decision%3Adeny**")
    assert 0 <= found(page) < len(posted)
    page.locator("table.records summary").first.click()
    page.get_by_role("link", name="Full record").first.click()
    page.wait_for_url("**/traffic/record?**")
    expect(page.get_by_text("Community ID")).to_be_visible()


def test_the_first_page_refreshes_itself_but_not_under_ones_hands(reader, visit, posted):
    visit.open("/")
    reader.locator("figure canvas").first.wait_for()
    refresh = "htmx.ajax('GET', location.href, {source: '#live', target: '#live', select: '#live', swap: 'outerHTML'})"
    reader.evaluate("document.querySelector('#live').dataset.old = 'yes'")
    reader.locator("#live summary").first.focus()
    reader.evaluate(f"() => {{ {refresh}; }}")
    reader.wait_for_timeout(300)
    assert reader.locator("#live[data-old]").count() == 1
    reader.evaluate("document.activeElement.blur()")
    reader.evaluate(f"() => {{ {refresh}; }}")
    reader.locator("#live:not([data-old])").wait_for()
    reader.locator("#live figure canvas").nth(1).wait_for()
    assert found(reader.locator("#live")) or len(posted)


def test_a_refresh_after_the_session_has_ended_leads_to_the_sign_in_page(reader, visit):
    visit.open("/")
    reader.locator("figure canvas").first.wait_for()
    reader.context.clear_cookies()
    reader.evaluate("() => { htmx.ajax('GET', '/', {source: '#live', target: '#live'}); }")
    reader.wait_for_url("**/sign-in**")


def test_the_ends_of_the_time_are_typed(reader, posted):
    times = sorted(each["time"] for each in posted)
    reader.get_by_label("From", exact=True).fill(written(times[10]))
    reader.get_by_label("to", exact=True).fill(written(times[100] + 1))
    reader.keyboard.press("Enter")
    reader.wait_for_url("**from=**")
    assert found(reader) == sum(times[10] <= time <= times[100] for time in times)
    reader.get_by_role("group", name="Time range up to now").get_by_role("link", name="7 days").click()
    reader.wait_for_url("**range=7d**")
    assert found(reader) == len(posted)


def test_home_fits_a_telephone_with_any_number_of_sources(gateway, customer, clock, reader, visit):
    for number in range(20):
        gateway.stores.records.refuse(customer, f"storageaccountwith{number:06}", clock.now(), 400, "It is no gzip.")
    reader.set_viewport_size({"width": 390, "height": 800})
    visit.open("/?range=all")
    expect(reader.get_by_text("and 13 other sources")).to_be_visible()
    assert faults(reader) == []
    assert reader.locator(".freshness .state").first.evaluate("each => each.getBoundingClientRect().right") < 370
    height = "each => each.getBoundingClientRect().height"
    assert reader.get_by_role("rowheader", name="storageaccountwith000000").evaluate(height) < 60
