"""Values within their ranges: of columns in turns, of series day by day, compiled."""

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from communize.kernels.draws import kernel

DTYPES = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
F4, F8, I1, I2, I4, I8, U1, U2, U4 = range(len(DTYPES))
NUMBERS = {np.dtype(name): number for number, name in enumerate(DTYPES)}  # asking a dtype for its name takes long

ADDRESS, TABLE, WIDTH, DTYPE, OF_ROWS, WHOLE, MAY_LACK = range(7)  # columns of the descriptions that `first_outside` takes
BLOCKS, SMALL = 32, 4096  # a column is checked in at most so many days; so few values are checked every day


def _from_address(typing_context, address):
    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


_pointer: Any = intrinsic(_from_address)  # an integer as a pointer, for `carray`


@kernel
def any_outside(values, low, high, may_lack):
    """Whether a value is below `low`, above `high`, or not a number (which with `may_lack` stands for none)."""
    found = False
    if may_lack:
        for k in range(values.size):
            found |= (values[k] < low) | (values[k] > high)
    else:
        for k in range(values.size):
            found |= not ((values[k] >= low) & (values[k] <= high))
    return found


@kernel
def first_outside(columns, low, high, whole_low, whole_high, rows, day, everything):
    """The first column with a value outside its range among the rows whose turn it is, -1 if there is none.

    Each column is checked in blocks of rows, one a day, so that all rows have had their turn after `BLOCKS` days.

    Parameters
    ----------
    columns
        One row a column, int64: address of the first value, table, values a row, dtype (index into DTYPES), the table whose
        rows the values are (-1 for none), whether all rows are checked every day, whether not a number is allowed.
    low, high, whole_low, whole_high
        Ranges of columns of floats and of integers.
    rows
        Rows of each table.
    everything
        Whether all rows are checked today.
    """
    for c in range(columns.shape[0]):
        n, width = rows[columns[c, TABLE]], columns[c, WIDTH]
        start, stop = np.int64(0), n
        if not (everything or columns[c, WHOLE]):
            size = max((n + BLOCKS - 1) // BLOCKS, SMALL // width, 1)
            blocks = max(1, (n + size - 1) // size)
            start = (day % blocks) * size
            stop = min(n, start + size)
        if stop <= start:
            continue
        count, lowest, highest = (stop - start) * width, whole_low[c], whole_high[c]
        if columns[c, OF_ROWS] >= 0:
            highest = min(highest, rows[columns[c, OF_ROWS]] - 1)
        dtype, at, may_lack = columns[c, DTYPE], columns[c, ADDRESS], columns[c, MAY_LACK] != 0
        first, found = start * width, False
        if dtype == F4:
            found = any_outside(carray(_pointer(at + 4 * first), (count,), np.float32), np.float32(low[c]), np.float32(high[c]), may_lack)
        elif dtype == F8:
            found = any_outside(carray(_pointer(at + 8 * first), (count,), np.float64), low[c], high[c], may_lack)
        elif dtype == I1:
            found = any_outside(carray(_pointer(at + first), (count,), np.int8), np.int8(lowest), np.int8(highest), False)
        elif dtype == I2:
            found = any_outside(carray(_pointer(at + 2 * first), (count,), np.int16), np.int16(lowest), np.int16(highest), False)
        elif dtype == I4:
            found = any_outside(carray(_pointer(at + 4 * first), (count,), np.int32), np.int32(lowest), np.int32(highest), False)
        elif dtype == I8:
            found = any_outside(carray(_pointer(at + 8 * first), (count,), np.int64), np.int64(lowest), np.int64(highest), False)
        elif dtype == U1:
            found = any_outside(carray(_pointer(at + first), (count,), np.uint8), np.uint8(lowest), np.uint8(highest), False)
        elif dtype == U2:
            found = any_outside(carray(_pointer(at + 2 * first), (count,), np.uint16), np.uint16(lowest), np.uint16(highest), False)
        elif dtype == U4:
            found = any_outside(carray(_pointer(at + 4 * first), (count,), np.uint32), np.uint32(lowest), np.uint32(highest), False)
        if found:
            return c
    return -1


@kernel
def first_not_finite(columns, limits, row):
    """The first of the arrays of floats that are described as for `first_outside` whose `row` is beyond `limits`; -1 for none."""
    for c in range(columns.shape[0]):
        width = columns[c, WIDTH]
        at, may_lack = columns[c, ADDRESS], columns[c, MAY_LACK] != 0
        if columns[c, DTYPE] == F4:
            values = carray(_pointer(at + 4 * row * width), (width,), np.float32)
            if any_outside(values, -np.float32(limits[c]), np.float32(limits[c]), may_lack):
                return c
        elif any_outside(carray(_pointer(at + 8 * row * width), (width,), np.float64), -limits[c], limits[c], may_lack):
            return c
    return -1
