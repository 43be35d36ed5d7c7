// Accuracy of simd/math.hpp at the level this file is compiled for, against the C library in a wider format: a sample
// of both precisions, or with --exhaustive every float. Prints the largest errors as rows of a Markdown table.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../src/simd/math.hpp"
#include "check.hpp"

#define TO_STRING(name) #name
#define NAME_OF(macro) TO_STRING(macro)

namespace level = rnncore::RNNCORE_TARGET;

constexpr double promised_ulp = 2;

struct Exp {
    static constexpr const char* name = "exp";
    template <class Real>
    static level::Vector<Real> value(level::Vector<Real> x) {
        return level::exp<Real>(x);
    }
    template <class Wide>
    static Wide exact(Wide x) {
        return std::exp(x);
    }
};

struct Expm1 {
    static constexpr const char* name = "expm1";
    template <class Real>
    static level::Vector<Real> value(level::Vector<Real> x) {
        return level::expm1<Real>(x);
    }
    template <class Wide>
    static Wide exact(Wide x) {
        return std::expm1(x);
    }
};

struct Log1p {
    static constexpr const char* name = "log1p";
    template <class Real>
    static level::Vector<Real> value(level::Vector<Real> x) {
        return level::log1p<Real>(x);
    }
    template <class Wide>
    static Wide exact(Wide x) {
        return std::log1p(x);
    }
};

struct Tanh {
    static constexpr const char* name = "tanh";
    template <class Real>
    static level::Vector<Real> value(level::Vector<Real> x) {
        return level::tanh<Real>(x);
    }
    template <class Wide>
    static Wide exact(Wide x) {
        return std::tanh(x);
    }
};

struct Sigmoid {
    static constexpr const char* name = "sigmoid";
    template <class Real>
    static level::Vector<Real> value(level::Vector<Real> x) {
        return level::sigmoid<Real>(x);
    }
    template <class Wide>
    static Wide exact(Wide x) {
        return 1 / (1 + std::exp(-x));
    }
};

struct Elu {
    static constexpr const char* name = "elu";
    template <class Real>
    static level::Vector<Real> value(level::Vector<Real> x) {
        return level::elu<Real>(x);
    }
    template <class Wide>
    static Wide exact(Wide x) {
        return x > 0 ? x : std::expm1(x);
    }
};

struct Softplus {
    static constexpr const char* name = "softplus";
    template <class Real>
    static level::Vector<Real> value(level::Vector<Real> x) {
        return level::softplus<Real>(x);
    }
    template <class Wide>
    static Wide exact(Wide x) {
        return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
    }
};

template <class Real>
struct Types;

template <>
struct Types<float> {
    using Wide = double;
    using Bits = std::uint32_t;
    static constexpr const char* name = "float32";
};

template <>
struct Types<double> {
    using Wide = long double;
    using Bits = std::uint64_t;
    static constexpr const char* name = "float64";
};

template <class Real>
Real from_bits(typename Types<Real>::Bits bits) {
    Real x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

template <class Real>
typename Types<Real>::Bits to_bits(Real x) {
    typename Types<Real>::Bits bits;
    std::memcpy(&bits, &x, sizeof x);
    return bits;
}

// |got - exact| in units of the last place of Real at exact; infinite where an infinity, a NaN or a zero's sign is
// wrong.
template <class Real>
double error_in_ulp(Real got, typename Types<Real>::Wide exact) {
    using Limits = std::numeric_limits<Real>;
    const Real rounded = static_cast<Real>(exact);
    bool as_it_should = true;
    if (std::isnan(exact)) return std::isnan(got) ? 0 : Limits::infinity();
    if (std::isinf(rounded) || !std::isfinite(got))
        as_it_should = got == rounded;
    else if (exact == 0)
        as_it_should = got == 0 && std::signbit(got) == std::signbit(exact);
    else
        return static_cast<double>(std::fabs(
            std::ldexp(got - exact, Limits::digits - 1 - std::max(std::ilogb(exact), Limits::min_exponent - 1))));
    return as_it_should ? 0 : Limits::infinity();
}

template <class Real>
struct Largest {
    double error = 0;
    Real at = 0;

    void include(double other_error, Real other_at) {
        if (other_error > error) error = other_error, at = other_at;
    }
};

template <class Function, class Real>
void measure(const Real* x, Largest<Real>& largest) {
    Real y[level::lanes<Real>];
    level::store<Real>(y, Function::template value<Real>(level::load<Real>(x)));
    for (int i = 0; i < level::lanes<Real>; ++i) {
        const auto exact = Function::exact(static_cast<typename Types<Real>::Wide>(x[i]));
        largest.include(error_in_ulp<Real>(y[i], exact), x[i]);
    }
}

template <class Function>
Largest<float> measure_every_float() {
    std::vector<Largest<float>> parts(std::max(1u, std::thread::hardware_concurrency()));
    std::vector<std::thread> threads;
    for (std::size_t part = 0; part < parts.size(); ++part)
        threads.emplace_back([&parts, part] {
            constexpr int lanes = level::lanes<float>;
            Largest<float> largest;
            float x[lanes];
            for (std::uint64_t first = part * lanes; first < std::uint64_t{1} << 32; first += parts.size() * lanes) {
                for (int i = 0; i < lanes; ++i) x[i] = from_bits<float>(static_cast<std::uint32_t>(first + i));
                measure<Function>(x, largest);
            }
            parts[part] = largest;
        });
    for (std::thread& thread : threads) thread.join();
    Largest<float> largest;
    for (const Largest<float>& part : parts) largest.include(part.error, part.at);
    return largest;
}

// Every exponent with random fractions, both signs; all near a power of two; all around where functions change course;
// the range of ordinary arguments, more densely.
template <class Real>
std::vector<Real> sample_arguments() {
    using Bits = typename Types<Real>::Bits;
    using Limits = std::numeric_limits<Real>;
    constexpr int per_exponent = sizeof(Real) == 4 ? 2000 : 60, neighbours = sizeof(Real) == 4 ? 32 : 4;
    constexpr int dense = sizeof(Real) == 4 ? 400000 : 100000;
    constexpr Bits exponent_step = Bits{1} << (Limits::digits - 1), sign = Bits{1} << (8 * sizeof(Real) - 1);
    std::mt19937_64 random(1);
    std::vector<Real> x;
    const auto both_signs = [&x](Bits bits) {
        x.push_back(from_bits<Real>(bits & ~sign));
        x.push_back(from_bits<Real>(bits | sign));
    };
    const auto around = [&](Bits bits, int reach) {
        for (int i = -reach; i <= reach; ++i) both_signs(bits + i);
    };
    for (Bits exponent = 0; exponent < sign; exponent += exponent_step) {
        around(exponent, neighbours);
        for (int i = 0; i < per_exponent; ++i) both_signs(exponent + random() % exponent_step);
    }
    for (double turn : {0.27, 0.34657359, 0.625, 0.69314718, 9.1, 19.1, 20.0, 40.0, 78.0, 87.33654, 88.722839,
                        103.97208, 559.5, 708.39641853226408, 709.78271289338400, 745.13321910194122})
        around(to_bits(static_cast<Real>(turn)), 2000);
    for (int k = 1; k < (sizeof(Real) == 4 ? 150 : 1075); ++k)
        around(to_bits(static_cast<Real>((k - 0.5) * 0.6931471805599453)), 20);
    std::uniform_real_distribution<Real> ordinary(-12, 12), small(-1, 1);
    for (int i = 0; i < dense; ++i) {
        x.push_back(ordinary(random));
        x.push_back(small(random));
    }
    x.resize((x.size() + 63) / 64 * 64);
    return x;
}

// A lane's result must not depend on its place or on the other lanes.
template <class Function, class Real>
void check_lanes(const std::vector<Real>& x) {
    constexpr int lanes = level::lanes<Real>;
    Real mixed[lanes], equal[lanes];
    for (std::size_t first = 0; first < x.size(); first += 50 * lanes) {
        level::store<Real>(mixed, Function::template value<Real>(level::load<Real>(&x[first])));
        for (int i = 0; i < lanes; ++i) {
            level::store<Real>(equal, Function::template value<Real>(level::broadcast<Real>(x[first + i])));
            for (int j = 0; j < lanes; ++j) CHECK(to_bits(equal[j]) == to_bits(mixed[i]) || std::isnan(mixed[i]));
        }
    }
}

template <class Function, class Real>
void check_sample() {
    static const std::vector<Real> x = sample_arguments<Real>();
    Largest<Real> largest;
    for (std::size_t i = 0; i < x.size(); i += level::lanes<Real>) measure<Function>(&x[i], largest);
    std::printf("| %s | %d | %s | %s | sample | %.3f | %a |\n", NAME_OF(RNNCORE_TARGET), level::vector_bytes,
                Function::name, Types<Real>::name, largest.error, largest.at);
    CHECK(largest.error <= promised_ulp);
    check_lanes<Function, Real>(x);
}

template <class Function>
void check(bool exhaustive) {
    if (exhaustive) {
        const Largest<float> largest = measure_every_float<Function>();
        std::printf("| %s | %d | %s | float32 | all | %.3f | %a |\n", NAME_OF(RNNCORE_TARGET), level::vector_bytes,
                    Function::name, largest.error, largest.at);
        std::fflush(stdout);
        CHECK(largest.error <= promised_ulp);
    } else {
        check_sample<Function, float>();
        check_sample<Function, double>();
    }
}

int main(int argc, char** argv) {
#if defined(__AVX512F__)
    if (!__builtin_cpu_supports("avx512vl")) return 77;
#elif defined(__AVX2__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 77;
#endif
    const bool exhaustive = argc > 1 && std::string(argv[1]) == "--exhaustive";
    std::puts("| level | vector bytes | function | precision | arguments | largest error, ULP | at |");
    std::puts("|---|---|---|---|---|---|---|");
    check<Exp>(exhaustive);
    check<Expm1>(exhaustive);
    check<Log1p>(exhaustive);
    check<Tanh>(exhaustive);
    check<Sigmoid>(exhaustive);
    check<Elu>(exhaustive);
    check<Softplus>(exhaustive);
    return finish_checks();
}
