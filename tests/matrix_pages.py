"""Who gets in where on pages: as `tests/matrix.py`, but that a key is nobody, whatever the line names."""

from __future__ import annotations

from tests.matrix import (
    ALL,
    API,
    ASKERS,
    CODES,
    COORDINATORS,
    EDITORS,
    FAR,
    FOREIGN,
    FOREIGN_HIDDEN,
    HIDDEN,
    LEADS,
    NOBODY,
    OVERSEERS,
    OWN,
    PEOPLE,
    PUBLIC,
    SAME,
    SELF,
    SIGNED_IN,
    STAFF,
    STUDENTS,
    VISIT,
    Row,
    always,
    may,
)

PASSWORD = "cavallo batteria graffetta"

WORKERS = {
    OWN: may("member admin training_body key_company"),
    HIDDEN: may(NOBODY),
    FOREIGN: may(NOBODY),
    FOREIGN_HIDDEN: may(NOBODY),
}
STEPS = ("text", "skills", "details", "preview")

_PAGES: dict[str, dict[str, Row]] = {
    "GET /": {OWN: PUBLIC},
    "GET /privacy": {OWN: PUBLIC},
    "GET /accessibility": {OWN: PUBLIC},
    "GET /terms": {OWN: PUBLIC},
    "GET /attributions": {OWN: PUBLIC},
    "GET /outlines/{province}.json": {OWN: PUBLIC},
    "GET /status": {OWN: PUBLIC},
    # ways in: for whoever brings the right thing
    "GET /sign-in": {OWN: PUBLIC},
    "POST /sign-in": {OWN: always(401)},
    "POST /sign-in/mail": {OWN: PUBLIC},
    "POST /sign-in/code": {OWN: always(401)},
    "GET /sign-in/link": {OWN: PUBLIC},
    "POST /sign-in/link": {OWN: PUBLIC},
    "POST /sign-in/with/{key}": {OWN: always(404)},
    "GET /sign-in/with/{key}/back": {OWN: always(404)},
    "GET /code": {OWN: PUBLIC},
    "POST /code": {OWN: PUBLIC},
    "GET /invitation": {OWN: PUBLIC},
    "POST /invitation": {OWN: PUBLIC},
    "POST /sign-out": {OWN: PUBLIC},
    "POST /language": {OWN: PUBLIC},
    "GET /.well-known/oauth-authorization-server": {OWN: PUBLIC},
    # one's own account
    "GET /start": {OWN: SIGNED_IN},
    "GET /welcome": {OWN: SIGNED_IN},
    "POST /welcome": {OWN: SIGNED_IN},
    "GET /hat": {OWN: SIGNED_IN},
    "POST /hat": {SELF: SIGNED_IN, FOREIGN: may(NOBODY)},
    "GET /account": {OWN: SIGNED_IN},
    "POST /account/password": {OWN: SIGNED_IN},
    "POST /account/password/remove": {OWN: SIGNED_IN},
    "POST /account/sessions/end-others": {OWN: SIGNED_IN},
    "POST /account/sessions/{session_id}/end": {SELF: SIGNED_IN, FOREIGN: may(NOBODY)},
    "GET /second-factor": {OWN: SIGNED_IN},
    "POST /second-factor": {SELF: SIGNED_IN},
    "POST /second-factor/begin": {OWN: may(NOBODY, rest=409)},
    "POST /second-factor/confirm": {OWN: may(NOBODY, rest=409)},
    "POST /second-factor/recovery-codes": {OWN: SIGNED_IN},
    "POST /second-factor/remove": {
        OWN: may(" ".join(PEOPLE[:7]), s403="coordinator far_coordinator administrator")
    },
    # people, their codes and invitations
    "GET /coordination/people": {OWN: may("administrator", rest=403)},
    "POST /coordination/people": {OWN: may("administrator", rest=403)},
    "GET /schools/{school_id}/people": {
        OWN: may("lead coordinator administrator", rest=403),
        FOREIGN: may(FAR, rest=403),
    },
    # somebody leads both schools, so their coordinators invite nobody more
    "POST /schools/{school_id}/people": {
        OWN: may("lead administrator", rest=403, s409="coordinator"),
        FOREIGN: may("administrator", rest=403, s409="far_coordinator"),
    },
    "GET /companies/{company_id}/people": {
        OWN: may("admin coordinator administrator", rest=403),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    "POST /companies/{company_id}/people": {
        OWN: may("admin administrator", rest=403, s409="coordinator"),
        HIDDEN: may(OVERSEERS),
        FOREIGN: may(FAR, rest=403),
        FOREIGN_HIDDEN: may(FAR),
    },
    "POST /companies/{company_id}/people/{member_id}/end": STAFF,
    "POST /companies/{company_id}/people/{member_id}/role": STAFF,
    "POST /schools/{school_id}/people/{member_id}/role": LEADS,
    # the page acts for what the reader answers for: there is no foreign one to name
    "GET /keys": {OWN: may(f"lead admin {COORDINATORS} administrator", rest=403)},
    "POST /keys": {OWN: may(f"lead admin {COORDINATORS} administrator", rest=403)},
    "POST /keys/{key_id}/rotate": API["rotate_key"],
    "POST /keys/{key_id}/revoke": API["revoke_key"],
    "GET /classes/{class_id}/codes": CODES,
    "POST /classes/{class_id}/codes": CODES,
    "POST /accounts/{account_id}/{turn}": {
        OWN: may("lead administrator"),
        FOREIGN: may("administrator"),
    },
    "POST /invitations/{invitation_id}/revoke": {
        OWN: may("lead administrator key_school"),
        FOREIGN: may("administrator"),
    },
    "POST /schools/{school_id}/people/{member_id}/end": LEADS,
    # students, and what is kept of people
    "GET /students/{student_id}": STUDENTS,
    "GET /students/{student_id}/data": STUDENTS,
    "GET /students/{student_id}/data/export": STUDENTS,
    "POST /students/{student_id}/data/ranking": STUDENTS,
    "POST /students/{student_id}/data/erasure": STUDENTS,
    "POST /students/{student_id}/data/erasure/withdraw": STUDENTS,
    "GET /data": {OWN: SIGNED_IN},
    "GET /data/export": {OWN: SIGNED_IN},
    "POST /data/erasure": {OWN: SIGNED_IN},
    "POST /data/erasure/withdraw": {OWN: SIGNED_IN},
    "GET /notices/{name}": {OWN: PUBLIC},
    "POST /notices/{name}": {OWN: SIGNED_IN},
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
    "GET /companies/{company_id}/disclosures": WORKERS,
    "GET /opportunities/{opportunity_id}": {
        OWN: may(ALL),
        HIDDEN: may(EDITORS),
        FOREIGN: may(ALL),
        FOREIGN_HIDDEN: may(FAR),
    },
    "GET /opportunities/{opportunity_id}/candidates": API["list_candidates"],
    # writing, renewing, answering
    "GET /companies/{company_id}/need": WORKERS,
    "POST /companies/{company_id}/need": WORKERS,
    **{f"GET /opportunities/{{opportunity_id}}/{step}": API["read_text_check"] for step in STEPS},
    **{f"POST /opportunities/{{opportunity_id}}/{step}": API["edit_opportunity"] for step in STEPS[:3]},
    "POST /opportunities/{opportunity_id}/preview": API["close_opportunity"],
    "POST /opportunities/{opportunity_id}/questions": API["read_text_check"],
    "GET /opportunities/{opportunity_id}/renewal": API["create_renewal"],
    # theirs lack what a publication needs
    "POST /opportunities/{opportunity_id}/renewal": API["create_renewal"]
    | {
        OWN: may(NOBODY, rest=403, s422=EDITORS),
        VISIT: may(NOBODY, rest=403, s422=f"{EDITORS} training_body"),
        FOREIGN: may(NOBODY, rest=403, s422=FAR),
    },
    # a form without an answer
    "POST /opportunities/{opportunity_id}/answers": {
        OWN: may(NOBODY, rest=403, s409=ASKERS),
        VISIT: may(NOBODY, rest=403, s409=f"{ASKERS} training_body"),
        FOREIGN: may(NOBODY, rest=403),
    },
    "POST /disclosures/{disclosure_id}/{answer}": API["refuse_disclosure"],
}
PAGES = {route: {relation: row.of_page() for relation, row in rows.items()} for route, rows in _PAGES.items()}
"""By method and path."""

FORMS: dict[str, dict[str, str]] = {
    "POST /sign-in": {"email": "nobody@example.org", "password": "wrong"},
    "POST /sign-in/mail": {"email": "nobody@example.org"},
    "POST /sign-in/code": {"email": "nobody@example.org", "code": "ABCD-EFGH"},
    "GET /sign-in/link": {"token": "{link}"},
    "POST /sign-in/link": {"token": "{link}"},
    "POST /code": {"code": "{student_code}"},
    "POST /invitation": {"c": "{invitation_code}", "name": "Nuova Persona"},
    "POST /welcome": {"username": "rosso.42", "password": PASSWORD, "repeated": PASSWORD},
    "POST /hat": {"membership_id": "{membership_id}"},
    "POST /account/password": {"new_password": PASSWORD},
    "POST /second-factor": {"code": "{recovery_code}"},
    "POST /coordination/people": {"email": "new@example.org", "territory_id": "{territory_id}"},
    "POST /schools/{school_id}/people": {"email": "new@example.org", "role": "school_lead"},
    "POST /schools/{school_id}/people/{member_id}/role": {"role": "school_lead"},
    "POST /companies/{company_id}/people": {"email": "new@example.org", "role": "company_admin"},
    "POST /companies/{company_id}/people/{member_id}/role": {"role": "company_admin"},
    "POST /keys": {"name": "Registro", "scopes": "companies:read"},
    "POST /classes/{class_id}/codes": {"student_ids": "{student_id}"},
    "POST /students/{student_id}/data/ranking": {"state": "off"},
    "POST /students/{student_id}/data/erasure": {"confirm": "yes"},
    "POST /data/erasure": {"confirm": "yes"},
    "POST /notices/{name}": {"version": "2026-09-01"},
    "POST /language": {"language": "it"},
    "POST /companies/{company_id}/reject": {"reason": "Manca il codice fiscale."},
    "POST /companies/{company_id}/need": {"text": "Una mattina in reparto", "kind": "visit"},
    "POST /opportunities/{opportunity_id}/text": {"version": "1", "text": "Una mattina in reparto"},
    "POST /opportunities/{opportunity_id}/skills": {"version": "1"},
    "POST /opportunities/{opportunity_id}/details": {
        "version": "1",
        "title": "In reparto",
        "seats": "2",
        "place": "istat:{istat}",
        "then": "next",
    },
    "POST /opportunities/{opportunity_id}/preview": {"version": "1", "action": "close"},
    "POST /opportunities/{opportunity_id}/questions": {"version": "1", "question": "none"},
    "POST /opportunities/{opportunity_id}/renewal": {"seats": "2"},
    "POST /opportunities/{opportunity_id}/answers": {"pseudonym": "{pseudonym}"},
}
"""What pages ask or post; `{names}` stand for what the relation has."""
