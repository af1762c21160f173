"""Time and recall of one short mention among 44,000 labels of 14,000 concepts, beside named peers in one run.

    python -m benchmarks.link [--mentions 60] [--seed 1]
    python -m benchmarks.link --quality ESCO_FOLDER [--strong]

The labels are seeded: skills of our vocabulary behind a few phrases. A mention is a label with one letter wrong; a hit is
its concept in first place. All take the same mentions one by one, in turn; rapidfuzz only every tenth, for it is slow.
Times are medians of processor time, all threads; the last columns say how many times longer a peer takes than our
models.

With --quality: the mean reciprocal rank on questions from the ESCO occupations and ISCO titles (`linking/questions.py`).
The lexicon and the turn that are shipped have seen the ESCO labels, so these figures flatter ours for labels; the fair
ones for unseen concepts are what `linking/learn.py` prints.
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.linking.questions import (
    Questions,
    across,
    group_titles,
    groups,
    hidden_synonyms,
    mean_reciprocal_rank,
    occupations,
    r_precision,
    sentences,
    vocabulary,
)
from matching.link import MissingModel, SkillLinker
from matching.link.encoders import encoders, sentence_encoder
from matching.link.words import stems
from matching.types import Concept

PHRASES = (
    "addetto a {}", "esperto di {}", "corso di {}", "basi di {}", "tecnico di {}", "collaudo e {}",
    "assistente per {}", "responsabile {}", "istruttore di {}", "pianificazione di {}", "controllo di {}",
    "vendita di {}", "progetto di {}", "manutenzione per {}",
)  # fmt: skip

Ask = Callable[[str], str]


def seeded(concepts: int = 14_000, labels: int = 44_000) -> list[Concept]:
    """Phrases times skills, with as many labels as asked for."""
    found = []
    left = labels
    for phrase in PHRASES:
        for source in vocabulary():
            if len(found) == concepts:
                break
            share = -(-left // (concepts - len(found)))
            names = [*source.concept.labels["it"], *source.concept.labels["en"]][:share]
            found.append(Concept(f"{len(found)}", {"it": tuple(phrase.format(name) for name in names)}))
            left -= len(names)
    return found


def misspell(label: str, draw: random.Random) -> str:
    """Leave out one letter that is not the first of a word."""
    places = [at for at in range(1, len(label)) if label[at].isalpha() and label[at - 1].isalpha()]
    at = draw.choice(places)
    return label[:at] + label[at + 1 :]


def ours(concepts: Sequence[Concept]) -> Iterator[tuple[str, Ask]]:
    """The models that are installed."""
    for model in ("words", "light"):
        start = perf_counter()
        try:
            linker = SkillLinker.fit(concepts, ("it",), model=model)
        except MissingModel as missing:
            print(missing)
            continue
        print(f"fit {model}: {perf_counter() - start:.1f} s")

        def ask(mention: str, linker: SkillLinker = linker) -> str:
            return linker.rank([mention], language="it")[0][0][0]

        yield model, ask


def peers(concepts: Sequence[Concept]) -> Iterator[tuple[str, Ask]]:
    """TF-IDF of character trigrams with two products, and rapidfuzz; each if installed."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    labels = [label for concept in concepts for label in concept.labels["it"]]
    owners = [concept.id for concept in concepts for _ in concept.labels["it"]]
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3))
    table = vectorizer.fit_transform(labels).astype(np.float32)
    turned = table.T.tocsr()
    yield (
        "scikit-learn",
        lambda mention: owners[
            int((table @ vectorizer.transform([mention]).T.astype(np.float32)).toarray().argmax())
        ],
    )
    try:
        from sparse_dot_topn import sp_matmul_topn
    except ImportError:
        print("sparse_dot_topn is not installed: pip install sparse_dot_topn")
    else:

        def dot_top(mention: str) -> str:
            row = vectorizer.transform([mention]).astype(np.float32)
            found = sp_matmul_topn(row, turned, top_n=10, sort=True)
            return owners[int(found.indices[0])] if found.nnz else ""

        yield "sparse_dot_topn", dot_top
    try:
        from rapidfuzz import process
    except ImportError:
        print("rapidfuzz is not installed: pip install rapidfuzz")
    else:
        yield "rapidfuzz", lambda mention: owners[process.extract(mention, labels, limit=10)[0][2]]


def speed(mentions: int, seed: int) -> None:
    """Print times, recall and ratios."""
    concepts = seeded()
    print(f"{len(concepts)} concepts, {sum(len(one.labels['it']) for one in concepts)} labels")
    draw = random.Random(seed)
    asked = [
        (misspell(draw.choice(one.labels["it"]), draw), one.id) for one in draw.sample(concepts, mentions)
    ]
    models = dict(ours(concepts))
    sides = models | dict(peers(concepts))
    times: dict[str, list[float]] = {name: [] for name in sides}
    hits: dict[str, list[bool]] = {name: [] for name in sides}
    for ask in models.values():
        ask("saldatura")  # loads what is loaded once
    for number, (mention, right) in enumerate(asked):
        for name, ask in sides.items():
            if name == "rapidfuzz" and number % 10:
                continue
            start = process_time()
            found = ask(mention)
            times[name].append(process_time() - start)
            hits[name].append(found == right)
    medians = {name: statistics.median(some) * 1000 for name, some in times.items()}
    print(f"{'':16}{'ms':>9}{'hits':>7}" + "".join(f"{'× ' + model:>10}" for model in models))
    for name, median in medians.items():
        ratios = "".join(f"{median / medians[model]:10.1f}" for model in models)
        print(f"{name:16}{median:9.2f}{statistics.mean(hits[name]):7.3f}{ratios}")


def stemmed_baseline(questions: Questions) -> list[list[str]]:
    """Snowball-stemmed character TF-IDF, the best published lexical way."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    labels, owners = _labels(questions)
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    table = vectorizer.fit_transform(" ".join(stems(text, language)) for text, language in labels)
    asked = vectorizer.transform(" ".join(stems(text, questions.language)) for text, _ in questions.asked)
    return _ordered(questions, (asked @ table.T).toarray(), owners)


def encoder_baseline(encode: Callable[[Sequence[str]], Any]) -> Callable[[Questions], list[list[str]]]:
    """The cosine of an encoder alone."""

    def ask(questions: Questions) -> list[list[str]]:
        labels, owners = _labels(questions)
        table = encode([text for text, _ in labels])
        return _ordered(questions, encode([text for text, _ in questions.asked]) @ table.T, owners)

    return ask


def _labels(questions: Questions) -> tuple[list[tuple[str, str]], list[int]]:
    rows = [
        ((label, language), number)
        for number, concept in enumerate(questions.concepts)
        for language in questions.languages
        for label in concept.labels.get(language, ())
    ]
    return [label for label, _ in rows], [number for _, number in rows]


def _ordered(questions: Questions, scores: Any, owners: Sequence[int]) -> list[list[str]]:
    found = []
    for row in scores:
        best = np.full(len(questions.concepts), -np.inf)
        np.maximum.at(best, owners, row)
        found.append([questions.concepts[place].id for place in np.argsort(-best, kind="stable")[:100]])
    return found


def quality(folder: Path, *, strong: bool) -> None:
    """Print the mean reciprocal rank (sentences: R-precision at 5) of ours and of the baselines."""
    esco, own, titles = occupations(folder), vocabulary(), groups(folder)
    sets = [
        hidden_synonyms(esco, "it", 5, 500),
        across(esco, 6, 500),
        group_titles(esco, titles, "it", "it", "it"),
        group_titles(esco, titles, "it", "it", "en"),
        sentences(own, "en", 9, 500),
        sentences(own, "it", 9, 500),
    ]
    asks: dict[str, Callable[[Questions], list[list[str]]]] = {"stemmed TF-IDF": stemmed_baseline}
    models = ["words"]
    try:
        asks["USE alone"] = encoder_baseline(sentence_encoder())
        models.append("light")
        if strong:
            asks["E5 alone"] = encoder_baseline(encoders("strong")[1])
            models.append("strong")
    except (MissingModel, ImportError) as missing:
        print(missing)
    for model in models:

        def ask(questions: Questions, model: str = model) -> list[list[str]]:
            linker = SkillLinker.fit(questions.concepts, questions.languages, model=model)
            return linker.rank([text for text, _ in questions.asked], 100, questions.language)[0]

        asks[model] = ask
    for questions in sets:
        judge = r_precision if questions.name.startswith("sentence") else mean_reciprocal_rank
        values = {name: judge(questions.asked, ask(questions)) for name, ask in asks.items()}
        print(f"{questions.name:22}", *(f"{name} {value:.3f}" for name, value in values.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quality", type=Path)
    parser.add_argument("--strong", action="store_true")
    options = parser.parse_args()
    print(f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}")
    if options.quality:
        quality(options.quality, strong=options.strong)
    else:
        speed(options.mentions, options.seed)


if __name__ == "__main__":
    main()
