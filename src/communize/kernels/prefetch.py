"""Ask for memory before it is needed, so that waits for rows that lie far apart overlap."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

AHEAD = 16  # rows; with 8 or 32 the loops that use it are slower by a tenth
LINE = 12  # ties of a row that may lie in the next line of memory
READ, KEEP, DATA = 0, 3, 1  # what LLVM calls rw, locality and cache type


def _ask(typing_context, values, index):
    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = builder.extract_value(array.strides, 0)
        address = builder.gep(builder.bitcast(array.data, cgutils.voidptr_t), [builder.mul(stride, arguments[1])])
        number = ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch")
        builder.call(function, [address, number(READ), number(KEEP), number(DATA)])
        return context.get_dummy_value()

    return types.void(values, types.int64), generate


# prefetch(values, index) brings an entry of a 1-D array, or the beginning of a row of a 2-D array, near; it changes nothing, and an entry need not exist.
prefetch: Any = intrinsic(_ask)
