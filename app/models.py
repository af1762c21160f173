"""Every table, so that the metadata is whole wherever this module has been imported."""

from app.actors import models as actors
from app.agreements import models as agreements
from app.answers import models as answers
from app.appetites import models as appetites
from app.applications import models as applications
from app.attendances import models as attendances
from app.auth import models as auth
from app.bookings import models as bookings
from app.bulk_changes import models as bulk_changes
from app.calendars import models as calendars
from app.class_tests import models as class_tests
from app.companies import models as companies
from app.concerns import models as concerns
from app.db import Base
from app.disclosures import models as disclosures
from app.events import models as events
from app.evidence import models as evidence
from app.feeds import models as feeds
from app.hosting import models as hosting
from app.hours import models as hours
from app.invitations import models as invitations
from app.jobs import models as jobs
from app.kits import models as kits
from app.laws import models as laws
from app.mails import models as mails
from app.matches import models as matches
from app.network import models as network
from app.notifications import models as notifications
from app.opportunities import models as opportunities
from app.placements import models as placements
from app.places import models as places
from app.postings import models as postings
from app.privacy import models as privacy
from app.programmes import models as programmes
from app.recommendations import models as recommendations
from app.rounds import models as rounds
from app.schools import models as schools
from app.series import models as series
from app.skills import models as skills
from app.students import models as students
from app.wishes import models as wishes

__all__ = [
    "actors", "agreements", "answers", "appetites", "applications", "attendances", "auth", "bookings", "bulk_changes", "calendars", "class_tests",
    "companies", "concerns", "disclosures", "events", "evidence", "feeds", "hosting", "hours", "invitations", "jobs", "kits", "laws", "mails", "matches",
    "network", "notifications", "opportunities", "placements", "places", "postings", "privacy", "programmes",
    "recommendations", "rounds", "schools", "series", "skills", "students", "wishes",
]  # fmt: skip

metadata = Base.metadata
