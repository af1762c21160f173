"""The order of equal scores: random, but the same for a seed on every machine."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ties = npt.NDArray[np.uint64]

_MASK: Final = 2**64 - 1
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def tie(seed: int, name: str) -> int:
    """The place of an id among equal scores: the same for a seed everywhere, and no alphabet.

    The bytes of the id, eight at a time, are mixed with the finalizer of SplitMix64 (Steele, Lea and Flood
    2014, *Fast splittable pseudorandom number generators*, OOPSLA).

    Examples
    --------
    >>> tie(0, "a") == tie(0, "a"), tie(0, "a") == tie(1, "a")
    (True, False)
    """
    found = _mixed(seed & _MASK)
    raw = name.encode()
    for start in range(0, len(raw), 8):
        found = _mixed(found ^ int.from_bytes(raw[start : start + 8], "little"))
    return found


def ties(seed: int, names: npt.NDArray[Any]) -> Ties:
    """`tie` of many ids at once, given as an array of bytes.

    Examples
    --------
    >>> ties(0, np.array([b"a", b"longer than eight"])).tolist() == [tie(0, "a"), tie(0, "longer than eight")]
    True
    """
    words = -(-names.itemsize // 8)
    padded = np.zeros((len(names), 8 * words), np.uint8)
    padded[:, : names.itemsize] = (
        np.ascontiguousarray(names).view(np.uint8).reshape(len(names), names.itemsize)
    )
    lanes = padded.view("<u8")
    lengths = np.char.str_len(names)
    found = np.full(len(names), _mixed(seed & _MASK), np.uint64)
    for word in range(words):
        found = np.where(lengths > 8 * word, mixed(found ^ lanes[:, word]), found)
    return found


def _mixed(value: int) -> int:
    value = (value ^ value >> 30) * _FIRST & _MASK
    value = (value ^ value >> 27) * _SECOND & _MASK
    return value ^ value >> 31


def mixed(values: Ties) -> Ties:
    """Well mixed bits: the finalizer of SplitMix64."""
    values = (values ^ values >> np.uint64(30)) * np.uint64(_FIRST)
    values = (values ^ values >> np.uint64(27)) * np.uint64(_SECOND)
    return values ^ values >> np.uint64(31)
