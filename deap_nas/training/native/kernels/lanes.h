// A vector of images side by side. Every number of a feature map is LANES numbers, one an image; a
// machine takes them W at a time, so that no result depends on the machine.
#pragma once
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

constexpr int LANES = 16;

#if defined(__AVX512F__)
constexpr int W = 16, REGISTERS = 32;
#elif defined(__AVX2__)
constexpr int W = 8, REGISTERS = 16;
#else
constexpr int W = 4, REGISTERS = 16;
#endif

typedef float vec __attribute__((vector_size(4 * W)));
typedef int32_t ivec __attribute__((vector_size(4 * W)));
typedef uint32_t uvec __attribute__((vector_size(4 * W)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec splat(float x) { return x - (vec){}; }
INLINE ivec bits(vec v) { return (ivec)v; }
INLINE vec choose(ivec mask, vec yes, vec no) { return mask ? yes : no; }
// larger and smaller give b where either is NaN. fma: a * b + c, rounded once.
#if defined(__AVX512F__)
INLINE vec larger(vec a, vec b) { return (vec)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vec smaller(vec a, vec b) { return (vec)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vec fma(vec a, vec b, vec c) { return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#elif defined(__AVX2__)
INLINE vec larger(vec a, vec b) { return (vec)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vec smaller(vec a, vec b) { return (vec)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE vec fma(vec a, vec b, vec c) { return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#elif defined(__aarch64__)
INLINE vec larger(vec a, vec b) { return a > b ? a : b; }
INLINE vec smaller(vec a, vec b) { return a < b ? a : b; }
INLINE vec fma(vec a, vec b, vec c) { return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#else
INLINE vec larger(vec a, vec b) { return (vec)_mm_max_ps((__m128)a, (__m128)b); }
INLINE vec smaller(vec a, vec b) { return (vec)_mm_min_ps((__m128)a, (__m128)b); }
// No such instruction: the product is exact in double precision, and the sum rounded there. That
// rounding counts only where it ends half-way between two floats; then the sum is rounded to odd
// instead, so that rounding it again is right (Boldo and Melquiond 2008, section 3).
typedef double dvec __attribute__((vector_size(16)));
typedef int64_t lvec __attribute__((vector_size(16)));
INLINE dvec odd_sum(dvec p, dvec d) {
    dvec sum = p + d, back = sum - p;
    dvec error = (p - (sum - back)) + (d - back);  // exact (Knuth's two-sum)
    lvec odd;
    for (int i = 0; i < 2; i++) {
        int64_t whole = ((lvec)sum)[i];
        if (error[i] != 0 && !(whole & 1)) whole += (error[i] > 0) == (sum[i] > 0) ? 1 : -1;
        odd[i] = whole;
    }
    return (dvec)odd;
}
INLINE vec fma(vec a, vec b, vec c) {
    __m128 x = (__m128)a, y = (__m128)b, z = (__m128)c;
    dvec p = (dvec)_mm_cvtps_pd(x) * (dvec)_mm_cvtps_pd(y), d = (dvec)_mm_cvtps_pd(z);
    dvec q = (dvec)_mm_cvtps_pd(_mm_movehl_ps(x, x)) * (dvec)_mm_cvtps_pd(_mm_movehl_ps(y, y));
    dvec e = (dvec)_mm_cvtps_pd(_mm_movehl_ps(z, z)), low = p + d, high = q + e;
    const __m128i half = _mm_set_epi32(1, 1 << 28, 1, 1 << 28), tail = _mm_set_epi32(0, (1 << 29) - 1, 0, (1 << 29) - 1);
    __m128i is = _mm_or_si128(_mm_cmpeq_epi32(_mm_and_si128((__m128i)low, tail), half),
                              _mm_cmpeq_epi32(_mm_and_si128((__m128i)high, tail), half));
    if (__builtin_expect(_mm_movemask_epi8(is), 0)) low = odd_sum(p, d), high = odd_sum(q, e);
    return (vec)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)low), _mm_cvtpd_ps((__m128d)high));
}
#endif

// The sum over all lanes, always by the same tree.
INLINE float sum_lanes(const float *p) {
    typedef float eight __attribute__((vector_size(32)));
    typedef float four __attribute__((vector_size(16)));
    eight half[2];
    memcpy(half, p, sizeof half);
    half[0] = half[0] + half[1];
    four quarter[2];
    memcpy(quarter, half, sizeof quarter);
    const four sum = quarter[0] + quarter[1];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

// The sum of what add(sum so far, i) adds for i from first to last, in four columns, i modulo 4.
template <class F>
INLINE vec sum_in_four(int first, int last, F add) {
    vec t[4] = {};
    int i = first;
    for (; i + 4 <= last; i += 4)
        UNROLL for (int k = 0; k < 4; k++) t[k] = add(t[k], i + k);
    UNROLL for (int k = 0; k < 3; k++)
        if (i + k < last) t[k] = add(t[k], i + k);
    return first % 2 ? (t[3] + t[0]) + (t[1] + t[2]) : (t[0] + t[1]) + (t[2] + t[3]);
}

// Numbers too small for a normal exponent count as zero while one of these lives: they would take
// a hundred times as long.
struct FlushDenormals {
#if defined(__x86_64__)
    unsigned before = _mm_getcsr();
    FlushDenormals() { _mm_setcsr((before & ~0x6000u) | 0x8040u | 0x1f80u); }
    ~FlushDenormals() { _mm_setcsr(before); }
#elif defined(__aarch64__)
    uint64_t before;
    FlushDenormals() {
        asm volatile("mrs %0, fpcr" : "=r"(before));
        asm volatile("msr fpcr, %0" ::"r"(before | (1ull << 24)));
    }
    ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before)); }
#endif
};
