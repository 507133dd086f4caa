from shared.errors import SettingError


def test_a_setting_error_tells_all_problems_together_and_apart():
    error = SettingError("A is missing.", "B is no number.")
    assert str(error) == "A is missing. B is no number."
    assert error.problems == ("A is missing.", "B is no number.")
