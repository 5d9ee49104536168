"""Asking the processor for memory before it is read or written, which neither Python nor Numba has words for."""

from functools import cache
from typing import Any

from factors.jit import Device
from market.arrays import FloatArray


class _Prefetch(Device[[FloatArray, int, int], None]):
    """LLVM's `prefetch` of the cache line that holds one value; like any device, for use inside kernels."""

    def compiled(self, linked: dict[int, Any]) -> Any:  # noqa: ARG002 - it names no other device
        return _intrinsic()


@cache
def _intrinsic() -> Any:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    number = ir.IntType(32)
    address = ir.IntType(8).as_pointer()
    to_read, keep_in_all_caches, data = number(0), number(3), number(1)

    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, arguments[0])
        place = cgutils.get_item_pointer(context, builder, kind, array, arguments[1:])  # type: ignore[no-untyped-call]
        shape = ir.FunctionType(ir.VoidType(), [address, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        builder.call(function, [builder.bitcast(place, address), to_read, keep_in_all_caches, data])
        return context.get_dummy_value()

    @intrinsic
    def prefetch(_typing: Any, values: Any, row: Any, column: Any) -> Any:
        return types.void(values, row, column), lower

    return prefetch


def _nothing(values: FloatArray, row: int, column: int) -> None:
    """Leave everything as it is: fetching changes no value."""


prefetch = _Prefetch(_nothing)
