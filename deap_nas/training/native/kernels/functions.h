// exp, log, tanh, erf and the activations: of our own, so that every machine has the same bits.
// Polynomials: Chebyshev fits on the ranges named. Errors against exact values: tests/training.
#pragma once
#include "lanes.h"

template <int N>
INLINE vec polynomial(vec x, const float (&c)[N]) {
    vec p = splat(c[N - 1]);
    UNROLL for (int i = N - 2; i >= 0; i--) p = fma(p, x, splat(c[i]));
    return p;
}

constexpr float LN2_HIGH = 0.693359375f, LN2_LOW = -2.12194440e-4f;

// 2^n exp(r), with |r| at most ln 2 / 2; x is held to -87.3 .. 87.3.
INLINE vec exp(vec x) {
    const float c[] = {0.5f, 0.16666577f, 0.041666556f, 0.008363178f, 0.0013926182f};
    vec a = larger(splat(-87.3f), smaller(splat(87.3f), x));
    const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
    vec n = fma(a, splat(1.44269504f), splat(magic));
    ivec exponent = bits(n) - bits(splat(magic));
    n = n - magic;
    vec r = fma(n, splat(-LN2_HIGH), a);
    r = fma(n, splat(-LN2_LOW), r);
    vec p = fma(polynomial(r, c), r * r, r) + 1.0f;
    return (vec)(bits(p) + (exponent << 23));
}

// Of positive normal numbers.
INLINE vec log(vec x) {
    const float c[] = {0.33333331f,  -0.24999997f, 0.20000716f,  -0.16667802f, 0.14249058f,
                       -0.12425687f, 0.1168542f,   -0.11479734f, 0.069716115f};
    ivec shifted = bits(x) - 0x3f3504f3;  // the bits of the root of 1/2
    ivec exponent = shifted >> 23;
    vec f = (vec)((shifted & 0x7fffff) + 0x3f3504f3) - 1.0f;
    vec n = __builtin_convertvector(exponent, vec);
    vec q = f * f;
    vec y = fma(polynomial(f, c), f * q, n * LN2_LOW);
    y = fma(q, splat(-0.5f), y);
    return fma(n, splat(LN2_HIGH), y + f);
}

// Both are odd: x times a ratio of polynomials of x^2, and all but 1 where x is held, so that none
// exceeds 1 (tanh held at 9 would, and its slope turn).
INLINE vec tanh(vec x) {
    const float p[] = {0.99999994f,   0.12913576f,     0.0029146932f,
                       9.2123035e-6f, -1.261683e-08f, 1.7842686e-11f};
    const float q[] = {1.0f, 0.46246855f, 0.0237383f, 0.00022726290f};
    vec a = larger(splat(-8.0f), smaller(splat(8.0f), x)), square = a * a;
    return a * polynomial(square, p) / polynomial(square, q);
}

INLINE vec erf(vec x) {
    const float p[] = {1.1283791f,    0.1935437f,     0.053101558f,
                       0.0038832853f, 0.00028456434f, 1.9867914e-06f};
    const float q[] = {1.0f,         0.50485620f,   0.11534943f,
                       0.015207131f, 0.0011855570f, 3.7420199e-05f};
    vec a = larger(splat(-4.0f), smaller(splat(4.0f), x)), square = a * a;
    return a * polynomial(square, p) / polynomial(square, q);
}

INLINE vec sigmoid(vec x) { return 1.0f / (1.0f + exp(-x)); }

enum Activation { LINEAR, RELU, SIGMOID, TANH, SWISH, GELU, RELU6, HARD_SWISH };

// Whether the slope is computed, and kept, on the way forward; else it follows from the output.
constexpr bool keeps_slope(int a) { return a == SWISH || a == GELU || a == HARD_SWISH; }

template <int A>
INLINE vec activate(vec z, vec &slope) {
    if (A == RELU) return larger(vec{}, z);
    if (A == RELU6) return smaller(splat(6.0f), larger(vec{}, z));
    if (A == SIGMOID) return sigmoid(z);
    if (A == TANH) return tanh(z);
    if (A == SWISH) {
        vec s = sigmoid(z), y = z * s;
        slope = fma(y, 1.0f - s, s);
        return y;
    }
    if (A == GELU) {
        vec u = z * 0.70710678f;
        vec p = fma(erf(u), splat(0.5f), splat(0.5f));
        slope = fma(z * 0.39894228f, exp(-(u * u)), p);
        return z * p;
    }
    if (A == HARD_SWISH) {
        vec t = z + 3.0f;
        vec r = smaller(splat(6.0f), larger(vec{}, t)) * (1.0f / 6.0f);
        slope = r + choose((t > vec{}) & (t < splat(6.0f)), z * (1.0f / 6.0f), vec{});
        return z * r;
    }
    return z;
}

template <int A>
INLINE vec slope_of(vec y) {
    if (A == RELU) return choose(y > vec{}, splat(1.0f), vec{});
    if (A == RELU6) return choose((y > vec{}) & (y < splat(6.0f)), splat(1.0f), vec{});
    if (A == SIGMOID) return y * (1.0f - y);
    if (A == TANH) return fma(-y, y, splat(1.0f));
    return splat(1.0f);
}

// Calls f with the activation as a constant.
template <class F>
INLINE void for_activation(int a, F f) {
#define CASE(A) case A: return f.template operator()<A>()
    switch (a) {
        CASE(RELU); CASE(SIGMOID); CASE(TANH); CASE(SWISH); CASE(GELU); CASE(RELU6); CASE(HARD_SWISH);
        default: return f.template operator()<LINEAR>();
    }
#undef CASE
}
