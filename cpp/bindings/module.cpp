// The table of contents of rnncore's Python module. No arithmetic here.
#include "bindings.hpp"

PYBIND11_MODULE(_native, module) {
    module.doc() = "The C++ kernel of rnncore.";
    module.attr("compiler") = RNNCORE_COMPILER;
    register_targets(module);
    register_networks(module);
    register_probe(module);
}
