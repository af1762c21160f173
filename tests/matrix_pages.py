"""Who gets in where on pages: as `tests/matrix.py`, but that a key is nobody, whatever the line names."""

from __future__ import annotations

from typing import Any

from app.class_lists.table import ListRow, ListTable
from tests.matrix import (
    ALL,
    API,
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
    Row,
    always,
    may,
)

PASSWORD = "cavallo batteria graffetta"

LIST = "Cognome;Nome;Nato il;Comune\nVerdi;Anna;03/02/2009;A006"
CARRIED: dict[str, Any] = {
    "table": ListTable(
        headings=LIST.split("\n")[0].split(";"), rows=[ListRow(number=2, cells=LIST.split("\n")[1].split(";"))]
    ).model_dump_json().replace("{", "{{").replace("}", "}}"),
    "columns": ["family_name", "given_name", "born_on", "municipality"],
}  # fmt: skip
"""A class's list, as it is pasted and as the page carries it."""

_PAGES: dict[str, dict[str, Row]] = {
    "GET /": {OWN: PUBLIC},
    "GET /privacy": {OWN: PUBLIC},
    "GET /accessibility": {OWN: PUBLIC},
    "GET /terms": {OWN: PUBLIC},
    "GET /attributions": {OWN: PUBLIC},
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
    "GET /schools/{school_id}/board": API["read_school_board"],
    "GET /classes/{class_id}/validation": CODES,
    "POST /classes/{class_id}/validation": CODES,
    "GET /classes/{class_id}/recommend": CODES,
    "POST /classes/{class_id}/recommend": {
        OWN: may("teacher lead", rest=403, s422="colleague"),
        SAME: may("colleague lead", rest=403, s422="teacher"),
        FOREIGN: may(NOBODY, rest=403, s422="teacher colleague lead"),
    },
    "GET /classes/{class_id}/import": CODES,
    "POST /classes/{class_id}/import": CODES,
    "POST /classes/{class_id}/import/check": CODES,
    "POST /classes/{class_id}/import/load": CODES,
    "POST /classes/{class_id}/import/wrong": CODES,
    "POST /recommendations/{recommendation_id}/remove": API["remove_recommendation"],
    "POST /bulk-changes/{bulk_change_id}/undo": {SELF: SIGNED_IN, OWN: may(NOBODY)},
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
PAGES = {route: {relation: row.of_page() for relation, row in rows.items()} for route, rows in _PAGES.items()}
"""By method and path."""

FORMS: dict[str, dict[str, Any]] = {
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
    "POST /classes/{class_id}/validation": {"chosen": "{student_id} 2 plc-programming"},
    "POST /classes/{class_id}/recommend": {
        "opportunity_id": "{opportunity_id}",
        "student_ids": "{student_id}",
    },
    "POST /classes/{class_id}/import": {"pasted": LIST},
    "POST /classes/{class_id}/import/check": CARRIED,
    "POST /classes/{class_id}/import/load": CARRIED,
    "POST /classes/{class_id}/import/wrong": CARRIED,
    "POST /students/{student_id}/data/ranking": {"state": "off"},
    "POST /students/{student_id}/data/erasure": {"confirm": "yes"},
    "POST /data/erasure": {"confirm": "yes"},
    "POST /notices/{name}": {"version": "2026-09-01"},
    "POST /language": {"language": "it"},
    "POST /companies/{company_id}/reject": {"reason": "Manca il codice fiscale."},
    "POST /opportunities/{opportunity_id}/disclosures": {"pseudonym": "{pseudonym}"},
}
"""What pages ask or post; `{names}` stand for what the relation has."""
