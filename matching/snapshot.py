"""A laid-out index as one file that several processes map into memory and share.

The file is a length (8 bytes, little endian), a JSON header of that length, and the columns, each at the next
multiple of 64 bytes. Nothing in it is executed, so a damaged file can only be refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.errors import MatchingError

MAGIC: Final = "bottega-index-2"
ALIGNED: Final = 64


def write(path: Path, about: Mapping[str, Any], columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write a snapshot; who reads at the same moment sees the old file or the new one, never half of one."""
    places, offset = {}, 0
    for name, column in columns.items():
        places[name] = {"type": column.dtype.str, "shape": column.shape, "offset": offset}
        offset += -(-column.nbytes // ALIGNED) * ALIGNED
    header = json.dumps({"magic": MAGIC, "about": about, "size": offset, "columns": places}).encode()
    header += b" " * (-(len(header) + 8) % ALIGNED)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            for column in columns.values():
                raw = np.ascontiguousarray(column).tobytes()
                file.write(raw + bytes(-len(raw) % ALIGNED))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """What a snapshot says of itself, and its columns, mapped and read-only.

    Raises
    ------
    MatchingError
        The file is no snapshot, or not a whole one.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        size = path.stat().st_size
        try:
            header = json.loads(file.read(length)) if 0 < length <= size else {}
        except ValueError:
            header = {}
    if header.get("magic") != MAGIC or size < 8 + length + header["size"]:
        raise MatchingError(f"{path.name} is no whole snapshot of an index")
    mapped = np.memmap(path, np.uint8, "r", 8 + length)
    columns = {}
    for name, place in header["columns"].items():
        kind, shape, offset = np.dtype(place["type"]), tuple(place["shape"]), place["offset"]
        raw = mapped[offset : offset + kind.itemsize * int(np.prod(shape))]
        columns[name] = raw.view(np.ndarray).view(kind).reshape(shape)
    return header["about"], columns
