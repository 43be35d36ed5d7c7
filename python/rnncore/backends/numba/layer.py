"""What the walks ask of a layer; each cell has one, in the file of its name."""

from .transposed_product import TransposedProduct


class NumbaLayer:
    """A layer over a chunk of steps: what it receives, x, and what it does, y, are those of all of them.

    Attributes
    ----------
    drives : int
        The parts that the buffer z of a walk has at least; 0: none is needed.
    slopes : int
        The parts of z that holds the slopes of the Jacobian, at least ``drives``; 0: the Jacobian is the same at each
        step, or known without the walk.
    cotangents : int
        The parts of the buffer z of a walk back, cotangents of what the layer's weights gave; 0: those are the
        cotangents of y.
    changing : bool
        Whether the Jacobian is another matrix at each step, one of ``matrices``.
    """

    drives = slopes = cotangents = 0
    changing = False

    def walk(self, number, count, x, y, z):
        """Fill the ``count`` rows of y, the steps from ``number`` on; row 0 is what was before.

        The parts of y are those of the state, the outputs first. x is None where there is no input. z has ``drives``
        parts, or ``slopes`` parts and then receives what :meth:`linearise` needs; with none of them it is None.
        """
        raise NotImplementedError

    def linearise(self, count, y, z):
        """Turn z, as the walk left it, into the slopes of each step."""
        raise NotImplementedError

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        """As :meth:`walk` for tangents, driven by those of the input and by ``forcing`` of the new state, or None.

        ``slopes`` is z as :meth:`linearise` left it; z is work memory of ``drives`` parts.
        """
        raise NotImplementedError

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        """The walk back with cotangents, ``slopes`` as in :meth:`push_forward`.

        ``carried`` has one row, the cotangent of the state after the chunk, which becomes that before it. The rows of
        y, those of the outputs by themselves, change: where there is no z they become those of the outputs with all
        that follows; else the rows of z are filled. ``cuts`` is empty, or says of each step whether nothing flows back
        from it.
        """
        raise NotImplementedError

    def pull_input(self, count, z, x):
        """Fill the rows of x, cotangents of the input, from those of z."""
        self.input_adjoint.pull_back(count, z, x)

    def sum_gradients(self, sums, x, y, slopes, z):
        """Give the gradients of parameters to a :class:`~.block_sums.BlockSums`.

        x, None where there is none, y and ``slopes`` are those of the walk forward, z the cotangents that
        :meth:`pull_back` left: those of y where there are no others.
        """
        raise NotImplementedError

    def tangent(self, step):
        """Name the operations of a step of the tangent to a :class:`~.tangent_step.TangentStep`, in their order."""
        raise NotImplementedError


def named(cell, *names):
    """Those of the cell's parameters that are given."""
    return [cell.parameters[name] for name in names if name in cell.parameters]


def transposed(weight, order=(0,)):
    """A product with the transpose; None of a weight that is not there."""
    return None if weight is None else TransposedProduct(weight, order)
