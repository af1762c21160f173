"""Who gets in where: one line per route and relation, read by `tests/test_matrix.py`.

A new route needs a line here, and the failing test says which. `may` names who gets in; everybody else gets `rest`, but
those whom a line names under another answer. Nobody signed in is always 401 (a page sends to `/sign-in`), and a key
without scopes 403, unless the line is `PUBLIC` or `KNOWN`.

    "read_thing": {OWN: may("teacher lead"), FOREIGN: may("administrator", rest=403)},

A line made by `sees` is about a list: whoever it names finds the thing there, the others do not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
RELATIONS = (OWN, SAME, VISIT, HIDDEN, FOREIGN, FOREIGN_HIDDEN)

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


ALL = " ".join((*PEOPLE, *KEYS))
PUBLIC = may(" ".join(ACTORS))
KNOWN = may(" ".join(ACTORS[1:]))
NOBODY = ""

STUDENTS = {  # what is a student's, for whoever may see the student
    OWN: may("student teacher lead administrator key_school"),
    SAME: may("colleague lead administrator key_school"),
    FOREIGN: may("administrator"),
}
INSIDERS = "member admin training_body coordinator administrator key_company key_coordinator"
KEEPERS = "admin coordinator administrator key_company key_coordinator"
"""Who changes a company."""
EDITORS = "member admin coordinator administrator key_company key_coordinator"
"""Who changes what it offers."""
OVERSEERS = "coordinator administrator key_coordinator"
FAR = "far_coordinator administrator"
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
LEADS = {OWN: may("lead administrator key_school", rest=403), FOREIGN: may("administrator", rest=403)}
ASKED = "student teacher lead member admin administrator key_school key_company"
ASKERS = "member admin key_company"

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
    "remove_student": {
        OWN: may("teacher lead administrator key_school", s403="student"),
        SAME: may("colleague lead administrator key_school"),
        FOREIGN: may("administrator"),
    },
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
    "create_member": LEADS,
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
    # who runs the service
    "list_events": {
        OWN: sees(OVERSEERS, rest=403, without="far_coordinator"),
        FOREIGN: sees(FAR, rest=403, without="coordinator key_coordinator"),
    },
    "list_keys": {OWN: may("administrator", rest=403)},
    "create_key": {OWN: may("administrator", rest=403)},
    "revoke_key": {OWN: may("administrator", rest=403)},
    "create_territory": {OWN: may("administrator", rest=403)},
}
"""By operation id."""

OWN_FAULT = {"accept_disclosure"}
"""Routes whose 422 is about the call and tells nothing of the thing."""

THING = {
    "list_students": "student_id", "list_classes": "class_id", "list_companies": "company_id",
    "list_opportunities": "opportunity_id", "list_disclosures": "disclosure_id", "list_events": "company_id",
}  # fmt: skip
"""What a line made by `sees` looks for."""

# --- the pages --------------------------------------------------------------------------------------------------------

PAGES: dict[str, dict[str, Row]] = {
    "GET /": {OWN: PUBLIC},
    "GET /privacy": {OWN: PUBLIC},
    "GET /accessibility": {OWN: PUBLIC},
    "GET /terms": {OWN: PUBLIC},
    "GET /attributions": {OWN: PUBLIC},
    "GET /status": {OWN: PUBLIC},
    "GET /sign-in": {OWN: PUBLIC},
    "POST /sign-in": {OWN: may(NOBODY, rest=401, s401=" ".join(BARE))},
    "POST /sign-out": {OWN: PUBLIC},
    "POST /language": {OWN: PUBLIC},
    "GET /start": {OWN: may(f"{ALL} bare_company", rest=403)},
    "GET /students/{student_id}": STUDENTS,
    "GET /classes/{class_id}": {
        OWN: may("teacher lead coordinator administrator key_school key_coordinator"),
        SAME: may("colleague lead coordinator administrator key_school key_coordinator"),
        FOREIGN: may(FAR),
    },
    "GET /companies/{company_id}": {
        OWN: may(ALL),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(ALL),
        FOREIGN_HIDDEN: may(FAR),
    },
    "POST /companies/{company_id}/approve": {
        OWN: may(OVERSEERS, rest=403),
        HIDDEN: may(OVERSEERS),
        FOREIGN_HIDDEN: may(FAR),
    },
    "POST /companies/{company_id}/reject": {HIDDEN: may(OVERSEERS), FOREIGN_HIDDEN: may(FAR)},
    "POST /companies/{company_id}/submit": {HIDDEN: may(OVERSEERS), FOREIGN_HIDDEN: may(FAR)},
    "GET /companies/{company_id}/disclosures": {
        OWN: may("member admin training_body key_company"),
        HIDDEN: may(NOBODY),
        FOREIGN: may(NOBODY),
        FOREIGN_HIDDEN: may(NOBODY),
    },
    "GET /opportunities/{opportunity_id}": {
        OWN: may(ALL),
        HIDDEN: may(EDITORS),
        FOREIGN: may(ALL),
        FOREIGN_HIDDEN: may(FAR),
    },
    "GET /opportunities/{opportunity_id}/candidates": API["list_candidates"],
    "POST /opportunities/{opportunity_id}/disclosures": API["create_disclosure"],
    "POST /disclosures/{disclosure_id}/{answer}": API["refuse_disclosure"],
}
"""By method and path."""

FORMS: dict[str, dict[str, str]] = {
    "POST /sign-in": {"email": "nobody@example.org", "password": "wrong"},
    "POST /language": {"language": "it"},
    "POST /companies/{company_id}/reject": {"reason": "Manca il codice fiscale."},
    "POST /opportunities/{opportunity_id}/disclosures": {"pseudonym": "{pseudonym}"},
}
"""What pages post; `{names}` stand for what the relation has."""
