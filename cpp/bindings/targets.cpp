// Instruction-set levels, and the elementwise functions of each.
#include "rnncore/targets.hpp"

#include "bindings.hpp"
#include "rnncore/vector_math.hpp"

namespace py = pybind11;

namespace {

template <class Real>
py::array_t<Real> apply(const std::string& name, py::array_t<Real, py::array::c_style> from,
                        const std::string& target) {
    py::array_t<Real> to(from.size());
    rnncore::apply<Real>(name, from.data(), to.mutable_data(), from.size(), target);
    return to;
}

}  // namespace

void register_targets(py::module_& module) {
    module.def("compiled_targets", [] {
        py::list list;
        for (const auto& target : rnncore::compiled_targets()) {
            py::dict entry;
            entry["name"] = target.name;
            entry["instructions"] = target.instructions;
            entry["vector_bytes"] = target.vector_bytes;
            entry["supported"] = target.supported;
            list.append(entry);
        }
        return list;
    });
    module.def("selected_target", &rnncore::selected_target);
    module.def("apply", &apply<float>, py::arg("name"), py::arg("from").noconvert(), py::arg("target") = "");
    module.def("apply", &apply<double>, py::arg("name"), py::arg("from").noconvert(), py::arg("target") = "");
}
