"""x_t = M_t x_{t-1}"""


class ReferenceMatrixSequence:
    def __init__(self, cell):
        self.matrices = cell.matrices

    def step(self, number, x, state):
        state = state @ self.matrices[number - 1].T
        return state, state
