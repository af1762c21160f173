"""The exact top 20 of every student, with every term and filter, beside named peers on the same opportunities.

    python -m benchmarks.everyone [--students 10000] [--opportunities 50000] [--of 1]

`--students 100000` is the whole of it. All run in turns, some hundred students at a time, on one core of one process;
`--of 10` times every tenth turn of the peers, whose time per student does not depend on the others, and `ours` in full.
The peers do less: sparse_dot_topn multiplies the student's skills, expanded through the tree once, with what is asked
for and taught; scikit-learn compares the same vectors by cosine. Neither knows place, levels, calendar, age or any
filter. Ours runs over all students as it must, in the order that it chooses.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
from collections.abc import Callable, Iterator
from itertools import islice
from time import process_time
from typing import Any

import numpy as np

from benchmarks import world
from matching import many
from matching.profile import Skills
from matching.rank import Index
from matching.table import Alternatives, Table
from matching.types import Student

K = 20
TURN = 500
SAMPLE = 200
"""Every so many students the result is held against `Index.top`."""

Peer = Callable[[Any], object]


def needs_matrix(table: Table, skills: Skills) -> Any:
    """Opportunities × concepts."""
    from scipy.sparse import csr_matrix

    rows = np.repeat(np.arange(len(table)), table.need_count)
    columns = (table.need >> 4).astype(np.int64)
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(table), skills.none + 1))


def skills_matrix(students: list[Student], skills: Skills) -> Any:
    """Students × concepts: what they hold, and how near it is to everything else."""
    from scipy.sparse import csr_matrix

    near = [
        {
            number: max(value for one, value in pairs if one == number)
            for pairs in [
                [
                    pair
                    for held in student.skills
                    for pair in zip(
                        *(some.tolist() for some in skills.covers(skills.number[held.id])), strict=True
                    )
                ]
            ]
            for number in {one for one, _ in pairs}
        }
        for student in students
    ]
    ends = np.cumsum([0, *map(len, near)])
    columns = [number for one in near for number in one]
    values = [value for one in near for value in one.values()]
    return csr_matrix((values, columns, ends), shape=(len(students), skills.none + 1))


def peers_of(table: Table, skills: Skills) -> tuple[dict[str, Peer], list[str]]:
    """The peers that are installed, and a line for each that is not."""
    found: dict[str, Peer] = {}
    missing = []
    needs = needs_matrix(table, skills)
    try:
        from sparse_dot_topn import sp_matmul_topn
    except ImportError as error:
        missing.append(f"  sparse_dot_topn: left out, {error.name} is not installed")
    else:
        turned = needs.T.tocsr()
        found["sparse_dot_topn"] = lambda some: sp_matmul_topn(some, turned, top_n=K, n_threads=1)
    from sklearn.neighbors import NearestNeighbors

    neighbours = NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute").fit(needs)
    found["scikit-learn neighbours"] = lambda some: neighbours.kneighbors(some, return_distance=True)
    return found, missing


def peak_mb() -> float:
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if platform.system() == "Darwin" else 2**10)


def is_same(index: Index, students: list[Student], best: many.Top) -> bool:
    """Whether the result is that of one by one."""
    lines = index.top(students[best.position], K)
    return best.ids == [line.id for line in lines] and best.scores == [line.score for line in lines]


def ours_alone(index: Index, students: list[Student]) -> tuple[float, float]:
    """Seconds and megabytes without any peer in the process; results are checked apart from the clock."""
    begun = process_time()
    shown = sum(len(best.ids) + len(best.scores) for best in many.top(index, students, K))
    assert shown
    return process_time() - begun, peak_mb()


def in_turns(
    index: Index, students: list[Student], skills: Skills, peers: dict[str, Peer], every: int
) -> tuple[dict[str, list[float]], int]:
    """Seconds of each turn, and how many sampled results differ from one by one."""
    spent: dict[str, list[float]] = {name: [] for name in ("ours", *peers)}
    results: Iterator[many.Top] = many.top(index, students, K)
    wrong = 0
    for turn, first in enumerate(range(0, len(students), TURN)):
        begun = process_time()
        some = [(best, best.ids, best.scores) for best in islice(results, TURN)]
        spent["ours"].append(process_time() - begun)
        wrong += sum(not is_same(index, students, best) for best, *_ in some[::SAMPLE])
        if turn % every == 0:
            vectors = skills_matrix(students[first : first + TURN], skills)
            for name, peer in peers.items():
                begun = process_time()
                peer(vectors)
                spent[name].append((process_time() - begun) * TURN / vectors.shape[0])
    return spent, wrong


def main() -> None:
    """Compare."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--students", type=int, default=10_000)
    options.add_argument("--opportunities", type=int, default=50_000)
    options.add_argument("--of", type=int, default=5, help="the peers run in every so many turns")
    given = options.parse_args()
    vocabulary, alternatives = world.vocabulary(), Alternatives()
    skills, table = Skills(vocabulary), world.table(given.opportunities, alternatives)
    index = Index.of_table(table, vocabulary, alternatives, on=world.ON)
    students = world.students(given.students)
    print(
        f"{platform.platform()}, one of {os.cpu_count()} cores, Python {platform.python_version()}", end=", "
    )
    print(f"numpy {np.__version__}; {given.students:,} students × {given.opportunities:,} opportunities")
    held = peak_mb()
    seconds, most = ours_alone(index, students)
    print(f"  ours alone: {seconds:.1f} s, peak {most:.0f} MB, of which {held:.0f} MB students and index")
    peers, missing = peers_of(table, skills)
    spent, wrong = in_turns(index, students, skills, peers, given.of)
    mine = sum(spent["ours"]) / given.students
    for name, turns in spent.items():
        each = mine if name == "ours" else sum(turns) / len(turns) / TURN
        print(f"    {name:26} {each * 1e6:9.1f} µs a student   ratio {each / mine:7.2f}")
    print(
        f"  results that differ from one by one: {wrong} of {len(range(0, given.students, SAMPLE)):,} looked at"
    )
    print("\n".join(missing), end="\n" * bool(missing))
    assert not wrong


if __name__ == "__main__":
    main()
