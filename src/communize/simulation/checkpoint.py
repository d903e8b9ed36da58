"""The file of a checkpoint: a description and named arrays, compressed, with a checksum over everything.

Layout: `MAGIC`, format number (4 bytes), length of the description (8 bytes), the description (JSON), each array in pieces of
`PIECE` bytes before compression (length of the compressed piece in 8 bytes, the piece in Zstandard), and BLAKE2b over all of
that (`DIGEST` bytes). Numbers are little-endian; what the arrays are stands in the description under ``arrays``.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError
from communize.declare.files import sync_folder

MAGIC, FORMAT = b"communize ckpt\n\0", 1
DIGEST, PIECE, LEVEL = 32, 1 << 24, 1


class Damaged(InputError):
    """A checkpoint that is not whole: cut off, changed, or no checkpoint at all."""

    def __init__(self, file: Path, found: str):
        super().__init__("", found, "a whole checkpoint", None, str(file))

    def __reduce__(self) -> Any:
        return Damaged, (Path(str(self.file)), self.found)


def write(path: Path, description: dict[str, Any], arrays: Iterable[tuple[str, np.ndarray]]) -> None:
    """Write a checkpoint so that it appears whole or not at all, and lies on the disk when this returns.

    Raises
    ------
    OSError
        It cannot be written; what stood at `path` is as it was.
    """
    import pyarrow

    codec = pyarrow.Codec("zstd", LEVEL)
    held = [(name, np.ascontiguousarray(values)) for name, values in arrays]
    listed = [[name, values.dtype.str, list(values.shape)] for name, values in held]
    head = json.dumps({**description, "arrays": listed}, default=_plain).encode()
    digest = hashlib.blake2b(digest_size=DIGEST)
    temporary = path.with_name(f"{path.name}.tmp-{uuid.uuid4().hex[:8]}")
    try:
        with open(temporary, "xb") as file:

            def put(part: Any) -> None:
                digest.update(part)
                file.write(part)

            put(MAGIC + FORMAT.to_bytes(4, "little") + len(head).to_bytes(8, "little") + head)
            for _, values in held:
                raw = values.reshape(-1).view(np.uint8)
                for start in range(0, raw.size, PIECE):
                    piece = codec.compress(raw[start : start + PIECE], asbytes=True)
                    put(len(piece).to_bytes(8, "little"))
                    put(piece)
            file.write(digest.digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The description and the arrays of a checkpoint.

    Raises
    ------
    Damaged
        It is not whole.
    InputError
        There is no such file, or it has another format.
    """
    import pyarrow

    try:
        data = memoryview(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError("", getattr(error, "strerror", None) or str(error), "a checkpoint that can be read", None, str(path)) from None
    body, start = data[:-DIGEST], len(MAGIC) + 12
    if bytes(data[: len(MAGIC)]) != MAGIC:
        raise Damaged(path, "another kind of file")
    if len(data) < start + DIGEST or hashlib.blake2b(body, digest_size=DIGEST).digest() != data[-DIGEST:]:
        raise Damaged(path, "a checksum that is not that of its contents")
    number = int.from_bytes(body[len(MAGIC) : len(MAGIC) + 4], "little")
    if number != FORMAT:
        raise InputError("format", number, f"{FORMAT}, the format of this version", None, str(path))
    at = start + int.from_bytes(body[start - 8 : start], "little")
    description = json.loads(bytes(body[start:at]))
    codec, arrays = pyarrow.Codec("zstd"), {}
    for name, kind, shape in description.pop("arrays"):
        values = np.empty(shape, kind)
        raw = values.reshape(-1).view(np.uint8)
        for first in range(0, raw.size, PIECE):
            length = int.from_bytes(body[at : at + 8], "little")
            piece = raw[first : first + PIECE]
            piece[:] = np.frombuffer(codec.decompress(body[at + 8 : at + 8 + length], piece.size), np.uint8)
            at += 8 + length
        arrays[name] = values
    return description, arrays
