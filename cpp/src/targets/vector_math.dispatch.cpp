// Compiled once per instruction-set level: elementwise functions of arrays.
#include <cstring>

#include "simd/math.hpp"
#include "targets/layers.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real, class Function>
inline bool apply_each(Function function, const Real* from, Real* to, Index count) {
    Index i = 0;
    for (; i + lanes<Real> <= count; i += lanes<Real>) store<Real>(to + i, function(load<Real>(from + i)));
    if (i < count) {
        Vector<Real> rest{};
        std::memcpy(&rest, from + i, sizeof(Real) * (count - i));
        rest = function(rest);
        std::memcpy(to + i, &rest, sizeof(Real) * (count - i));
    }
    return true;
}

template <class Real>
inline bool apply_named(const char* name, const Real* from, Real* to, Index count) {
    using V = Vector<Real>;
    const auto is = [name](const char* other) { return std::strcmp(name, other) == 0; };
    if (is("exp")) return apply_each<Real>([](V x) { return exp<Real>(x); }, from, to, count);
    if (is("expm1")) return apply_each<Real>([](V x) { return expm1<Real>(x); }, from, to, count);
    if (is("log1p")) return apply_each<Real>([](V x) { return log1p<Real>(x); }, from, to, count);
    if (is("tanh")) return apply_each<Real>([](V x) { return tanh<Real>(x); }, from, to, count);
    if (is("sigmoid")) return apply_each<Real>([](V x) { return sigmoid<Real>(x); }, from, to, count);
    if (is("elu")) return apply_each<Real>([](V x) { return elu<Real>(x); }, from, to, count);
    if (is("softplus")) return apply_each<Real>([](V x) { return softplus<Real>(x); }, from, to, count);
    return false;
}

template <>
bool apply_function<float>(const char* name, const float* from, float* to, Index count) {
    return apply_named(name, from, to, count);
}

template <>
bool apply_function<double>(const char* name, const double* from, double* to, Index count) {
    return apply_named(name, from, to, count);
}

}  // namespace rnncore::RNNCORE_TARGET
