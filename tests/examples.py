"""How many examples drawn tests try: fewer in `make test`, all in `make test-long`."""

from hypothesis import settings

WHOLE, QUICK = "whole", "quick"

_USUAL = 100


def register() -> None:
    """Make both profiles known, and use the quick one unless the command line names another."""
    # A slow machine is not the code's fault.
    settings.register_profile(WHOLE, deadline=None, max_examples=_USUAL)
    settings.register_profile(QUICK, deadline=None, max_examples=_USUAL // 5)
    settings.load_profile(QUICK)


def examples(whole: int) -> int:
    """Return the profile's share of so many examples, for a test that needs more or fewer than others."""
    return max(1, whole * settings.default.max_examples // _USUAL)
