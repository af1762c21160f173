"""The two kinds of block, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app import db
from app.companies.models import Company
from app.db import Database, Revision
from app.opportunities.models import Kind, Opportunity
from tests.factories import APPROVED, NOW


@pytest.fixture
def blocks(migrated: Database) -> Iterator[Database]:
    """The real blocks, whose commits are real; cleaned up after."""
    yield migrated
    with migrated.write() as session:
        for table in (Opportunity, Company, Revision):
            session.execute(sa.delete(table))


def add_stamped(database: Database, company: Company) -> None:
    """Store a row that carries its topic's revision, in a block of its own."""
    with database.write() as session:
        row = Opportunity(
            company_id=company.id, kind=Kind.VISIT, title="Visita", is_online=True, seats=1, created_at=NOW
        )
        session.add(row)
        session.flush()
        db.stamp(session, Opportunity, row.id)
        session.flush()
        assert row.revision == 0


def stamps(database: Database) -> tuple[int, list[int]]:
    """In one block: the topic's revision, and the rows' revisions."""
    with database.read() as session:
        number = db.revision(session, "opportunities")
        rows = session.scalars(sa.select(Opportunity.revision).order_by(Opportunity.revision))
        return number, list(rows)


def test_a_block_within_a_block_is_refused(blocks: Database) -> None:
    with blocks.read(), pytest.raises(RuntimeError, match="never nest"), blocks.write():
        pass
    with blocks.read():
        pass


def test_a_read_block_can_change_nothing(blocks: Database) -> None:
    with pytest.raises(DBAPIError), blocks.read() as session:
        session.execute(sa.insert(Revision).values(topic="forbidden", number=1))
    with blocks.read() as session:
        assert session.get(Revision, "forbidden") is None


def test_a_write_block_after_a_read_block_on_one_connection_writes(blocks: Database) -> None:
    for number in range(1, 9):
        with blocks.read() as session:
            assert db.revision(session, "topic") == number - 1
        with blocks.write() as session:
            db.touch(session, "topic")


def test_a_write_block_that_raises_leaves_nothing(blocks: Database) -> None:
    def fail_half_way() -> None:
        with blocks.write() as session:
            db.touch(session, "topic")
            session.execute(sa.insert(Revision).values(topic="half", number=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with blocks.read() as session:
        assert session.scalars(sa.select(Revision.topic)).all() == []


def test_a_read_block_sees_one_moment(blocks: Database) -> None:
    def touch() -> None:
        with blocks.write() as session:
            db.touch(session, "topic")

    with ThreadPoolExecutor(1) as other, blocks.read() as session:
        assert db.revision(session, "topic") == 0
        other.submit(touch).result()
        assert db.revision(session, "topic") == 0
    with blocks.read() as session:
        assert db.revision(session, "topic") == 1


def test_a_touched_topic_rises_once_in_a_transaction(blocks: Database) -> None:
    with blocks.write() as session:
        company = Company(name="Officina", **APPROVED)
        session.add(company)
        db.touch(session, "opportunities")
        db.touch(session, "opportunities")
    assert stamps(blocks) == (1, [])
    add_stamped(blocks, company)
    assert stamps(blocks) == (2, [2])


def test_a_stamp_of_a_transaction_that_fails_is_forgotten(blocks: Database) -> None:
    with blocks.write() as session:
        company = Company(name="Officina", **APPROVED)
        session.add(company)

    def fail() -> None:
        with blocks.write() as session:
            db.stamp(session, Company, company.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    add_stamped(blocks, company)
    assert stamps(blocks) == (1, [1])


def test_stamps_of_many_writers_become_visible_in_their_order(blocks: Database) -> None:
    with blocks.write() as session:
        company = Company(name="Officina", **APPROVED)
        session.add(company)
    is_over = Event()

    def watch() -> int:
        looks = 0
        while not is_over.is_set():
            number, rows = stamps(blocks)
            assert rows == list(range(1, number + 1))
            looks += 1
        return looks

    with ThreadPoolExecutor(9) as threads:
        watcher = threads.submit(watch)
        writers = [threads.submit(add_stamped, blocks, company) for _ in range(200)]
        try:
            for writer in writers:
                writer.result()
        finally:
            is_over.set()
        assert watcher.result() > 0
    assert stamps(blocks) == (200, list(range(1, 201)))


COMPANIES = Company.__table__.c
PREPARED = sa.select(
    COMPANIES.id, COMPANIES.name, COMPANIES.is_approved, COMPANIES.description,
    sa.select(sa.func.count()).select_from(Opportunity).where(Opportunity.kind == Kind.VISIT).label("visits"),
    sa.select(Opportunity.kind).where(Opportunity.company_id == COMPANIES.id).scalar_subquery().label("kind"),
    sa.select(Opportunity.created_at).where(Opportunity.company_id == COMPANIES.id).scalar_subquery().label("at"),
).where(COMPANIES.id == sa.bindparam("wanted"))  # fmt: skip


def test_a_prepared_statement_answers_as_the_statement_does(blocks: Database) -> None:
    prepared = db.Prepared(PREPARED)
    with blocks.write() as session:
        companies = [Company(name=f"Officina {number}", is_approved=True) for number in range(2)]
        session.add_all(companies)
    for company in companies:
        add_stamped(blocks, company)
        with blocks.read() as session:
            expected = session.execute(PREPARED, {"wanted": company.id}).one()
            found = prepared.one_or_none(session, wanted=company.id)
            assert found._asdict() == expected._asdict()
            assert (found.id, found.kind, found.at) == (company.id, Kind.VISIT, NOW)
    with blocks.read() as session:
        assert prepared.one_or_none(session, wanted=db.new_id()) is None


def test_a_prepared_statement_fails_as_the_statement_does(blocks: Database) -> None:
    absent = sa.select(sa.column("number")).select_from(sa.table("absent"))
    with pytest.raises(DBAPIError) as expected, blocks.read() as session:
        session.execute(absent)
    with pytest.raises(type(expected.value)), blocks.read() as session:
        db.Prepared(absent).one_or_none(session)
    with pytest.raises(sa.exc.MultipleResultsFound), blocks.read() as session:
        db.Prepared(
            sa.select(sa.literal(1).label("one")).union_all(sa.select(sa.literal(2))).subquery().select()
        ).one_or_none(session)
