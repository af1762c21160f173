"""Secrets among the settings: none by default where it counts, and none shown."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from app.settings import Settings

SECRETS = {
    name: field for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
}


def test_what_sounds_like_a_secret_is_one() -> None:
    for name, field in Settings.model_fields.items():
        if (
            any(word in name for word in ("secret", "password", "token", "key"))
            and field.annotation is not int
        ):
            assert name in SECRETS, name


@pytest.mark.parametrize("name", [name for name, field in SECRETS.items() if field.default is not None])
def test_production_refuses_every_default_secret(name: str) -> None:
    others = {
        other: SecretStr("x" * 40)
        for other in SECRETS
        if other != name and SECRETS[other].default is not None
    }
    with pytest.raises(ValidationError, match=f"BOTTEGA_{name.upper()}"):
        Settings(environment="production", **others)  # type: ignore[arg-type]


def test_settings_never_show_a_secret() -> None:
    planted = {
        name: SecretStr("smtps://planted:planted-secret@mail.example:465/planted-secret-planted")
        for name in SECRETS
    }
    settings = Settings(**planted)  # type: ignore[arg-type]
    assert len(planted) >= 2
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "planted" not in shown
