#include "jacobian_walks.hpp"

#include "bindings.hpp"

namespace py = pybind11;
using rnncore::Index;

namespace {

using Exponents = Array<std::int64_t>;

template <class Real>
rnncore::Block<Real> block_of(Array<Real>& values, Exponents* exponents) {
    return {values.shape(2), values.mutable_data(), exponents ? exponents->mutable_data() : nullptr};
}

template <class Real>
using OrthonormalisingWalk = void (rnncore::Network<Real>::*)(const rnncore::Stretch<Real>&,
                                                              const rnncore::Block<Real>&,
                                                              const rnncore::Factors<Real>&, int) const;

template <class Real>
void define_orthonormalising(py::class_<rnncore::Network<Real>>& type, const char* name,
                             OrthonormalisingWalk<Real> walk) {
    type.def(
        name,
        [walk](const rnncore::Network<Real>& network, Optional<Real> inputs, Index steps, Array<Real> state,
               Index start, Array<Real> block, Index interval, Index pool, Array<double> growth,
               Exponents growth_exponents, Optional<Real> factors, Optional<std::int64_t> exponents,
               Optional<Real> frames, int threads) {
            const auto stretch = stretch_of(inputs, steps, state, start);
            const rnncore::Factors<Real> found{interval,
                                               pool,
                                               growth.mutable_data(),
                                               growth_exponents.mutable_data(),
                                               mutable_data(factors),
                                               mutable_data(exponents),
                                               mutable_data(frames)};
            const auto columns = block_of<Real>(block, nullptr);
            py::gil_scoped_release release;
            (network.*walk)(stretch, columns, found, threads);
        },
        py::arg("inputs").noconvert(), py::arg("steps"), py::arg("state").noconvert(), py::arg("start"),
        py::arg("block").noconvert(), py::arg("interval"), py::arg("pool"), py::arg("growth").noconvert(),
        py::arg("growth_exponents").noconvert(), py::arg("factors").noconvert(), py::arg("exponents").noconvert(),
        py::arg("frames").noconvert(), py::arg("threads"));
}

}  // namespace

template <class Real>
void define_jacobian_walks(py::class_<rnncore::Network<Real>>& type) {
    using Network = rnncore::Network<Real>;
    type.def(
        "multiply",
        [](const Network& network, Optional<Real> inputs, Index steps, Array<Real> state, Index start,
           Array<Real> block, Exponents exponents, Index every, Optional<double> squares,
           Optional<std::int64_t> square_exponents, int threads) {
            auto stretch = stretch_of(inputs, steps, state, start);
            stretch.every = every;
            const rnncore::Squares found{mutable_data(squares), mutable_data(square_exponents)};
            const auto columns = block_of(block, &exponents);
            py::gil_scoped_release release;
            network.multiply(stretch, columns, found, threads);
        },
        py::arg("inputs").noconvert(), py::arg("steps"), py::arg("state").noconvert(), py::arg("start"),
        py::arg("block").noconvert(), py::arg("exponents").noconvert(), py::arg("every"),
        py::arg("squares").noconvert(), py::arg("square_exponents").noconvert(), py::arg("threads"));
    type.def(
        "pull_back",
        [](const Network& network, Optional<Real> inputs, Index steps, Array<Real> state, Index start,
           Array<Real> block, Exponents exponents, Optional<std::int32_t> labels, Index groups,
           Optional<double> squares, Optional<std::int64_t> square_exponents, int threads) {
            const auto stretch = stretch_of(inputs, steps, state, start);
            const rnncore::Squares found{mutable_data(squares), mutable_data(square_exponents)};
            const auto columns = block_of(block, &exponents);
            const std::int32_t* const groups_of = data(labels);
            py::gil_scoped_release release;
            network.pull_back(stretch, columns, groups_of, groups, found, threads);
        },
        py::arg("inputs").noconvert(), py::arg("steps"), py::arg("state").noconvert(), py::arg("start"),
        py::arg("block").noconvert(), py::arg("exponents").noconvert(), py::arg("labels").noconvert(),
        py::arg("groups"), py::arg("squares").noconvert(), py::arg("square_exponents").noconvert(), py::arg("threads"));
    type.def(
        "push_forward",
        [](const Network& network, Optional<Real> inputs, Index steps, Array<Real> state, Index start,
           Array<Real> tangent, Optional<Real> input_tangents, Optional<Real> forcing, Array<Real> outputs,
           Array<Real> output_tangents, int threads) {
            auto stretch = stretch_of(inputs, steps, state, start);
            stretch.outputs = outputs.mutable_data();
            const rnncore::Tangents<Real> tangents{data(input_tangents), data(forcing), tangent.mutable_data(),
                                                   output_tangents.mutable_data()};
            py::gil_scoped_release release;
            network.push_forward(stretch, tangents, threads);
        },
        py::arg("inputs").noconvert(), py::arg("steps"), py::arg("state").noconvert(), py::arg("start"),
        py::arg("tangent").noconvert(), py::arg("input_tangents").noconvert(), py::arg("forcing").noconvert(),
        py::arg("outputs").noconvert(), py::arg("output_tangents").noconvert(), py::arg("threads"));
    define_orthonormalising<Real>(type, "orthonormalise", &Network::orthonormalise);
    define_orthonormalising<Real>(type, "orthonormalise_back", &Network::orthonormalise_back);
}

template void define_jacobian_walks(py::class_<rnncore::Network<float>>&);
template void define_jacobian_walks(py::class_<rnncore::Network<double>>&);
