"""The compiled loops: that they are used, that nothing else is taken for them, and that they read nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from matching import build as building
from matching import kernel, spans
from matching.build import build, main
from matching.layout import Layout
from matching.link import SkillLinker
from matching.link.lexical import LexicalIndex, Pieces
from matching.profile import Skills
from matching.rank import Index
from matching.types import Concept, HeldSkill, Kind, Opportunity, SkillNeed, Span, Student, Weights
from tests.matching.strategies import ON, VOCABULARY, Guess

ROOT = Path(__file__).parents[2]
DAYS = Span(date(2027, 1, 11), date(2027, 1, 22))
STUDENT = Student("s", 44.4949, 11.3426, max_km=60.0, skills=(HeldSkill("plc", 3),), free=(DAYS,))
FAR = Span(date(1950, 1, 1), date(2080, 1, 1))
OFFERS = [
    Opportunity(f"o{number}", kind, 44.5, 11.35, (DAYS,), required=(SkillNeed("plc", 2),))
    for number, kind in enumerate(Kind)
]


@pytest.fixture
def use(library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The loops as compiled from the source."""
    monkeypatch.setattr(kernel, "LIBRARY", library)
    kernel.kernel.cache_clear()
    yield
    kernel.kernel.cache_clear()


def layout_of(offers: list[Opportunity], weights: Weights | None = None) -> Layout:
    return Index(offers, VOCABULARY, weights, on=ON).folded()


@pytest.mark.usefixtures("use")
def test_what_is_compiled_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("numpy was asked")

    monkeypatch.setattr(Layout, "values", fail)
    monkeypatch.setattr(Skills, "_profile", fail)
    assert len(Index(OFFERS, VOCABULARY, on=ON).top(STUDENT)) == len(OFFERS)


@pytest.mark.usefixtures("use")
def test_what_is_compiled_is_used_by_the_linker(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("numpy was asked")

    monkeypatch.setattr(Pieces, "_shared", fail)
    monkeypatch.setattr(LexicalIndex, "counts", fail)
    linker = SkillLinker.fit([Concept("a", {"it": ("tornitura",)})], model="words")
    assert linker.rank(["tornitrra"], language="it")[0] == [["a"]]


@pytest.mark.usefixtures("use")
def test_what_it_does_not_know_is_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    far = [*OFFERS, replace(OFFERS[0], id="far", spans=(FAR,))]
    assert layout_of(far).compiled is not None
    assert layout_of(far, Weights(chance=Guess())).compiled is None
    with monkeypatch.context() as patch:
        patch.setattr(spans, "FEW_OUTSIDE", 0)
        assert layout_of(OFFERS).compiled is not None
        assert layout_of(far).compiled is None
    monkeypatch.setattr(spans, "MOST_PATTERNS", 0)
    assert layout_of(OFFERS).compiled is None


@pytest.mark.usefixtures("use")
def test_no_library_is_used_but_one_of_this_source(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kernel.kernel() is not None
    with monkeypatch.context() as patch:
        patch.setattr(kernel, "digest", lambda: b"another")
        with pytest.raises(OSError, match="another source"):
            kernel.Kernel(library)
    kernel.kernel.cache_clear()
    broken = tmp_path / "broken.so"
    broken.write_text("no library")
    for path in (tmp_path / "nothing.so", broken):
        monkeypatch.setattr(kernel, "LIBRARY", path)
        kernel.kernel.cache_clear()
        assert kernel.kernel() is None
        assert layout_of(OFFERS).compiled is None


def test_columns_of_another_type_are_refused() -> None:
    columns = {name: np.zeros(2, kind) for name, kind in kernel.Tables.kinds.items()}
    assert kernel.Tables.checked(**columns, concepts=1).concepts == 1
    for wrong in (columns["level"].astype(np.float32), np.zeros(4)[::2]):
        with pytest.raises(TypeError, match="level is float"):
            kernel.Tables.checked(**columns | {"level": wrong}, concepts=1)


def test_without_a_compiler_nothing_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert build(tmp_path / "library.so") is False
    assert list(tmp_path.iterdir()) == []
    main()
    assert "(no C compiler)" in capfd.readouterr().err


def test_what_does_not_compile_is_said_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "library.so"
    target.write_text("before")
    with pytest.raises(subprocess.CalledProcessError):
        build(target, ["-Dbest=1"])
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]
    assert "error" in capfd.readouterr().err
    monkeypatch.setattr(building, "FLAGS", ("--no-such-flag",))
    main()
    assert "(the C compiler refused)" in capfd.readouterr().err


WATCHED = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from matching import kernel
kernel.LIBRARY = Path(sys.argv[1])
from benchmarks import world
from benchmarks.linking.questions import vocabulary
from matching.link import SkillLinker
from matching.link.vectors import Vectors
from matching.rank import Index
from matching.table import Alternatives
alternatives = Alternatives()
index = Index.of_table(world.table(3000, alternatives), world.vocabulary(), alternatives, on=world.ON)
assert index.folded().compiled is not None
for student in world.students(20):
    for one in (student, replace(student, max_km=None)):
        for k in (1, 20, 5000):
            lines = index.top(one, k)
            if lines:
                index.top(one, k, after=(lines[0].score, lines[0].id))
linker = SkillLinker.fit([one.concept for one in vocabulary()[::4]], model="words")
assert linker._features.lexical.loops is not None
for one in vocabulary()[::9]:
    for label in one.concept.labels["it"]:
        for top_k in (0, 1, 10, 5000):
            linker.rank([label, label[:2] + label[3:], label + " " + label[::-1], label[:1]], top_k, "it")
rows = np.eye(33, dtype=np.float32)
assert (Vectors(rows, np.array([0, 5, 32])).cosines(rows[4:7]).round(2) == [[1, 0, 0], [0, 1, 0], [0, 1, 0]]).all()
print("whole")
"""


def test_it_reads_and_writes_nothing_beyond_its_columns(tmp_path: Path) -> None:
    """Run with the compiler's own watch over memory, which ends the process at the first wrong access."""
    target = tmp_path / "watched.so"
    assert build(target, ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"])
    watch = subprocess.check_output(["cc", "-print-file-name=libasan.so"], text=True).strip()
    if not Path(watch).is_absolute():
        pytest.skip("no watch over memory comes with this compiler")

    def run(code: str) -> subprocess.CompletedProcess[str]:
        settings = {"LD_PRELOAD": watch, "ASAN_OPTIONS": "detect_leaks=0", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, str(target)]
        return subprocess.run(
            command, env=os.environ | settings, capture_output=True, text=True, timeout=100, check=False
        )

    good = run(WATCHED)
    assert good.stdout == "whole\n", good.stderr[-3000:]
    beyond = WATCHED.replace(
        "for student in", "index.folded().compiled.need_at += 40_000_000\nfor student in"
    )
    assert run(beyond).returncode != 0
    beyond = WATCHED.replace(
        "for one in vocabulary()[::9]",
        "linker._features.lexical.table.value += 40_000_000\nfor one in vocabulary()[::9]",
    )
    assert beyond != WATCHED
    assert run(beyond).returncode != 0
