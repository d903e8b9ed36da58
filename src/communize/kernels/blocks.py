"""Running a kernel over fixed blocks of rows on several threads, with the same bits for any number.

A kernel takes ``(start, stop, block, ...)``, reads old columns and writes only rows of its own range (or its
own block's slot). The partition into blocks depends on the number of rows alone, never on the threads. Idle
threads of the pool sleep on a lock: nothing spins.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

BLOCK = 1 << 16  # a multiple of four, so that a shared block of draws never straddles two ranges


class Pool:
    """A pool of threads for kernels that release the interpreter lock.

    Parameters
    ----------
    threads
        Number of threads, at least 1. With 1 everything runs in the calling thread.
    """

    def __init__(self, threads: int):
        self.threads = max(1, int(threads))
        self._executor = ThreadPoolExecutor(self.threads, "communize") if self.threads > 1 else None

    def for_blocks(self, kernel: Callable[..., Any], n_rows: int, *args: Any, block: int = BLOCK) -> list[Any]:
        """Call ``kernel(start, stop, index, *args)`` for each block; results in block order."""
        if n_rows <= block:
            return [kernel(0, n_rows, 0, *args)] if n_rows > 0 else []
        ranges = [(start, min(start + block, n_rows)) for start in range(0, n_rows, block)]
        if self._executor is None:
            return [kernel(start, stop, index, *args) for index, (start, stop) in enumerate(ranges)]
        futures = [
            self._executor.submit(kernel, start, stop, index, *args)
            for index, (start, stop) in enumerate(ranges)
        ]
        return [future.result() for future in futures]

    def for_shares(self, kernel: Callable[..., Any], n_rows: int, *args: Any, least: int = 1024) -> list[Any]:
        """As `for_blocks`, in a few blocks a thread, none smaller than `least`: for rows that may take long and share nothing they write."""
        shares = 1 if self.threads == 1 else 4 * self.threads
        return self.for_blocks(kernel, n_rows, *args, block=max(least, -(-n_rows // shares)))

    def sum_of_parts(self, kernel: Callable[..., Any], n_rows: int, shape: tuple[int, ...], *args: Any, dtype: Any = np.int64) -> np.ndarray:
        """Sum of the whole numbers that ``kernel(start, stop, part, *args, out)`` adds up in ``out[part]``, one part a thread: exact however it is parted."""
        rows = max(4, -(-n_rows // self.threads) + 3 & ~3)
        out = np.zeros((max(1, -(-n_rows // rows)), *shape), dtype)
        self.for_blocks(kernel, n_rows, *args, out, block=rows)
        return out.sum(axis=0) if len(out) > 1 else out[0]

    def close(self) -> None:
        """Let the threads go."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)


def gather(buffer: np.ndarray, counts: list[int], n_rows: int, block: int = BLOCK) -> np.ndarray:
    """Join the first ``counts[b]`` entries of each block's slice of `buffer`, in block order."""
    if len(counts) == 1:
        return buffer[: counts[0]].copy()
    parts = [buffer[start : start + counts[b]] for b, start in enumerate(range(0, n_rows, block))]
    return np.concatenate(parts) if parts else buffer[:0]
