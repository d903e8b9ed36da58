"""Blocks of rows on threads: same bits for any number of them, and nothing spins."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communize.kernels import vector
from communize.kernels.blocks import BLOCK, Pool, gather

SEED = np.uint64(4)


@pytest.fixture(params=[1, 2, 5])
def pool(request):
    pool = Pool(request.param)
    yield pool
    pool.close()


def fill_and_sum(start, stop, index, out):
    """Fill the rows of a block and return what a float sum in block order is made of."""
    rows = out[start:stop]
    vector.fill_uniform(rows, np.arange(start, start + rows.size), SEED, 1, 2, 0)
    return index, rows.sum()


@pytest.mark.parametrize("n_rows", [0, 1, 999, 1000, 1001, 20_500])
def test_results_do_not_depend_on_the_threads(pool, n_rows):
    out = np.empty(n_rows)
    results = pool.for_blocks(fill_and_sum, n_rows, out, block=1000)

    expected = np.empty(n_rows)
    vector.fill_uniform_range(expected, SEED, 1, 2, 0)
    np.testing.assert_array_equal(out, expected)
    assert results == [(i, expected[1000 * i : 1000 * (i + 1)].sum()) for i in range(-(-n_rows // 1000))]


def test_blocks_partition_the_rows(pool):
    ranges = pool.for_blocks(lambda start, stop, index: (start, stop, index), 2 * BLOCK + 1)
    assert ranges == [(0, BLOCK, 0), (BLOCK, 2 * BLOCK, 1), (2 * BLOCK, 2 * BLOCK + 1, 2)]


def test_blocks_never_split_a_shared_block_of_draws():
    assert BLOCK % 4 == 0


def test_two_threads_work_at_once():
    pool, barrier = Pool(2), threading.Barrier(2)
    try:
        arrivals = pool.for_blocks(lambda *_: barrier.wait(timeout=10), 2, block=1)
    finally:
        pool.close()
    assert sorted(arrivals) == [0, 1]


@pytest.mark.parametrize("threads", [-1, 0, 1])
def test_one_thread_is_the_callers(threads):
    pool = Pool(threads)
    assert pool.threads == 1
    assert set(pool.for_blocks(lambda *_: threading.get_ident(), 3, block=1)) == {threading.get_ident()}


def test_an_error_in_a_kernel_reaches_the_caller(pool):
    def fail(start, stop, index):
        if index == 2:
            raise ZeroDivisionError("block 2")

    with pytest.raises(ZeroDivisionError, match="block 2"):
        pool.for_blocks(fail, 5, block=1)
    assert pool.for_blocks(lambda start, stop, index: index, 3, block=1) == [0, 1, 2]


def test_an_idle_pool_takes_no_processor_time():
    pool, out = Pool(2), np.empty(20_000)
    pool.for_blocks(fill_and_sum, out.size, out, block=1000)
    before = time.process_time()
    time.sleep(0.3)
    used = time.process_time() - before
    pool.close()
    assert used < 0.05


def test_closing_lets_the_threads_go():
    before = set(threading.enumerate())
    pool = Pool(2)
    pool.for_blocks(lambda *_: None, 4, block=1)
    workers = set(threading.enumerate()) - before
    assert workers
    pool.close()
    pool.close()
    for worker in workers:
        worker.join(timeout=10)
    assert not any(worker.is_alive() for worker in workers)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.lists(st.integers(0, 7), max_size=6), st.integers(0, 6))
def test_gather_joins_the_used_part_of_each_block(counts, missing):
    n_rows = max(0, 7 * len(counts) - missing)  # the last block may be short
    if counts:
        counts[-1] = min(counts[-1], 7 - missing)
    buffer = np.arange(n_rows, dtype=np.int32)
    joined = gather(buffer, counts, n_rows, block=7)
    assert joined.tolist() == [7 * b + i for b, count in enumerate(counts) for i in range(count)]
    assert joined.dtype == np.int32
