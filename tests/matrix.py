"""Who gets in where: one line per route and relation, read by `tests/test_matrix.py`.

A new route needs a line here, and the failing test says which. `may` names who gets in; everybody else gets `rest`, but
those whom a line names under another answer. Nobody signed in is always 401 (a page sends to `/sign-in`), and a key
without scopes 403, unless the line is `PUBLIC` or `KNOWN`.

    "read_thing": {OWN: may("teacher lead"), FOREIGN: may("administrator", rest=403)},

A line made by `sees` is about a list: whoever it names finds the thing there, the others do not. The pages are in
`tests/matrix_pages.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

# --- who --------------------------------------------------------------------------------------------------------------

ANYBODY = "anonymous"
"""Nobody is signed in."""
PEOPLE = (
    "student", "teacher", "colleague", "lead", "member", "admin", "training_body", "coordinator", "far_coordinator",
    "administrator",
)  # fmt: skip
"""`colleague` teaches another class of the school; `far_coordinator` coordinates where the foreign things are."""
KEYS = ("key_school", "key_company", "key_coordinator")
BARE = ("bare_school", "bare_company", "bare_coordinator")
"""The same keys without a scope."""
ACTORS = (ANYBODY, *PEOPLE, *KEYS, *BARE)

# --- to what ----------------------------------------------------------------------------------------------------------

OWN = "own"
"""The student, their class and school; the company and its published internship; a request of that company."""
SAME = "same school"
"""Another class of the school, and its student."""
VISIT = "own visit"
"""The company's visit instead of its internship."""
HIDDEN = "own hidden"
"""A company of the territory that waits for approval; a draft of the own company."""
FOREIGN = "foreign"
"""Another school, company and territory, with all that there is."""
FOREIGN_HIDDEN = "foreign hidden"
"""A company that waits and a draft, over there."""
SELF = "oneself"
"""What is the actor's alone: the session, the membership, the recovery code, the key; else as `OWN`."""
COMPANY = "own company's"
"""The key of the company instead of that of the school."""

# --- what a line says -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """Expected answers: `of` gives those of the named actors, `rest` that of all others; 0 stands for getting in."""

    of: dict[str, int] = field(default_factory=dict)
    rest: int = 404
    is_list: bool = False
    without: frozenset[str] = frozenset()
    """Of a list: who gets it without the thing."""

    def expected(self, actor: str) -> int:
        """The status, 0 for any success."""
        return self.of.get(actor, self.rest)

    def of_page(self) -> Row:
        """The same line where keys are nobody."""
        return replace(self, of=self.of | dict.fromkeys((*KEYS, *BARE), self.of[ANYBODY]))


def _row(who: str, rest: int, answers: dict[int, str], *, is_list: bool = False, without: str = "") -> Row:
    of = dict.fromkeys(BARE, 403) | {ANYBODY: 401}
    for status, names in ({0: who} | answers).items():
        of |= dict.fromkeys(names.split(), status)
    absent = frozenset(without.split())
    of |= dict.fromkeys(absent, 0)
    unknown = of.keys() - set(ACTORS)
    if unknown:
        raise ValueError(f"no such actor: {sorted(unknown)}")
    if is_list and rest == 0:
        absent |= set(ACTORS) - of.keys()
    return Row(of, rest, is_list, absent)


def may(who: str, *, rest: int = 404, **answers: str) -> Row:
    """Who gets in; `s403="…"` names those with another answer."""
    return _row(who, rest, {int(name[1:]): names for name, names in answers.items()})


def sees(who: str, *, rest: int = 0, without: str = "") -> Row:
    """Who finds the thing in a list; `rest` 0 gets the list without it, as do those named by `without`."""
    return _row(who, rest, {}, is_list=True, without=without)


def always(status: int) -> Row:
    """The same answer for everybody, whoever they are."""
    return Row(dict.fromkeys(ACTORS, status), status)


ALL = " ".join((*PEOPLE, *KEYS))
SIGNED_IN = may(" ".join(PEOPLE))
PUBLIC = may(" ".join(ACTORS))
KNOWN = may(" ".join(ACTORS[1:]))
NOBODY = ""

STUDENTS = {  # what is a student's, for whoever may see the student
    OWN: may("student teacher lead administrator key_school"),
    SAME: may("colleague lead administrator key_school"),
    FOREIGN: may("administrator"),
}
STAFF_OF_STUDENT = STUDENTS | {OWN: may("teacher lead administrator key_school", s403="student")}
CONCERNS = {
    OWN: may("student lead administrator key_school"),
    SAME: may("lead coordinator administrator key_school"),
    FOREIGN: may("administrator"),
}
"""Never for a company, whose people see the placement that it is about."""
WISHES = {
    OWN: may("student", s403="teacher lead administrator key_school"),
    SAME: may(NOBODY, s403="colleague lead administrator key_school"),
    FOREIGN: may(NOBODY, s403="administrator"),
}
KITS = {
    OWN: may(
        "teacher colleague lead member admin training_body coordinator administrator key_school key_company key_coordinator",
        s403="student",
    ),
    FOREIGN: may("far_coordinator administrator", s403="student"),
}
"""A kit of the own school and company, which all there may change."""
KITS_LISTED = {
    OWN: sees(
        "teacher colleague lead member admin training_body coordinator administrator key_school key_company key_coordinator",
        rest=403, without="far_coordinator",
    ),
    FOREIGN: sees(
        "far_coordinator administrator", rest=403,
        without="teacher colleague lead member admin training_body coordinator key_school key_company key_coordinator",
    ),
}  # fmt: skip
ROUNDS = {OWN: may("teacher lead administrator key_school"), FOREIGN: may("administrator")}
"""A round of one class, which `teacher` teaches and `colleague` does not."""
INSIDERS = "member admin training_body coordinator administrator key_company key_coordinator"
KEEPERS = "admin coordinator administrator key_company key_coordinator"
"""Who changes a company."""
EDITORS = "member admin coordinator administrator key_company key_coordinator"
"""Who changes what it offers."""
OVERSEERS = "coordinator administrator key_coordinator"
COORDINATORS = "coordinator far_coordinator"
FAR = "far_coordinator administrator"
NETWORK = {OWN: may(f"{OVERSEERS} far_coordinator", rest=403)}
"""What everybody who coordinates something reads of their own."""
EDITIONS = {
    OWN: may(OVERSEERS, rest=403, s404="far_coordinator"),
    FOREIGN: may(FAR, rest=403, s404="coordinator key_coordinator"),
}
"""Figures of a territory, for those who coordinate it."""
AREAS = {OWN: may(OVERSEERS, rest=403), FOREIGN: may(FAR, rest=403)}
"""Of a territory, for those who coordinate it."""
NOTES = {
    OWN: may(OVERSEERS, rest=403),
    HIDDEN: may(OVERSEERS),
    FOREIGN: may(FAR, rest=403),
    FOREIGN_HIDDEN: may(FAR),
}
"""About a company, for those who oversee it."""
COMPANIES = {
    OWN: may(KEEPERS, rest=403),
    HIDDEN: may(OVERSEERS),
    FOREIGN: may(FAR, rest=403),
    FOREIGN_HIDDEN: may(FAR),
}
PARTS = {OWN: may(KEEPERS, rest=403), FOREIGN: may(FAR, rest=403)}
OFFERS = {
    OWN: may(EDITORS, rest=403),
    VISIT: may(f"{EDITORS} training_body", rest=403),
    FOREIGN: may(FAR, rest=403),
}
HOSTED = {OWN: may(f"{EDITORS} training_body", rest=403), FOREIGN: may(FAR, rest=403)}
"""Who changes a visit with its sessions."""
STEERING = {OWN: may(OVERSEERS, rest=403), FOREIGN: may(FAR, rest=403)}
"""Who leads a series."""
LEADS = {OWN: may("lead administrator key_school", rest=403), FOREIGN: may("administrator", rest=403)}
BOOKED_BY_STAFF = {
    OWN: may(
        NOBODY, s409="teacher lead key_school", s403="administrator coordinator key_coordinator", rest=422
    ),
    SAME: may(
        NOBODY, s409="colleague lead key_school", s403="administrator coordinator key_coordinator", rest=422
    ),
    FOREIGN: may(NOBODY, s403=FAR, rest=422),
}
"""For a class of one, which has no halves: who oversees it sees it and does not book it; to all others it is no class."""
LEADS_ALONE = {OWN: may("lead administrator", rest=403), FOREIGN: may("administrator", rest=403)}
"""No key begets keys or people."""
BOSSES = {OWN: may("admin administrator", rest=403), FOREIGN: may("administrator", rest=403)}
STAFF = BOSSES | {HIDDEN: may(NOBODY, s403="coordinator key_coordinator")}
"""Who works for a company; nobody for one that waits."""
CODES = {
    OWN: may("teacher lead administrator key_school", s403="coordinator key_coordinator"),
    SAME: may("colleague lead administrator key_school", s403="coordinator key_coordinator"),
    FOREIGN: may("administrator", s403="far_coordinator"),
}
KEY = {
    OWN: may("lead administrator", rest=403, s404=f"admin {COORDINATORS} {' '.join(KEYS)}"),
    COMPANY: may("admin administrator", rest=403, s404=f"lead {COORDINATORS} {' '.join(KEYS)}"),
    SELF: may(f"lead administrator {' '.join(KEYS)}", rest=403, s404=f"admin {COORDINATORS}"),
    FOREIGN: may("administrator", rest=403, s404=f"lead admin {COORDINATORS} {' '.join(KEYS)}"),
}
ASKED = "student teacher lead member admin administrator key_school key_company"
ASKERS = "member admin key_company"
PLACED = {
    OWN: may(ASKED),
    SAME: may("colleague lead administrator key_school"),
    FOREIGN: may("administrator"),
}
"""What student, school and host read of a placement."""
PLANNERS = {
    OWN: may("teacher lead key_school", s403="student member admin administrator key_company"),
    SAME: may("colleague lead key_school", s403="administrator"),
    FOREIGN: may(NOBODY, s403="administrator"),
}
DRAFTS = {
    OWN: may("lead key_school", s403="teacher colleague administrator"),
    FOREIGN: may(NOBODY, s403="administrator"),
}
"""Who changes the draft of an agreement, which its host does not see."""
BESIDE = "teacher colleague member admin training_body key_company"
"""Who sees an agreement that has gone out, and leads nothing of it."""

SPOKEN = {  # what the three sides say: whoever runs the service was not there
    OWN: may("student teacher lead member admin key_school key_company", s403="administrator"),
    SAME: may("colleague lead key_school", s403="administrator"),
    FOREIGN: may(NOBODY, s403="administrator"),
}
OUTCOMES = SPOKEN
DIARIES = {
    OWN: may("student teacher lead key_school", s403="member admin administrator key_company"),
    SAME: may("colleague lead key_school", s403="administrator"),
    FOREIGN: may(NOBODY, s403="administrator"),
}
OWN_LINES = {  # what the student alone does in a placement
    OWN: may("student", s403="teacher lead member admin administrator key_school key_company"),
    SAME: may(NOBODY, s403="colleague lead administrator key_school"),
    FOREIGN: may(NOBODY, s403="administrator"),
}
OF_SCHOOL = {
    OWN: may("teacher lead key_school", s403="member admin administrator key_company"),
    SAME: may("colleague lead key_school", s403="administrator"),
    FOREIGN: may(NOBODY, s403="administrator"),
}

# --- the API ----------------------------------------------------------------------------------------------------------

API: dict[str, dict[str, Row]] = {
    "read_status": {OWN: PUBLIC},
    "list_municipalities": {OWN: PUBLIC},
    "read_municipality": {OWN: PUBLIC},
    "list_skills": {OWN: PUBLIC},
    "read_skill": {OWN: PUBLIC},
    "list_occupations": {OWN: PUBLIC},
    "read_occupation": {OWN: PUBLIC},
    "list_programmes": {OWN: PUBLIC},
    "read_programme": {OWN: PUBLIC},
    "list_sectors": {OWN: PUBLIC},
    "list_schools": {OWN: PUBLIC},
    "read_school": {OWN: PUBLIC, FOREIGN: PUBLIC},
    "list_territories": {OWN: PUBLIC},
    "recognise_skills": {OWN: KNOWN},
    # students
    "list_students": {
        OWN: sees("student teacher lead administrator key_school"),
        SAME: sees("colleague lead administrator key_school"),
        FOREIGN: sees("administrator"),
    },
    "create_student": {
        OWN: may("teacher lead administrator key_school", rest=403, s422="colleague"),
        SAME: may("colleague lead administrator key_school", rest=403, s422="teacher"),
        FOREIGN: may("administrator", rest=403, s422="teacher colleague lead key_school"),
    },
    "read_student": STUDENTS,
    "edit_student": STUDENTS,
    "remove_student": STAFF_OF_STUDENT,
    "list_student_matches": STUDENTS,
    "list_student_paths": STUDENTS,
    "read_visibility": STUDENTS,
    "create_ranking": {
        OWN: may("student teacher lead administrator key_school", rest=422),
        SAME: may("colleague lead administrator key_school", rest=422),
        FOREIGN: may("administrator", rest=422),
    },
    "read_ranking": STUDENTS,
    "read_replay": STUDENTS,
    # wishes: staff read them, and only the student changes them
    "list_student_wishes": STUDENTS,
    "read_student_wish": STUDENTS,
    "create_student_wish": WISHES,
    "edit_student_wish": WISHES,
    "remove_student_wish": WISHES,
    # applications
    "create_student_application": WISHES,
    "list_applications": {
        OWN: sees(ASKED),
        SAME: sees("colleague lead administrator key_school"),
        FOREIGN: sees("administrator"),
    },
    "read_application": {
        OWN: may(ASKED),
        SAME: may("colleague lead administrator key_school"),
        FOREIGN: may("administrator"),
    },
    "create_application_moves": {  # as the company: to see it
        OWN: may(ASKERS, s403="student teacher lead administrator key_school", rest=422),
        SAME: may(NOBODY, s403="colleague lead administrator key_school", rest=422),
        FOREIGN: may(NOBODY, s403="administrator", rest=422),
    },
    # sessions of visits, and bookings
    "list_visit_sessions": {OWN: may(ALL), FOREIGN: may(ALL)},
    "create_visit_session": HOSTED,
    "read_visit_session": {OWN: may(ALL), FOREIGN: may(ALL)},
    "edit_visit_session": HOSTED,
    "cancel_visit_session": HOSTED,
    "list_quotas": {OWN: may(ALL), FOREIGN: may(ALL)},
    "create_quota": HOSTED,
    "remove_quota": HOSTED,
    "list_session_bookings": {
        OWN: sees(f"{ASKED} training_body coordinator key_coordinator"),
        SAME: sees("colleague lead administrator key_school far_coordinator"),
        FOREIGN: sees(FAR),
    },
    "create_booking": {
        OWN: may("student teacher lead key_school", s403="administrator", rest=422),
        SAME: may("colleague lead key_school", s403="administrator", rest=422),
        FOREIGN: may(NOBODY, s403="administrator", rest=422),
    },
    "read_booking": {
        OWN: may(f"{ASKED} training_body coordinator key_coordinator"),
        SAME: may("colleague lead administrator key_school far_coordinator"),
        FOREIGN: may(FAR),
    },
    "create_booking_move": {
        OWN: may(
            "student teacher lead key_school",
            s403="member admin training_body coordinator administrator key_company key_coordinator",
        ),
        SAME: may("colleague lead key_school", s403="administrator far_coordinator"),
        FOREIGN: may(NOBODY, s403="administrator far_coordinator"),
    },
    "list_student_bookings": STUDENTS,
    "list_class_visits": CODES,
    "list_class_tests": CODES,
    "create_class_tests": CODES,
    "remove_class_test": CODES,
    "create_split_booking": BOOKED_BY_STAFF,
    "try_session_run": HOSTED,
    "create_session_run": HOSTED,
    "read_opportunity_clashes": HOSTED,
    # the day of a visit
    "list_check_ins": {
        OWN: sees(f"{ASKED} training_body coordinator key_coordinator"),
        SAME: sees("colleague lead administrator key_school far_coordinator"),
        FOREIGN: sees(FAR),
    },
    "create_code_check_in": {
        OWN: may("member admin training_body coordinator key_company key_coordinator", rest=403),
        SAME: may("far_coordinator", rest=403),
        FOREIGN: may("far_coordinator", rest=403),
    },
    "read_check_in": {
        OWN: may(f"{ASKED} training_body coordinator key_coordinator"),
        SAME: may("colleague lead administrator key_school far_coordinator"),
        FOREIGN: may(FAR),
    },
    "create_check_in": {
        OWN: may(
            "teacher lead member admin training_body coordinator key_school key_company key_coordinator",
            s403="student administrator",
        ),
        SAME: may("colleague lead key_school far_coordinator", s403="administrator"),
        FOREIGN: may("far_coordinator", s403="administrator"),
    },
    "create_visit_feedback": {  # a group's school answers for it; this booking is of one student
        OWN: may(
            "student",
            s403="teacher lead member admin training_body coordinator administrator key_school key_company key_coordinator",
        ),
        SAME: may(NOBODY, s403="colleague lead administrator key_school far_coordinator"),
        FOREIGN: may(NOBODY, s403=FAR),
    },
    "read_session_feedback": HOSTED,
    "read_seat_advice": HOSTED,
    "create_visit_hours": {
        OWN: may("lead key_school", rest=403),
        SAME: may("lead key_school", rest=403),
        FOREIGN: may(NOBODY, rest=403),
    },
    # series, and what is proposed for them
    "list_series": {OWN: may(ALL)},
    "create_series": STEERING,
    "read_series": {OWN: may(ALL), FOREIGN: may(ALL)},
    "edit_series": STEERING,
    "list_series_proposals": {
        OWN: sees(f"{EDITORS} training_body"),
        FOREIGN: sees(FAR),
    },
    "create_series_proposal": HOSTED,
    "read_series_proposal": {OWN: may(f"{EDITORS} training_body"), FOREIGN: may(FAR)},
    "edit_series_proposal": {OWN: may(f"{EDITORS} training_body"), FOREIGN: may(FAR)},
    "create_series_proposal_move": {
        OWN: may(OVERSEERS, s403="member admin training_body key_company"),
        FOREIGN: may(FAR),
    },
    # what several companies host together
    "read_hosting": {OWN: may(ALL), HIDDEN: may(EDITORS), FOREIGN: may(ALL), FOREIGN_HIDDEN: may(FAR)},
    "edit_hosting": OFFERS,
    "create_hosting_partner": {OWN: may(EDITORS, rest=403), FOREIGN: may(FAR, rest=403)},
    "create_hosting_partner_move": {OWN: may(EDITORS), FOREIGN: may(FAR)},
    "list_hosting_invitations": {
        OWN: may(INSIDERS, rest=403),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    # kits: for staff of the territory
    "list_kits": KITS_LISTED,
    "create_kit": {
        OWN: may(
            "member admin training_body coordinator administrator key_company key_coordinator", rest=403
        ),
        FOREIGN: may(FAR, rest=403),
    },
    "read_kit": KITS,
    "edit_kit": KITS,
    "create_kit_copy": {
        OWN: may(EDITORS, s403="student teacher colleague lead training_body key_school"),
        FOREIGN: may(FAR, s403="student"),
    },
    "edit_kit_copy": {
        OWN: may(f"{INSIDERS}", s403="student teacher colleague lead key_school"),
        FOREIGN: may(FAR, s403="student"),
    },
    # classes and members
    "list_classes": {
        OWN: sees(
            "teacher lead coordinator administrator key_school key_coordinator", rest=403, without="colleague"
        ),
        SAME: sees(
            "colleague lead coordinator administrator key_school key_coordinator", rest=403, without="teacher"
        ),
        FOREIGN: sees(FAR, rest=403),
    },
    "create_class": LEADS,
    "read_class": {
        OWN: may("teacher lead coordinator administrator key_school key_coordinator"),
        SAME: may("colleague lead coordinator administrator key_school key_coordinator"),
        FOREIGN: may(FAR),
    },
    "edit_class": {
        OWN: may("lead administrator key_school", s403="teacher coordinator key_coordinator"),
        SAME: may("lead administrator key_school", s403="colleague coordinator key_coordinator"),
        FOREIGN: may("administrator", s403="far_coordinator"),
    },
    "list_members": LEADS,
    "create_member": {
        OWN: may("administrator", rest=403),
        FOREIGN: may("administrator", rest=403),
    },
    "remove_member": LEADS,
    # companies
    "list_companies": {
        OWN: sees(ALL),
        HIDDEN: sees(OVERSEERS),
        FOREIGN: sees(ALL),
        FOREIGN_HIDDEN: sees(FAR),
    },
    "create_company": {OWN: may(f"{OVERSEERS} far_coordinator", rest=403)},
    "read_company": {
        OWN: may(ALL),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(ALL),
        FOREIGN_HIDDEN: may(FAR),
    },
    "edit_company": COMPANIES,
    "approve_company": {
        OWN: may(OVERSEERS, rest=403),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    "reject_company": {HIDDEN: may(OVERSEERS), FOREIGN_HIDDEN: may(FAR)},
    "submit_company": {HIDDEN: may(OVERSEERS), FOREIGN_HIDDEN: may(FAR)},
    "create_company_site": PARTS,
    "read_company_site": {OWN: may(ALL), FOREIGN: may(ALL)},
    "edit_company_site": PARTS,
    "remove_company_site": PARTS,
    "create_company_contact": PARTS,
    "read_company_contact": {OWN: may(INSIDERS), FOREIGN: may(FAR)},
    "edit_company_contact": PARTS,
    "remove_company_contact": PARTS,
    "read_contact_limit": {
        OWN: may(INSIDERS, rest=403),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    "edit_contact_limit": COMPANIES,
    "read_appetite": {
        OWN: may(INSIDERS, rest=403),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    "edit_appetite": {
        OWN: may(INSIDERS, rest=403),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    "read_benefits": {
        OWN: may(INSIDERS, rest=403),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    # opportunities
    "list_opportunities": {
        OWN: sees(ALL),
        HIDDEN: sees(EDITORS),
        FOREIGN: sees(ALL),
        FOREIGN_HIDDEN: sees(FAR),
    },
    "create_opportunity": {
        OWN: may(EDITORS, rest=403),
        HIDDEN: may(OVERSEERS, rest=422),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR, rest=422),
    },
    "read_opportunity": {OWN: may(ALL), HIDDEN: may(EDITORS), FOREIGN: may(ALL), FOREIGN_HIDDEN: may(FAR)},
    "edit_opportunity": OFFERS | {HIDDEN: may(EDITORS), FOREIGN_HIDDEN: may(FAR)},
    "publish_opportunity": OFFERS,
    "close_opportunity": OFFERS,
    "reopen_opportunity": OFFERS,
    "archive_opportunity": {HIDDEN: may(EDITORS), FOREIGN_HIDDEN: may(FAR)},
    "read_reach": {
        OWN: may(EDITORS, rest=403),
        VISIT: may(f"{EDITORS} training_body", rest=403),
        HIDDEN: may(EDITORS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    "list_candidates": {
        OWN: may("member admin administrator key_company", rest=403),
        VISIT: may("member admin administrator training_body key_company", rest=403),
        FOREIGN: may("administrator", rest=403),
    },
    "create_renewal": OFFERS | {HIDDEN: may(NOBODY, s409=EDITORS), FOREIGN_HIDDEN: may(NOBODY, s409=FAR)},
    "read_text_check": {
        OWN: may(EDITORS, rest=403),
        VISIT: may(f"{EDITORS} training_body", rest=403),
        HIDDEN: may(EDITORS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    "read_posting_efforts": {OWN: may(f"{OVERSEERS} far_coordinator", rest=403)},
    # answers to candidates
    "list_answers": {
        OWN: may("member admin administrator key_company", rest=403),
        VISIT: may("member admin administrator training_body key_company", rest=403),
        FOREIGN: may("administrator", rest=403),
    },
    "create_answers": {
        OWN: may(ASKERS, rest=403),
        VISIT: may(f"{ASKERS} training_body", rest=403),
        FOREIGN: may(NOBODY, rest=403),
    },
    # requests for a name
    "create_disclosure": {
        OWN: may(ASKERS, rest=403),
        VISIT: may(f"{ASKERS} training_body", rest=403),
        FOREIGN: may(NOBODY, rest=403),
    },
    "list_disclosures": {
        OWN: sees(ASKED),
        SAME: sees("colleague lead administrator key_school"),
        FOREIGN: sees("administrator"),
    },
    "read_disclosure": {
        OWN: may(ASKED),
        SAME: may("colleague lead administrator key_school"),
        FOREIGN: may("administrator"),
    },
    "accept_disclosure": {
        OWN: may("student teacher lead", s403="member admin administrator key_company", s422="key_school"),
        SAME: may("colleague lead", s403="administrator", s422="key_school"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "refuse_disclosure": {
        OWN: may("student teacher lead key_school", s403="member admin administrator key_company"),
        SAME: may("colleague lead key_school", s403="administrator"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "withdraw_disclosure": {
        OWN: may("student teacher lead member admin key_school key_company", s403="administrator"),
        SAME: may("colleague lead key_school", s403="administrator"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    # placements: each side its own, and what each side may
    "list_placements": {
        OWN: sees(ASKED),
        SAME: sees("colleague lead administrator key_school"),
        FOREIGN: sees("administrator"),
    },
    "create_placement": {
        OWN: may("teacher lead administrator key_school", rest=403, s422="colleague"),
        SAME: may("colleague lead administrator key_school", rest=403, s422="teacher"),
        FOREIGN: may("administrator", rest=403, s422="teacher colleague lead key_school"),
    },
    "read_placement": PLACED,
    "edit_placement": {
        OWN: may("teacher lead administrator key_school", s403="student member admin key_company"),
        SAME: may("colleague lead administrator key_school"),
        FOREIGN: may("administrator"),
    },
    "cancel_placement": PLACED,
    "interrupt_placement": {
        OWN: may(
            NOBODY, s409="teacher lead member admin administrator key_school key_company", s403="student"
        ),
        SAME: may(NOBODY, s409="colleague lead administrator key_school"),
        FOREIGN: may(NOBODY, s409="administrator"),
    },
    "read_placement_findings": PLACED,
    "read_placement_counts": NETWORK,
    "restore_placement": {  # what is planned stays so
        OWN: may("teacher lead administrator key_school", s403="student member admin key_company"),
        SAME: may("colleague lead administrator key_school"),
        FOREIGN: may("administrator"),
    },
    # tutors
    "list_school_tutors": {
        OWN: may("teacher colleague lead administrator key_school", rest=403),
        FOREIGN: may("administrator", rest=403),
    },
    "create_tutor_capacity": LEADS,
    "create_tutor_leave": LEADS,
    "create_tutor_substitution": {
        OWN: may("teacher lead administrator key_school", rest=422),
        SAME: may("colleague lead administrator key_school", rest=422),
        FOREIGN: may("administrator", rest=422),
    },
    # days off
    "list_school_closings": {OWN: PUBLIC},
    "create_school_closings": LEADS,
    "remove_school_closing": {
        OWN: may("lead administrator key_school", rest=403),
        FOREIGN: may("administrator", rest=403),
    },
    "list_patron_days": {OWN: PUBLIC},
    "create_patron_day": {OWN: may(f"lead {OVERSEERS} key_school", rest=403)},
    "remove_patron_day": {
        OWN: may(f"lead {OVERSEERS} key_school", rest=403),
        FOREIGN: may(FAR, rest=403),
    },
    # rules of law, and what they are held against
    "list_law_rules": {OWN: sees(ALL)},
    "read_law_rule": {OWN: may(ALL)},
    "create_law_rule": {OWN: may("administrator", rest=403)},
    "read_company_safety": {
        OWN: may(ALL),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(ALL),
        FOREIGN_HIDDEN: may(FAR),
    },
    "edit_company_safety": {
        OWN: may("member admin training_body administrator key_company", rest=403),
        HIDDEN: may("administrator", s403="coordinator key_coordinator"),
        FOREIGN: may("administrator", rest=403),
        FOREIGN_HIDDEN: may("administrator", s403="far_coordinator"),
    },
    "list_safety_trainings": STUDENTS,
    "create_safety_trainings": {
        OWN: may("teacher lead administrator key_school", rest=403, s422="colleague"),
        SAME: may("colleague lead administrator key_school", rest=403, s422="teacher"),
        FOREIGN: may("administrator", rest=403, s422="teacher colleague lead key_school"),
    },
    "remove_safety_training": {
        OWN: may("teacher lead administrator key_school", s403="student"),
        SAME: may("colleague lead administrator key_school"),
        FOREIGN: may("administrator"),
    },
    # what a school's staff does for many students
    "read_class_board": CODES,
    "read_school_board": {
        OWN: may("teacher colleague lead administrator key_school", rest=403),
        FOREIGN: may("administrator", rest=403),
    },
    "create_skill_validations": CODES,
    "read_roll_over": LEADS,
    "create_roll_over": LEADS,
    "create_recommendations": {
        OWN: may("teacher lead key_school", rest=403, s422="colleague"),
        SAME: may("colleague lead key_school", rest=403, s422="teacher"),
        FOREIGN: may(NOBODY, rest=403, s422="teacher colleague lead key_school"),
    },
    "list_recommendations": STUDENTS,
    "remove_recommendation": {
        OWN: may("teacher lead key_school", s403="student administrator"),
        SAME: may("colleague lead key_school", s403="administrator"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "read_bulk_change": {SELF: may(ALL), OWN: may(NOBODY)},
    "undo_bulk_change": {SELF: may(ALL), OWN: may(NOBODY)},
    # hours, diaries and evaluations of placements
    "list_hour_entries": PLACED,
    "read_hour_entry": PLACED,
    "create_hour_entry": SPOKEN,
    "edit_hour_entry": SPOKEN,
    "create_hour_confirmations": {
        OWN: may("teacher lead member admin key_school key_company", rest=422, s403="student administrator"),
        SAME: may("colleague lead key_school", rest=422, s403="administrator"),
        FOREIGN: may(NOBODY, rest=422, s403="administrator"),
    },
    "read_attendance_code": {
        OWN: may("member admin training_body key_company", rest=403),
        HIDDEN: may(NOBODY, s403=OVERSEERS),
        FOREIGN: may(NOBODY, rest=403),
        FOREIGN_HIDDEN: may(NOBODY, s403=FAR),
    },
    "create_attendance": OWN_LINES,
    "list_diary_entries": DIARIES,
    "read_diary_entry": DIARIES,
    "create_diary_entry": OWN_LINES,
    "edit_diary_entry": OWN_LINES,
    "read_evaluations": SPOKEN,
    "read_evaluation": {  # the host's, before the school has confirmed it
        OWN: may("teacher lead member admin key_school key_company", s403="administrator"),
        SAME: may("colleague lead key_school", s403="administrator"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "create_evaluation": {  # with the student's criteria
        OWN: may("student", s403="administrator", s422="teacher lead member admin key_school key_company"),
        SAME: may(NOBODY, s403="administrator", s422="colleague lead key_school"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "edit_evaluation": {
        OWN: may("member admin key_company", s403="teacher lead administrator key_school"),
        SAME: may(NOBODY, s403="colleague lead administrator key_school"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "confirm_evaluation": OF_SCHOOL,
    "complete_placement": OF_SCHOOL
    | {OWN: may("teacher lead key_school", s403="student member admin administrator key_company")},
    "read_student_ledger": STUDENTS,
    "read_class_ledger": CODES,
    "create_hour_credits": CODES,
    "read_hour_credit": STUDENTS,
    "remove_hour_credit": STUDENTS | {OWN: may("teacher lead administrator key_school", s403="student")},
    # reported problems: the own one is with the school's lead, the same school's has come to the territory
    "create_concern": {
        OWN: may("student", s403="teacher lead member admin administrator key_school key_company"),
        SAME: may(NOBODY, s403="colleague lead administrator key_school"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "list_concerns": {
        OWN: sees("student lead administrator key_school"),
        SAME: sees("lead coordinator administrator key_school"),
        FOREIGN: sees("administrator"),
    },
    "read_concern": CONCERNS,
    "create_concern_message": CONCERNS,
    "ask_concern_name": {
        OWN: may(NOBODY, s409="student lead administrator key_school"),
        SAME: may("coordinator", s409="lead administrator key_school"),
        FOREIGN: may(NOBODY, s409="administrator"),
    },
    "close_concern": {
        OWN: may("student administrator", s403="lead key_school"),
        SAME: may("administrator", s403="lead coordinator key_school"),
        FOREIGN: may("administrator"),
    },
    "renew_family_code": STAFF_OF_STUDENT,
    "remove_family_code": STAFF_OF_STUDENT,
    # people and accounts
    "edit_member": LEADS,
    "create_invitation": LEADS,
    "list_invitations": {
        OWN: sees("lead administrator key_school", rest=403),
        FOREIGN: sees("administrator", rest=403),
    },
    "revoke_invitation": {OWN: may("lead administrator key_school"), FOREIGN: may("administrator")},
    "list_company_members": BOSSES | {HIDDEN: may("administrator", s403="coordinator key_coordinator")},
    "edit_company_member": BOSSES,
    "remove_company_member": BOSSES,
    "create_student_codes": CODES,
    "deactivate_account": {OWN: may("lead administrator", s403="key_school"), FOREIGN: may("administrator")},
    "reactivate_account": {OWN: may("lead administrator", s403="key_school"), FOREIGN: may("administrator")},
    # rows of others are refused one by one, in the answer
    "load_students": {OWN: may("teacher colleague lead administrator key_school", rest=403)},
    "load_classes": {OWN: may("lead administrator key_school", rest=403)},
    "load_companies": {OWN: may(f"{INSIDERS} far_coordinator", rest=403)},
    "load_opportunities": {OWN: may(f"{INSIDERS} far_coordinator", rest=403)},
    # privacy
    "list_student_looks": STUDENTS,
    "read_student_export": STUDENTS,
    "create_student_erasure": STUDENTS,
    "remove_student_erasure": STUDENTS,
    "read_my_export": {OWN: may(" ".join(PEOPLE), rest=403)},
    "create_my_erasure": {OWN: may(" ".join(PEOPLE), rest=403)},
    "remove_my_erasure": {OWN: may(" ".join(PEOPLE), rest=403)},
    "read_erasure": {OWN: may(ALL)},
    "list_erased_counts": {OWN: may(f"{OVERSEERS} far_coordinator", rest=403)},
    # long work, and what one is told; a job of the service itself is the administrators'
    "create_job": {OWN: may("administrator", rest=403)},
    "list_jobs": {OWN: sees("administrator"), SELF: sees(ALL)},
    "read_job": {OWN: may("administrator"), SELF: may(ALL)},
    "cancel_job": {OWN: may("administrator"), SELF: may(ALL)},
    "list_notifications": {OWN: may(" ".join(PEOPLE), rest=403)},
    "mark_notifications": {OWN: may(" ".join(PEOPLE), rest=403)},
    "read_mail_preferences": {OWN: may(" ".join(PEOPLE), rest=403)},
    "choose_mail_preference": {OWN: may(" ".join(PEOPLE), rest=403)},
    "read_search": {OWN: may(ALL)},
    # who runs the service
    "list_events": {
        OWN: sees(OVERSEERS, rest=403, without="far_coordinator"),
        FOREIGN: sees(FAR, rest=403, without="coordinator key_coordinator"),
    },
    "list_keys": {
        OWN: sees("lead administrator", rest=403, without=f"admin {COORDINATORS} {' '.join(KEYS)}"),
        COMPANY: sees("admin administrator", rest=403, without=f"lead {COORDINATORS} {' '.join(KEYS)}"),
        SELF: sees(f"lead administrator {' '.join(KEYS)}", rest=403, without=f"admin {COORDINATORS}"),
        FOREIGN: sees("administrator", rest=403, without=f"lead admin {COORDINATORS} {' '.join(KEYS)}"),
    },
    "create_key": LEADS_ALONE,
    "read_key": KEY,
    "rotate_key": KEY,
    "revoke_key": KEY,
    "create_territory": {OWN: may("administrator", rest=403)},
    # the territory's figures: each of the actor's own
    "read_network": NETWORK,
    "read_supply": NETWORK,
    "list_unwanted_opportunities": {
        OWN: sees(OVERSEERS, rest=403, without="far_coordinator"),
        FOREIGN: sees(FAR, rest=403, without="coordinator key_coordinator"),
    },
    "read_uncalled_students": NETWORK,
    "read_experiences": NETWORK,
    "list_contact_loads": NETWORK,
    "list_standings": {
        OWN: sees(OVERSEERS, rest=403, without="far_coordinator"),
        FOREIGN: sees(FAR, rest=403, without="coordinator key_coordinator"),
    },
    "read_indicators": NETWORK,
    "create_edition": EDITIONS,
    "list_editions": {
        OWN: sees(OVERSEERS, rest=403, without="far_coordinator"),
        FOREIGN: sees(FAR, rest=403, without="coordinator key_coordinator"),
    },
    "read_edition": EDITIONS,
    "publish_edition": EDITIONS,
    "remove_edition": EDITIONS,
    "read_needs": NETWORK,
    "read_unmet_students": NETWORK,
    "read_outcome": OUTCOMES,
    "edit_outcome": OUTCOMES
    | {OWN: may("teacher lead member admin key_school key_company", s403="student administrator")},
    "remove_outcome": OUTCOMES,
    "list_network_actors": NETWORK,
    "list_network_ties": NETWORK,
    "read_portfolio": NETWORK,
    "read_areas": AREAS,
    "edit_areas": AREAS,
    "list_protocols": AREAS,
    "create_protocol": AREAS,
    "edit_protocol": AREAS,
    "remove_protocol": AREAS,
    "list_company_notes": NOTES,
    "create_company_note": NOTES,
    "remove_company_note": NOTES,
    # rounds: a school's own, run by who leads it or teaches all of its classes; a shared one by who coordinates
    "list_rounds": {OWN: sees("teacher lead administrator key_school"), FOREIGN: sees("administrator")},
    "create_round": {
        OWN: may("teacher lead administrator key_school", rest=403),
        SAME: may("colleague lead administrator key_school", rest=403),
        FOREIGN: may("administrator", rest=403),
    },
    "read_round": ROUNDS,
    "edit_round": ROUNDS,
    "freeze_round": ROUNDS,
    "reopen_round": ROUNDS,
    "cancel_round": ROUNDS,
    "create_round_school": {
        OWN: may("lead administrator key_school", s403="coordinator key_coordinator"),
        FOREIGN: may("administrator", s403="far_coordinator"),
    },
    "remove_round_school": {
        OWN: may("lead administrator key_school", s403="teacher coordinator key_coordinator"),
        FOREIGN: may("administrator", s403="far_coordinator"),
    },
    "list_round_schools": {
        OWN: may("coordinator administrator key_coordinator", s403="lead key_school"),
        FOREIGN: may("administrator far_coordinator"),
    },
    "invite_round": {
        OWN: may("coordinator administrator key_coordinator", s403="lead key_school"),
        FOREIGN: may("administrator far_coordinator"),
    },
    "read_round_progress": ROUNDS,
    "read_round_wishes": ROUNDS,
    "remind_round": ROUNDS,
    "collect_late_wishes": ROUNDS,
    "list_round_pins": ROUNDS,
    "create_round_pin": ROUNDS,
    "remove_round_pin": ROUNDS,
    "create_round_run": ROUNDS,
    "list_round_runs": ROUNDS,
    "read_round_run": ROUNDS,
    "read_round_replay": ROUNDS,
    "choose_round_run": ROUNDS,
    "read_round_board": ROUNDS,
    "read_round_tutors": ROUNDS,
    "read_round_result": ROUNDS,
    "try_round": ROUNDS,
    "publish_round": {
        OWN: may("teacher lead key_school", s403="administrator"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "list_student_rounds": STUDENTS,
    "read_candidate_order": {
        OWN: may("member admin administrator key_company", rest=403),
        FOREIGN: may("administrator", rest=403),
    },
    "order_candidates": {
        OWN: may(ASKERS, rest=403),
        FOREIGN: may(NOBODY, rest=403),
    },
    # agreements are of the school and the host, plans and amendments of one student
    "list_papers": {
        OWN: sees(ASKED),
        SAME: sees("colleague lead administrator key_school"),
        FOREIGN: sees("administrator"),
    },
    "create_agreement": LEADS,
    "read_agreement": {
        OWN: may("teacher colleague lead administrator key_school"),
        FOREIGN: may("administrator"),
    },
    "edit_agreement": DRAFTS,
    "choose_school_signatory": LEADS,
    "choose_company_signatory": BOSSES,
    "create_training_plans": {
        OWN: may("teacher lead key_school", rest=422, s403="student member admin administrator key_company"),
        SAME: may("colleague lead key_school", rest=422, s403="administrator"),
        FOREIGN: may(NOBODY, rest=422, s403="administrator"),
    },
    "read_training_plan": PLACED,
    "edit_training_plan": PLANNERS,
    "create_amendment": PLANNERS,
    "read_amendment": PLACED,
    "create_interruption": PLANNERS,
    "read_readiness": PLACED,
    "read_paper": PLACED,
    "move_paper": DRAFTS,
    "create_signing_code": {
        OWN: may(NOBODY, s403=f"lead administrator key_school {BESIDE}"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "sign_paper": {
        OWN: may(NOBODY, s403=f"lead administrator key_school {BESIDE}"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "create_signatures": {
        OWN: may("lead key_school", s403=f"administrator {BESIDE}"),
        FOREIGN: may(NOBODY, s403="administrator"),
    },
    "read_document": {OWN: may(f"lead administrator key_school {BESIDE}"), FOREIGN: may("administrator")},
}
"""By operation id."""

OWN_FAULT = {
    "accept_disclosure",
    "create_booking",
    "create_split_booking",
    "create_evaluation",
    "POST /visit-sessions/{visit_session_id}/class",
    "POST /placements/{placement_id}/evaluation",
    "POST /visit-sessions/{visit_session_id}/bookings",
    "POST /opportunities/{opportunity_id}/renewal",
}
"""Routes whose 422 is about the call and tells nothing of the thing."""

THING = {
    "GET /coordination/evidence": "edition_id", "list_editions": "edition_id", "list_students": "student_id", "list_classes": "class_id", "list_companies": "company_id",
    "list_opportunities": "opportunity_id", "list_disclosures": "disclosure_id", "list_applications": "application_id", "list_events": "company_id", "list_jobs": "job_id",
    "list_papers": "paper_id", "list_kits": "kit_id", "GET /kits": "kit_id", "list_session_bookings": "booking_id", "list_check_ins": "booking_id","list_series_proposals": "proposal_id",
    "list_keys": "key_id", "list_invitations": "invitation_id", "list_placements": "placement_id", "list_law_rules": "rule_id",
    "list_concerns": "concern_id", "list_unwanted_opportunities": "opportunity_id", "list_standings": "company_id", "list_rounds": "round_id",
}  # fmt: skip
"""What a line made by `sees` looks for."""

QUERIES = {
    "list_events": {"object_type": "company"},
    "list_invitations": {"school_id": "{school_id}"},
    "read_search": {"q": "plc"},
}
"""What is asked for besides the good call's query."""
