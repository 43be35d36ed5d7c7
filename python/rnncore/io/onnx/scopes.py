"""Where names mean something: the graph, the bodies of If, Loop and Scan, and calls of the model's own functions."""

from ...errors import FormatError

STANDARD = ("", "ai.onnx")
_DEEPEST = 64
_MOST = 10_000


class Scope:
    """One graph, or one call of a function.

    Attributes
    ----------
    path : tuple of str
        Names of the nodes around it.
    parent : Scope or None
        Whose names can be used too; None for the whole graph and for functions.
    nodes : list of onnx.NodeProto
    producers : dict
        Names of results: the node, and which of its results it is.
    tensors : dict
        Initializers by name.
    arguments : dict
        A function's parameters: the scope and name that the call gives.
    calls : dict
        Results of calls: the scope of the function and the name in it.
    attributes : dict
        Those of the call.
    """

    def __init__(self, path=(), parent=None):
        self.path, self.parent = path, parent
        self.nodes, self.producers, self.tensors = [], {}, {}
        self.arguments, self.calls, self.attributes = {}, {}, {}
        self._inputs, self._types = set(), {}

    @classmethod
    def of_graph(cls, graph, path=(), parent=None):
        scope = cls(path, parent)
        scope._set_nodes(graph.node)
        scope.tensors = {tensor.name: tensor for tensor in graph.initializer}
        scope._inputs = {value.name for value in graph.input}
        scope._set_types([*graph.value_info, *graph.output, *graph.input])
        return scope

    @classmethod
    def of_call(cls, function, node, caller):
        scope = cls((*caller.path, label(node)))
        scope._set_nodes(function.node)
        scope.arguments = {name: (caller, given) for name, given in zip(function.input, node.input)}
        scope._inputs = set(function.input)
        scope.attributes = {value.name: value for value in function.attribute_proto}
        scope.attributes |= {value.name: caller.attribute(node, value.name) for value in node.attribute}
        return scope

    def _set_nodes(self, nodes):
        self.nodes = list(nodes)
        for node in self.nodes:
            self.producers.update({name: (node, index) for index, name in enumerate(node.output) if name})

    def _set_types(self, values):
        self._types = {value.name: value.type for value in values}

    def locate(self, name):
        """Where a name gets its value: ``(scope, name)``, or None where nothing gives it one."""
        scope, seen = self, set()
        while name and (scope, name) not in seen:
            seen.add((scope, name))
            if name in scope.calls:
                scope, name = scope.calls[name]
            elif name in scope.arguments:
                scope, name = scope.arguments[name]
            elif name in scope.producers or name in scope.tensors or name in scope._inputs:
                return scope, name
            elif scope.parent is None:
                return None
            else:
                scope = scope.parent
        return None

    def attribute(self, node, name):
        """The attribute of a node, through the function's call where it stands in a function; None without one."""
        for attribute in node.attribute:
            if attribute.name == name:
                return self.attributes.get(attribute.ref_attr_name) if attribute.ref_attr_name else attribute
        return None

    def declared_sizes(self, name):
        """What the file says of a result's sizes: a list of numbers, names, and None for nothing; or None."""
        kind = self._types.get(name)
        if kind is None or not kind.HasField("tensor_type") or not kind.tensor_type.HasField("shape"):
            return None
        return [size.dim_value if size.dim_value > 0 else size.dim_param or None for size in kind.tensor_type.shape.dim]


def walk(model, path):
    """Every scope of a model, each before those inside it."""
    functions = {_function_key(function, function.name): function for function in model.functions}
    scopes = []

    def add(scope, depth):
        if depth > _DEEPEST or len(scopes) >= _MOST:
            raise FormatError(f"{path}: graphs within graphs, more than {_DEEPEST} deep or {_MOST} in all")
        scopes.append(scope)
        for node in scope.nodes:
            names = [node.name, node.op_type, node.domain, *node.input, *node.output, *(a.name for a in node.attribute)]
            if not all(isinstance(name, str) for name in names):  # protobuf gives bytes where they are no UTF-8
                raise FormatError(f"{path}: damaged: among the names {names} are some that are no text")
            function = functions.get(_function_key(node, node.op_type))
            if function is not None:
                inner = Scope.of_call(function, node, scope)
                scope.calls.update({given: (inner, own) for given, own in zip(node.output, function.output) if given})
                add(inner, depth + 1)
                continue
            for attribute in node.attribute:
                for graph in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                    add(Scope.of_graph(graph, (*scope.path, f"{label(node)}.{attribute.name}"), scope), depth + 1)

    add(Scope.of_graph(model.graph), 0)
    return scopes


def label(node):
    """What a node is called: by its name, else by its first result, else by its kind."""
    return node.name or next((name for name in node.output if name), node.op_type)


def _function_key(item, name):
    return item.domain if item.domain not in STANDARD else "", name, getattr(item, "overload", "")
