"""What numba has no words for, as LLVM instructions: vectors of 32 bytes, multiply-add, arrays without an owner."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model

VECTOR_BYTES = 32


class Vector(types.Type):
    def __init__(self, scalar):
        self.scalar = scalar
        self.lanes = VECTOR_BYTES * 8 // scalar.bitwidth
        super().__init__(name=f"Vector({scalar} x {self.lanes})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    def __init__(self, manager, vector):
        scalar = manager.lookup(vector.scalar).get_value_type()
        super().__init__(manager, vector, ir.VectorType(scalar, vector.lanes))


@intrinsic
def lanes(typing, array):
    """How many elements of the array fill a vector: a constant."""
    count = Vector(array.dtype).lanes
    return types.intp(array), lambda context, builder, signature, arguments: ir.IntType(types.intp.bitwidth)(count)


def _element_pointer(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def load(typing, array, index):
    """The vector at ``array[index:]``; no bounds are checked."""
    vector = Vector(array.dtype)

    def codegen(context, builder, signature, arguments):
        pointer = _element_pointer(context, builder, array, *arguments)
        pointer = builder.bitcast(pointer, context.get_value_type(vector).as_pointer())
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return vector(array, types.intp), codegen


@intrinsic
def store(typing, array, index, value):
    """``array[index:]`` receives a vector; no bounds are checked."""

    def codegen(context, builder, signature, arguments):
        pointer = _element_pointer(context, builder, array, *arguments[:2])
        pointer = builder.bitcast(pointer, context.get_value_type(value).as_pointer())
        builder.store(arguments[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), codegen


@intrinsic
def broadcast(typing, array, index):
    """``array[index]`` in every lane; no bounds are checked."""
    vector = Vector(array.dtype)

    def codegen(context, builder, signature, arguments):
        element = builder.load(_element_pointer(context, builder, array, *arguments))
        return _splat(builder, element, context.get_value_type(vector))

    return vector(array, types.intp), codegen


def _splat(builder, element, vector):
    lane = ir.IntType(32)
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), element, lane(0))
    return builder.shuffle_vector(single, single, ir.Constant(ir.VectorType(lane, vector.count), [0] * vector.count))


@intrinsic
def zeros(typing, array):
    """A vector of the array's type."""
    vector = Vector(array.dtype)

    def codegen(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(vector), [0.0] * vector.lanes)

    return vector(array), codegen


@intrinsic
def multiply(typing, factor, other):
    """factor · other, lane by lane."""

    def codegen(context, builder, signature, arguments):
        return builder.fmul(*arguments)

    return factor(factor, factor), codegen


@intrinsic
def add(typing, value, other):
    """value + other, lane by lane."""

    def codegen(context, builder, signature, arguments):
        return builder.fadd(*arguments)

    return value(value, value), codegen


@intrinsic
def swap_pairs(typing, vector):
    """Lanes 0 and 1 exchanged, 2 and 3, and so on."""

    def codegen(context, builder, signature, arguments):
        lane, count = ir.IntType(32), arguments[0].type.count
        mask = ir.Constant(ir.VectorType(lane, count), [i ^ 1 for i in range(count)])
        return builder.shuffle_vector(arguments[0], arguments[0], mask)

    return vector(vector), codegen


@intrinsic
def larger_magnitude(typing, largest, value):
    """max(largest, |value|), lane by lane, largest ≥ 0; compared by their bits, in which NaN is above infinity."""

    def codegen(context, builder, signature, arguments):
        kind, width = arguments[0].type, largest.scalar.bitwidth
        integers = ir.VectorType(ir.IntType(width), kind.count)
        known, new = (builder.bitcast(argument, integers) for argument in arguments)
        new = builder.and_(new, ir.Constant(integers, [2 ** (width - 1) - 1] * kind.count))
        larger = builder.select(builder.icmp_signed(">", new, known), new, known)
        return builder.bitcast(larger, kind)

    return largest(largest, largest), codegen


@intrinsic
def sum_lanes(typing, vector):
    """The lanes added by halves: lane i to lane i + lanes/2, and so on."""

    def codegen(context, builder, signature, arguments):
        value, half = arguments[0], arguments[0].type.count // 2
        lane = ir.IntType(32)
        while half:
            masks = [ir.Constant(ir.VectorType(lane, half), list(range(start, start + half))) for start in (0, half)]
            value = builder.fadd(*(builder.shuffle_vector(value, value, mask) for mask in masks))
            half //= 2
        return builder.extract_element(value, lane(0))

    return vector.scalar(vector), codegen


def _multiply_add(builder, factor, other, term):
    kind = term.type
    name = f"llvm.fmuladd.v{kind.count}" if isinstance(kind, ir.VectorType) else "llvm.fmuladd."
    name += (kind.element if isinstance(kind, ir.VectorType) else kind).intrinsic_name
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name)
    return builder.call(function, [factor, other, term])


@intrinsic
def multiply_add(typing, factor, other, term):
    """factor · other + term for scalars or vectors, rounded once where the processor can: the same in every loop."""

    def codegen(context, builder, signature, arguments):
        return _multiply_add(builder, *arguments)

    return term(term, term, term), codegen


@intrinsic
def polynomial(typing, x, coefficients):
    """Σ coefficients[k] xᵏ, even and odd powers by Horner's rule side by side: half the latency of one chain."""

    def codegen(context, builder, signature, arguments):
        x, constants = arguments
        terms = [builder.extract_value(constants, k) for k in range(len(coefficients))]
        square = builder.fmul(x, x)
        even, odd = (_horner(builder, square, terms[first::2]) for first in (0, 1))
        return _multiply_add(builder, odd, x, even)

    return x(x, coefficients), codegen


def _horner(builder, x, terms):
    value = terms[-1]
    for term in reversed(terms[:-1]):
        value = _multiply_add(builder, value, x, term)
    return value


@intrinsic
def power_of_two(typing, exponent):
    """2 to a whole number held in a float, within the range of normal numbers."""
    mantissa, bias = {32: (23, 127), 64: (52, 1023)}[exponent.bitwidth]

    def codegen(context, builder, signature, arguments):
        real, bits = arguments[0].type, ir.IntType(exponent.bitwidth)
        # 1.5 · 2^mantissa puts the whole number into the low bits; the shift moves it to where the exponent stands.
        shifted = builder.fadd(arguments[0], ir.Constant(real, 1.5 * 2.0**mantissa + bias))
        return builder.bitcast(builder.shl(builder.bitcast(shifted, bits), bits(mantissa)), real)

    return exponent(exponent), codegen


@intrinsic
def borrowed(typing, array):
    """An argument of a kernel, its references no longer counted: each function it is handed to would do so.

    That costs 5 ns each time, which at n = 64 makes a third of a step. Memory a kernel gets for itself must not be
    borrowed: numba frees it after the last use it knows of.
    """

    def codegen(context, builder, signature, arguments):
        view = context.make_array(array)(context, builder, arguments[0])
        view.meminfo = ir.Constant(view.meminfo.type, None)
        view.parent = ir.Constant(view.parent.type, None)
        return view._getvalue()

    return array(array), codegen


@intrinsic
def opaque(typing, number):
    """The same unsigned number, its origin hidden from the compiler; costs nothing.

    Before a loop over vectors of one array LLVM tests whether they overlap. It moves the test out of the loops around,
    where it asks for all their turns at once: rows in which several vectors stand side by side then seem to overlap,
    and the loop is not made vector code.
    """

    def codegen(context, builder, signature, arguments):
        kind = arguments[0].type
        return builder.asm(ir.FunctionType(kind, [kind]), "", "=r,0", arguments, side_effect=False)

    return types.uintp(number), codegen
