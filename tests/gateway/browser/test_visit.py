import pytest

from tests.gateway.browser.visit import require_chromium


@pytest.fixture
def troubles(new_visit):
    """What a window notices that looks at a page of ours; taken away before it fails the test."""
    visit = new_visit()
    visit.open("/sign-in")

    def after(script, expected):
        visit.page.evaluate(script)
        visit.page.wait_for_timeout(200)
        found, visit.troubles = visit.troubles, []
        assert any(expected in trouble for trouble in found), found

    return after


def test_an_error_on_the_console_is_noticed(troubles):
    troubles("console.error('planted')", "error on the console: planted")


def test_a_fault_of_a_script_is_noticed(troubles):
    troubles("setTimeout(() => { throw new Error('planted') })", "fault of a script: planted")


def test_a_script_in_the_page_does_not_run_and_is_noticed(troubles):
    troubles(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 'planted'";
            document.head.append(script);
            if (document.title === "planted") throw new Error("the script ran");
        }""",
        "Content Security Policy",
    )


def test_a_style_in_the_page_is_noticed(troubles):
    troubles(
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')", "Content Security Policy"
    )


def test_a_request_to_elsewhere_is_noticed(troubles):
    troubles("fetch('https://elsewhere.invalid/').catch(() => {})", "Content Security Policy")


def test_an_unexpected_refusal_is_noticed(troubles):
    troubles("fetch('/nowhere').then(() => {})", "404 for GET")


def test_without_chromium_tests_are_skipped_by_name_and_fail_in_ci():
    with pytest.raises(pytest.skip.Exception, match="Chromium is not installed"):
        require_chromium(None, in_ci=False)
    with pytest.raises(pytest.fail.Exception, match="which CI needs"):
        require_chromium(None, in_ci=True)
