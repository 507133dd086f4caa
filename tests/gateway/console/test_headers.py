import pytest


@pytest.mark.parametrize("path", ["/sign-in", "/account", "/nowhere"])
def test_pages_are_kept_nowhere(administrator, path):
    assert administrator.get(path).headers["Cache-Control"] == "no-store"


def test_no_page_holds_a_script_or_a_style(administrator):
    for path in ("/account", "/nowhere"):
        page = administrator.get(path).text
        assert "<style" not in page
        assert " style=" not in page
        assert "<script>" not in page
        assert " onclick" not in page
