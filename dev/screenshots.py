"""Takes the pictures of the console that stand in the README: `python -m dev.screenshots`.

The traffic is the demo's, delivered by everything that delivers it there; the same seed gives nearly the same pictures.
"""

import contextlib
import datetime as dt
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from dev.chromium import PACKAGE, find_chromium
from dev.demo.ledger import Ledger
from dev.demo.made_up import write_logs
from dev.demo.set_up import DEPLOYMENT, set_up
from dev.gateway.local import Customer, GatewayProcess
from dev.rig import rig

_FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
_SEED = 7
_SECONDS_A_MINUTE = 0.1
_CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_PAGES = (
    ("home", "/?range=all", "light"),
    ("traffic", "/traffic?range=all&q=decision:deny", "light"),
    ("timeline", "/timeline?range=all", "dark"),
    ("exposed", "/exposed?range=all", "light"),
    ("flow-logs", f"/setup/flow-logs/{DEPLOYMENT}", "light"),
)


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print(f"screenshots: Chromium is not installed: apt-get install {PACKAGE}", file=sys.stderr)
        return 1
    hour = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=1)
    with tempfile.TemporaryDirectory() as folder:
        with rig(Path(folder), {"START_FROM": f"{hour:%Y-%m-%dT%H}"}) as running:
            write_logs(running, hour, _SEED, Ledger(), lambda _: None, seconds_a_minute=_SECONDS_A_MINUTE)
            set_up(running)
            running.drain(120)
        with (
            GatewayProcess(running.gateway.data) as gateway,
            sync_playwright() as playwright,
            contextlib.closing(playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM)) as browser,
        ):
            for name, path, scheme in _PAGES:
                _take(browser, gateway.url, running.gateway.customer, name, path, scheme)
    return 0


def _take(browser: Browser, url: str, customer: Customer, name: str, path: str, scheme: str) -> None:
    dark = scheme == "dark"
    with contextlib.closing(
        browser.new_context(
            base_url=url, viewport={"width": 1280, "height": 800}, color_scheme="dark" if dark else "light"
        )
    ) as context:
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("User name").fill(customer.user)
        page.get_by_label("Password").fill(customer.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        page.goto(path)
        page.wait_for_load_state("networkidle")
        _FOLDER.mkdir(exist_ok=True)
        page.screenshot(path=_FOLDER / f"{name}.png")
        print(f"docs/screenshots/{name}.png")


if __name__ == "__main__":
    sys.exit(main())
