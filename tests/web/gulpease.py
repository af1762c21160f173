"""How easy an Italian text is to read: the Gulpease index (Lucisano and Piemontese, 1988), 0 hard to 100 easy.

From 60 up, people who have finished the lower secondary school read a text on their own with little effort.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_END = re.compile(r"[.!?:;…]+(?:\s|$)")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def index(texts: list[str]) -> float:
    """Of all texts together; each ends a sentence, whether it has a full stop or not.

    >>> round(index(["Il gatto dorme."]))  # 89 + (300 * 1 - 10 * 12) / 3, and not above 100
    100
    """
    words = sentences = letters = 0
    for text in texts:
        plain = _PLACEHOLDER.sub("nome", text)
        found = _WORD.findall(plain)
        words += len(found)
        letters += sum(sign.isalnum() for word in found for sign in word)
        sentences += max(1, len(_END.findall(plain + " ")))
    return min(100.0, 89 + (300 * sentences - 10 * letters) / max(words, 1))
