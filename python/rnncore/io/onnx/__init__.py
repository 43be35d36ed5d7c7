"""Recurrent layers of ONNX graphs: read, never run.

``files`` parses, ``scopes`` finds nodes wherever they stand, ``constants`` works out what does not depend on a run
(``operators`` are its rules), ``cells`` makes cells of nodes, ``layers`` picks the layers that are asked for.
"""

from .layers import read_onnx

__all__ = ["read_onnx"]
