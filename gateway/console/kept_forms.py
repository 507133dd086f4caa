"""Forms that were sent after their session had ended. Each is kept in memory until its user has signed in and sent it
once more from its page, which shows it for review: nothing is ever submitted by itself.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request

from gateway.console.forms import Form

_LIFE: Final = timedelta(hours=1)
_MOST: Final = 100
"""At most 64 KB each (`Limits.form_bytes`), and one for each user: the latest."""


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form that was not carried out.

    Attributes:
        page: The path of the page that shows it.
        path: The path that it was sent to.
        form: What was entered, secrets among it: pages never send those back.
        sent_at: When it was sent.
    """

    page: str
    path: str
    form: Form
    sent_at: datetime

    @property
    def is_button(self) -> bool:
        """Whether nothing was entered: it is only a button."""
        return not (self.form.files or self.form.is_cut or self.form.fields.keys() - {"csrf"})


class KeptForms:
    """The forms kept by this process. For use on one event loop only."""

    def __init__(self) -> None:
        self._of_user: OrderedDict[int, KeptForm] = OrderedDict()

    def keep(self, user: int, kept: KeptForm) -> None:
        """Keep a form for a user."""
        self._of_user.pop(user, None)
        self._of_user[user] = kept
        if len(self._of_user) > _MOST:
            self._of_user.popitem(last=False)

    def shown_on(self, page: str, user: int, now: datetime) -> KeptForm | None:
        """Return the form that a page is to show its user; None if there is none. A mere button is shown once."""
        kept = self._of_user.get(user)
        if kept is None or (kept.page != page and now - kept.sent_at < _LIFE):
            return None
        if kept.is_button or now - kept.sent_at >= _LIFE:
            del self._of_user[user]
        return kept if now - kept.sent_at < _LIFE else None

    def forget(self, path: str, user: int) -> None:
        """Keep a user's form no longer if it was sent to a path, where the user has sent another one since."""
        kept = self._of_user.get(user)
        if kept is not None and kept.path == path:
            del self._of_user[user]


def kept_form(request: Request, path: str = "") -> Form | None:
    """Return the form that a page is to show again, as it was sent; None if there is none.

    Args:
        request: The request for the page.
        path: The path that the form is sent to, if not the page's own.
    """
    kept: KeptForm | None = getattr(request.state, "kept_form", None)
    return kept.form if kept is not None and kept.path == (path or request.url.path) else None
