#include "rnncore/vector_math.hpp"

#include <stdexcept>

#include "targets/selection.hpp"

namespace rnncore {

template <class Real>
void apply(const std::string& name, const Real* from, Real* to, Index count, const std::string& target) {
    if (!kernels_of<Real>(find_target(target)).apply(name.c_str(), from, to, count))
        throw std::invalid_argument("name must be one of exp, expm1, log1p, tanh, sigmoid, elu, softplus; got '" +
                                    name + "'");
}

template void apply(const std::string&, const float*, float*, Index, const std::string&);
template void apply(const std::string&, const double*, double*, Index, const std::string&);

}  // namespace rnncore
