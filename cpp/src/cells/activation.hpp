// h = φ(z), or h = (1 - a) h_previous + a φ(z) for a leaky cell, over padded rows; and a φ'(z), from z: from φ(z) it
// could not be told where a unit saturates.
#pragma once

#include "rnncore/cells.hpp"
#include "simd/math.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct Identity {
    static Vector<Real> value(Vector<Real> z) { return z; }
    [[gnu::always_inline]] static Vector<Real> slope(Vector<Real>) { return broadcast<Real>(1); }
};

template <class Real>
struct Tanh {
    static Vector<Real> value(Vector<Real> z) { return tanh<Real>(z); }
    [[gnu::always_inline]] static Vector<Real> slope(Vector<Real> z) { return tanh_slope<Real>(z); }
};

template <class Real>
struct Relu {
    static Vector<Real> value(Vector<Real> z) { return z < Vector<Real>{} ? Vector<Real>{} : z; }  // NaN stays NaN
    [[gnu::always_inline]] static Vector<Real> slope(Vector<Real> z) {
        return z > Real(0) ? broadcast<Real>(1) : (z == z ? Vector<Real>{} : z);
    }
};

template <class Real>
struct Sigmoid {
    static Vector<Real> value(Vector<Real> z) { return sigmoid<Real>(z); }
    [[gnu::always_inline]] static Vector<Real> slope(Vector<Real> z) { return sigmoid_slope<Real>(z); }
};

template <class Real>
struct Elu {
    static Vector<Real> value(Vector<Real> z) { return elu<Real>(z); }
    [[gnu::always_inline]] static Vector<Real> slope(Vector<Real> z) {
        return exp<Real>(z > Real(0) ? Vector<Real>{} : z);
    }
};

template <class Real>
struct Softplus {
    static Vector<Real> value(Vector<Real> z) { return softplus<Real>(z); }
    [[gnu::always_inline]] static Vector<Real> slope(Vector<Real> z) { return sigmoid<Real>(z); }
};

template <class Real>
using Activation = void (*)(Real leak, const Real* previous, Real* z, Index vectors);

template <class Real, template <class> class Phi>
void activate(Real, const Real*, Real* z, Index vectors) {
    for (Index v = 0; v < vectors; ++v, z += lanes<Real>) store<Real>(z, Phi<Real>::value(load<Real>(z)));
}

template <class Real, template <class> class Phi>
void activate_leaky(Real leak, const Real* previous, Real* z, Index vectors) {
    const Vector<Real> a = broadcast<Real>(leak), rest = broadcast<Real>(1 - leak);
    for (Index v = 0; v < vectors; ++v, z += lanes<Real>, previous += lanes<Real>)
        store<Real>(z, fma<Real>(a, Phi<Real>::value(load<Real>(z)), rest * load<Real>(previous)));
}

// z ← a φ'(z)
template <class Real>
using Linearisation = void (*)(Real leak, Real* z, Index vectors);

template <class Real, template <class> class Phi>
void linearise(Real leak, Real* z, Index vectors) {
    for (Index v = 0; v < vectors; ++v, z += lanes<Real>) store<Real>(z, leak * Phi<Real>::slope(load<Real>(z)));
}

template <class Real, template <class> class Phi>
inline Activation<Real> choose_activation(bool leaky) {
    return leaky ? activate_leaky<Real, Phi> : activate<Real, Phi>;
}

// Null where there is nothing to do.
template <class Real>
inline Activation<Real> choose_activation(Nonlinearity nonlinearity, bool leaky) {
    switch (nonlinearity) {
        case Nonlinearity::tanh:
            return choose_activation<Real, Tanh>(leaky);
        case Nonlinearity::relu:
            return choose_activation<Real, Relu>(leaky);
        case Nonlinearity::sigmoid:
            return choose_activation<Real, Sigmoid>(leaky);
        case Nonlinearity::elu:
            return choose_activation<Real, Elu>(leaky);
        case Nonlinearity::softplus:
            return choose_activation<Real, Softplus>(leaky);
        case Nonlinearity::identity:
            break;
    }
    return leaky ? activate_leaky<Real, Identity> : nullptr;
}

template <class Real>
inline Linearisation<Real> choose_linearisation(Nonlinearity nonlinearity) {
    switch (nonlinearity) {
        case Nonlinearity::tanh:
            return linearise<Real, Tanh>;
        case Nonlinearity::relu:
            return linearise<Real, Relu>;
        case Nonlinearity::sigmoid:
            return linearise<Real, Sigmoid>;
        case Nonlinearity::elu:
            return linearise<Real, Elu>;
        case Nonlinearity::softplus:
            return linearise<Real, Softplus>;
        case Nonlinearity::identity:
            break;
    }
    return linearise<Real, Identity>;
}

}  // namespace rnncore::RNNCORE_TARGET
