"""What fair re-ranking does to the demo territory, and what it brings where the truth is known.

    python -m benchmarks.fairness [--seeds 1 2 3] [--sizes 1200x500 1000x5000]

For every territory (seeded; students x opportunities) and for internships alone and all kinds together, prints the
figures of pure score, of a plain penalty on popularity that costs as much, and of `fairness.rerank`, beside the bound that
no choice among the candidates can pass: the share of opportunities that is anybody's candidate, or the lines there are.
Then groups, of one territory in full. Last, in seeded worlds: how many students get a seat when everybody tries their
five lines.

The defaults of `fairness` were chosen on seed 1 at 1200x500; the other lines had no part in it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from time import process_time

import numpy as np
import scipy
import sqlalchemy as sa

import app.models  # noqa: F401 - all tables
from app.companies.models import Company
from app.db import Database
from app.demo.territory import read_territory
from app.matches import translate
from app.opportunities import details
from app.schools.models import School
from app.skills import service as skills
from app.students import profiles
from app.students.models import Student as StudentRow
from matching.evaluate import ndcg
from matching.fairness import Report, report, rerank
from matching.rank import Index
from matching.types import Kind, Ranked
from matching.world import World, seeded_world

ROOT = Path(__file__).parents[1]
ON = date(2026, 11, 22)
K = 5
DEPTH = 100
SMALL = ("micro", "small")  # under 50 staff (European definition)
Lists = Mapping[str, Sequence[Ranked]]


@dataclass(frozen=True)
class Territory:
    """An index over a demo territory, and the labels that only a report may see."""

    index: Index
    profiles: list[profiles.Profile]
    seats: dict[str, int]
    kinds: dict[str, Kind]
    size: dict[str, str]
    gender: dict[str, str]
    school: dict[str, str]

    def lists(self, kind: Kind | None) -> tuple[Lists, dict[str, int]]:
        """The best `DEPTH` candidates of every student, and the seats of all that can be shown."""
        found = {}
        for profile in self.profiles:
            lines = self.index.top(translate.student(profile), DEPTH, kind)
            found[str(profile.id)] = [replace(line, reasons=(), gap=None) for line in lines]
        return found, {
            good: seats for good, seats in self.seats.items() if kind is None or self.kinds[good] is kind
        }


def territory(seed: int, students: int, opportunities: int) -> Territory:
    """Load a demo territory into a database of its own, and read it as the service does."""
    companies = max(250, opportunities // 3)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        sizes = (f"--students={students}", f"--companies={companies}", f"--opportunities={opportunities}")
        subprocess.run(
            [sys.executable, "-m", "app", "demo", "--quiet", f"--seed={seed}", f"--on={ON}", *sizes],
            cwd=ROOT, env=os.environ | {"BOTTEGA_DATABASE_URL": url}, check=True, capture_output=True,
        )  # fmt: skip
        database = Database(url)
        with database.read() as session:
            rows = details.load_published(session)
            vocabulary = translate.vocabulary(skills.vocabulary_rows(session))
            people = profiles.load(session)
            staff = {row[0]: row[1] for row in session.execute(sa.select(Company.id, Company.size))}
            given = {
                row[0]: row[1] for row in session.execute(sa.select(StudentRow.id, StudentRow.given_name))
            }
            schools = {row[0]: row[1] for row in session.execute(sa.select(School.id, School.name))}
        database.close()
    offers = [one for one in map(translate.opportunity, rows) if one.closes_on is None or one.closes_on >= ON]
    feminine = {name for origin in read_territory().names.origins for name in origin.feminine}
    live = {one.id: one for one in offers if one.seats_free > 0}
    return Territory(
        Index(live.values(), vocabulary, on=ON),
        people,
        {good: one.seats_free for good, one in live.items()},
        {good: one.kind for good, one in live.items()},
        {str(row.id): str(staff[row.company_id]) for row in rows},
        {str(student): "f" if name in feminine else "m" for student, name in given.items()},
        {str(one.id): schools[one.school_id] for one in people},
    )


def penalised(lists: Lists, strength: float) -> dict[str, list[Ranked]]:
    """The peer: score less a penalty on popularity, the share of lists whose first lines hold it."""
    popularity = Counter(line.id for lines in lists.values() for line in lines[:K])
    most = max(popularity.values(), default=1)
    return {
        student: sorted(lines, key=lambda line: strength * (popularity[line.id] / most) ** 0.5 - line.score)
        for student, lines in lists.items()
    }


def loss_of(lists: Lists, shown: Lists) -> list[float]:
    """What each list loses of its nDCG; gains are true scores."""
    return [
        1.0 - ndcg([line.score for line in shown[student]][:K], K, ideal=[line.score for line in lines])
        for student, lines in lists.items()
        if lines
    ]


def same_loss(lists: Lists, loss: float) -> dict[str, list[Ranked]]:
    """The peer at the strength that costs as much."""
    low, high = 0.0, 2.0
    for _ in range(12):
        middle = (low + high) / 2.0
        if statistics.fmean(loss_of(lists, penalised(lists, middle))) <= loss:
            low = middle
        else:
            high = middle
    return penalised(lists, low)


def tell(name: str, found: Report, base: Report, losses: Sequence[float], note: str = "") -> None:
    small = [found.opportunities["size"][label] for label in SMALL if label in found.opportunities["size"]]
    print(
        f"    {name:18} coverage {found.coverage:.3f} (× {found.coverage / base.coverage:.2f})"
        f"   Gini {found.gini:.3f} ({found.gini / base.gini - 1:+.0%}, per seat {found.gini_per_seat:.3f})"
        f"   under 50 staff {sum(one.lines for one in small):.3f} of lines, {sum(one.seats for one in small):.3f} of seats"
        f"   loss {statistics.fmean(losses):.4f}, p95 {np.quantile(losses, 0.95):.3f}, most {max(losses):.3f}{note}"
    )


def compare(where: Territory, kind: Kind | None) -> tuple[Lists, Lists, dict[str, int]]:
    """Print the three side by side."""
    lists, seats = where.lists(kind)
    labels = {"size": where.size}
    reach = len({line.id for lines in lists.values() for line in lines}) / len(seats)
    slots = sum(min(K, len(lines)) for lines in lists.values())
    print(
        f"  {kind or 'all kinds'}: {len(lists)} students, {len(seats)} opportunities, {sum(seats.values())} seats;"
        f" coverage@{K} can be {min(reach, slots / len(seats)):.3f} at most"
    )
    base = report(lists, seats, k=K, opportunities=labels)
    tell("pure score", base, base, loss_of(lists, lists))
    protected = {good for good in seats if where.size[good] in SMALL}
    begun = process_time()
    found = rerank(lists, seats, k=K, protected=protected)
    taken = process_time() - begun
    shown = found.ranked()
    losses = loss_of(lists, shown)
    peer = same_loss(lists, statistics.fmean(losses))
    tell("popularity penalty", report(peer, seats, k=K, opportunities=labels), base, loss_of(lists, peer))
    note = f"   ceiling {found.ceiling:.3f}, {taken:.1f} s of processor"
    tell("rerank", report(shown, seats, k=K, opportunities=labels), base, losses, note)
    return lists, shown, seats


def tell_groups(where: Territory, lists: Lists, shown: Lists, seats: Mapping[str, int]) -> None:
    """The whole report before and after."""
    both = [
        report(
            some, seats, k=K, opportunities={"size": where.size},
            students={"gender": where.gender, "school": where.school},
        )
        for some in (lists, shown)
    ]  # fmt: skip
    before, after = both
    print("  share of lines by staff, before and after (share of seats); coverage")
    for label, was in before.opportunities["size"].items():
        now = after.opportunities["size"][label]
        print(
            f"    {label:8} {was.lines:.3f} {now.lines:.3f} ({was.seats:.3f})   {was.coverage:.3f} {now.coverage:.3f}"
        )
    print("  mean score of the lines, before and after")
    for name, groups in before.students.items():
        pairs = [(one.score, after.students[name][label].score) for label, one in groups.items()]
        if name == "school":
            changes = [now - was for was, now in pairs]
            print(f"    {len(pairs)} schools: change from {min(changes):+.4f} to {max(changes):+.4f}")
        else:
            for (label, one), (was, now) in zip(groups.items(), pairs, strict=True):
                print(f"    {label} ({one.students} students) {was:.4f} {now:.4f}; {one.without} see nothing")
    print("  share of lines by distance, before and after")
    for band, share in before.distance.items():
        print(f"    to {band} km: {share:.3f} {after.distance.get(band, 0.0):.3f}")


Truth = Mapping[str, Mapping[str, float]]
"""The true chance of agreement by student and opportunity."""


def truth_of(world: World) -> Truth:
    return {
        student.id: dict(zip((line.id for line in lines), world.agreed(row).tolist(), strict=True))
        for row, (student, lines) in enumerate(zip(world.students, world.lines, strict=True))
    }


def placed(truth: Truth, shown: Lists, seats: Mapping[str, int], chance: np.random.Generator) -> float:
    """The share of students who get a seat, trying their lines in order, in an order drawn by lot."""
    left, happy = dict(seats), 0
    students = list(shown)
    for place in chance.permutation(len(students)).tolist():
        student = students[place]
        for line in shown[student][:K]:
            if left[line.id] > 0 and chance.random() < truth[student][line.id]:
                left[line.id] -= 1
                happy += 1
                break
    return happy / len(students)


def tell_worlds(seeds: Sequence[int]) -> None:
    """Internships only: that is where seats are few."""
    print(
        "\nseeded worlds of 600 students and 400 opportunities, internships: nDCG@5 against the truth, share placed"
    )
    found: dict[str, list[tuple[float, float]]] = {"pure score": [], "rerank": []}
    for seed in seeds:
        world = seeded_world(seed, students=600, opportunities=400)
        truth = truth_of(world)
        lists = {
            student.id: sorted(
                (one for one in lines if world.kind_of(one) is Kind.INTERNSHIP), key=lambda line: -line.score
            )
            for student, lines in zip(world.students, world.lines, strict=True)
        }
        seats = {line.id: world.index[line.id].seats_free for lines in lists.values() for line in lines}
        for name, some in (("pure score", lists), ("rerank", rerank(lists, seats, k=K).ranked())):
            gains = [[truth[student][line.id] for line in lines] for student, lines in some.items()]
            order = statistics.fmean(ndcg(one, K) for one in gains)
            draws = [placed(truth, some, seats, np.random.default_rng((seed, turn))) for turn in range(20)]
            found[name].append((order, statistics.fmean(draws)))
    for name, rows in found.items():
        order, share = (statistics.fmean(column) for column in zip(*rows, strict=True))
        print(f"    {name:12} {order:.4f}   {share:.4f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--sizes", nargs="+", default=["1200x500", "1000x5000"])
    given = options.parse_args()
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, {platform.machine()}"
    )
    last = None
    for size in given.sizes:
        students, opportunities = map(int, size.split("x"))
        for seed in given.seeds:
            print(f"\nterritory of seed {seed}, {size}")
            where = territory(seed, students, opportunities)
            for kind in (Kind.INTERNSHIP, None):
                last = (where, *compare(where, kind))
    if last is not None:
        print("\nthe last territory by group")
        tell_groups(*last)
    tell_worlds(given.seeds)


if __name__ == "__main__":
    main()
