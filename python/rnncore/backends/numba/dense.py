"""y_t = φ(W x_t + b)"""

from ...cells import NONLINEARITIES
from .activation import activate
from .product import add_product, pack


class NumbaDense:
    def __init__(self, cell):
        self.panels = pack(cell.parameters["weight"])
        self.depth = cell.input_size
        self.bias = cell.parameters.get("bias", 0)
        self.nonlinearity = NONLINEARITIES.index(cell.nonlinearity)

    def walk(self, number, count, x, y):
        y.values(count)[...] = self.bias
        if x is not None:
            add_product(self.panels, self.depth, x.flat, x.row, x.stride, y.flat, y.row, y.stride, count * y.batch)
        activate(self.nonlinearity, y.flat, y.row, y.row * (count + 1))
