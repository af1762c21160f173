"""The reference data that ships with the service: municipalities, the vocabulary, programmes, rules of law."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor, system
from app.db import Database, ReferenceLoad
from app.imports import Loaded
from app.laws import loading as laws
from app.places import gazetteer
from app.places import service as places
from app.programmes import curriculum
from app.programmes import loading as programmes
from app.progress import progress
from app.skills import loading as skills
from app.skills import vocabulary

Write = Callable[[Session, Actor], Loaded]


class DataSet(NamedTuple):
    """A shipped data set: the folders whose files decide it, and how to read it into a function that writes it."""

    name: str
    folders: tuple[Path, ...]
    read: Callable[[], Write]


def load_reference(
    database: Database, *, only: str | None = None, quiet: bool = False
) -> dict[str, Loaded | None]:
    """Bring the reference tables in line with the shipped data, each set in a write block of its own.

    The answer has None for a set that has not changed since it was last loaded: neither its data nor the code that
    reads and writes it. That check takes a few milliseconds. `only` names the one set to look at. What is loaded shows
    its progress on standard error; `quiet` means plain lines.
    """
    done: dict[str, Loaded | None] = {}
    for data_set in DATA_SETS:
        if only in (None, data_set.name):
            fingerprint = _fingerprint(data_set.folders)
            with database.read() as session:
                known = session.scalar(
                    sa.select(ReferenceLoad.fingerprint).where(ReferenceLoad.name == data_set.name)
                )
            done[data_set.name] = None
            if known != fingerprint:
                with progress(f"Loading {data_set.name}", quiet=quiet) as advance:
                    loaded = done[data_set.name] = _load(database, data_set, fingerprint)
                    advance(loaded.total)
    return done


def _load(database: Database, data_set: DataSet, fingerprint: str) -> Loaded:
    write = data_set.read()
    with database.write() as session:
        loaded = write(session, system("reference data"))
        session.merge(ReferenceLoad(name=data_set.name, fingerprint=fingerprint, loaded_at=datetime.now(UTC)))
    return loaded


def _fingerprint(folders: tuple[Path, ...]) -> str:
    """A digest of every data file and module in the folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in {".csv", ".toml", ".py"}):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _read_municipalities() -> Write:
    municipalities = gazetteer.read_municipalities()
    former = gazetteer.read_former(municipalities=municipalities)
    return lambda session, actor: places.load(session, actor, municipalities, former)


def _read_vocabulary() -> Write:
    concepts = vocabulary.read_vocabulary()
    return lambda session, actor: skills.load(session, actor, concepts)


def _read_programmes() -> Write:
    known = frozenset(concept.id for concept in vocabulary.read_vocabulary())
    curricula = curriculum.read_curriculum(vocabulary=known)
    return lambda session, actor: programmes.load(session, actor, curricula)


def _read_laws() -> Write:
    shipped = laws.read_rules()
    return lambda session, actor: laws.load(session, actor, shipped)


_PLACES, _SKILLS, _PROGRAMMES, _LAWS = (one.DATA.parent for one in (gazetteer, vocabulary, curriculum, laws))
DATA_SETS = (
    DataSet("municipalities", (_PLACES,), _read_municipalities),
    DataSet("vocabulary", (_SKILLS,), _read_vocabulary),
    DataSet("programmes", (_PROGRAMMES, _SKILLS), _read_programmes),  # their skills must be in the vocabulary
    DataSet("laws", (_LAWS,), _read_laws),
)
