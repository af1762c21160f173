"""The words of the page about calendars."""

from __future__ import annotations

from app.feeds.models import FeedAbout
from app.web.language import mark as _

NAMES = {
    FeedAbout.OWN: _("I miei giorni"),
    FeedAbout.CLASS: _("Una classe"),
    FeedAbout.COMPANY: _("Le nostre visite"),
    FeedAbout.TERRITORY: _("Gli eventi del territorio"),
}
