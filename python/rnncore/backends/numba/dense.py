"""y_t = φ(W x_t + b)"""

from ...cells import NONLINEARITIES
from .activation import activate, differentiate
from .jacobian_table import TangentForm
from .product import add_product, pack


class NumbaDense:
    def __init__(self, cell):
        self.panels = pack(cell.parameters["weight"])
        self.depth = cell.input_size
        self.bias = cell.parameters.get("bias", 0)
        self.nonlinearity = NONLINEARITIES.index(cell.nonlinearity)

        self.tangent = TangentForm(None, cell.parameters["weight"], sloped=cell.nonlinearity != "identity")

    def walk(self, number, count, x, y, z=None):
        y.values(count)[...] = self.bias
        self._add_input(count, x, y)
        if z is not None:
            z.steps[1 : count + 1] = y.steps[1 : count + 1]
        activate(self.nonlinearity, y.flat, y.row, y.row * (count + 1))

    def linearise(self, count, z):
        differentiate(self.nonlinearity, z.flat.dtype.type(1), z.flat, z.row, z.row * (count + 1))

    def push_forward(self, number, count, slopes, x, y, forcing):
        tangents = y.values(count)
        tangents[...] = 0
        self._add_input(count, x, y)
        if slopes is not None:
            tangents *= slopes.values(count)
        if forcing is not None:
            tangents += forcing.values(count)

    def _add_input(self, count, x, y):
        if x is not None:
            columns = count * y.batch
            add_product(self.panels, 0, self.depth, x.flat, x.row, x.stride, y.flat, y.row, y.stride, columns)
