// The two register kernels under every convolution, depthwise convolution and dense layer. Tables
// of offsets say where they read and write, so that any kernel size, stride, padding and parity is
// the same code. Offsets count floats; a place is LANES floats, one an image.
#pragma once
#include <algorithm>
#include <vector>
#include "lanes.h"

struct Table {
    std::vector<int> from, to;  // of each place: what it reads first, and what it writes
    std::vector<int> taps;      // from there to each number that is read
};

constexpr int fitting(int n, int most) {
    int p = (REGISTERS - 1) / (n + 1);
    return p < 1 ? 1 : p > most ? most : p;
}

// to[f][place] = start + sum over taps of w[tap][f] * from[place + tap], the taps in order.
template <int N, int P, bool ADD>
INLINE void correlate_tile(const float *from, const int *places, const int *taps, int n_taps,
                           const float *w, int ld, const float *bias, float *to, const int *targets,
                           int plane) {
    for (int half = 0; half < LANES; half += W) {
        vec sum[N][P];
        const float *x[P];
        UNROLL for (int p = 0; p < P; p++) x[p] = from + places[p] + half;
        UNROLL for (int f = 0; f < N; f++)
            UNROLL for (int p = 0; p < P; p++) sum[f][p] = bias ? splat(bias[f]) : vec{};
        const float *row = w;
        for (int t = 0; t < n_taps; t++, row += ld) {
            vec v[P];
            UNROLL for (int p = 0; p < P; p++) v[p] = load(x[p] + taps[t]);
            UNROLL for (int f = 0; f < N; f++) {
                vec each = splat(row[f]);
                UNROLL for (int p = 0; p < P; p++) sum[f][p] = fma(each, v[p], sum[f][p]);
            }
        }
        UNROLL for (int f = 0; f < N; f++)
            UNROLL for (int p = 0; p < P; p++) {
                float *target = to + f * plane + targets[p] + half;
                store(target, ADD ? load(target) + sum[f][p] : sum[f][p]);
            }
    }
}

template <int N, bool ADD>
void correlate_strip(const float *from, const Table &t, int first, int last, const float *w, int ld,
                     const float *bias, float *to, int plane) {
    constexpr int P = fitting(N, 8);
    const int *f = t.from.data(), *g = t.to.data(), *taps = t.taps.data(), n = (int)t.taps.size();
    int p = first;
    for (; p + P <= last; p += P)
        correlate_tile<N, P, ADD>(from, f + p, taps, n, w, ld, bias, to, g + p, plane);
    if (p == last) return;
    if (!ADD && last - first >= P) {  // some places once more, with the same result
        p = last - P;
        correlate_tile<N, P, ADD>(from, f + p, taps, n, w, ld, bias, to, g + p, plane);
    } else
        for (; p < last; p++)
            correlate_tile<N, 1, ADD>(from, f + p, taps, n, w, ld, bias, to, g + p, plane);
}

// How many of n go into the next tile when tiles of at most `most` are as equal as can be.
INLINE int share(int n, int most) { return (n + (n + most - 1) / most - 1) / ((n + most - 1) / most); }

constexpr int MOST_FILTERS = REGISTERS == 32 ? 8 : 6;

// n_out planes of places first to last (see correlate_tile); w has a row of ld numbers a tap.
template <bool ADD>
void correlate(const float *from, const Table &t, int first, int last, const float *w, int ld,
               const float *bias, int n_out, float *to, int plane) {
    for (int f = 0, n; f < n_out; f += n) {
        n = share(n_out - f, MOST_FILTERS);
        const float *wf = w + f, *bf = bias ? bias + f : nullptr;
        float *tf = to + f * plane;
#define CASE(N) case N: correlate_strip<N, ADD>(from, t, first, last, wf, ld, bf, tf, plane); break
        switch (n) { CASE(1); CASE(2); CASE(3); CASE(4); CASE(5); CASE(6); CASE(7); CASE(8); }
#undef CASE
    }
}

// sums[tap][f] += sum over places of x[from + tap] * d[f][place], each lane for itself.
template <int N, int T>
void gradient_tile(const float *x, const int *from, const int *taps, const float *d,
                   const int *at, int plane, int first, int last, float *sums, int ld) {
    for (int half = 0; half < LANES; half += W) {
        vec sum[T][N];
        const float *xt[T], *df[N];
        UNROLL for (int t = 0; t < T; t++) xt[t] = x + taps[t] + half;
        UNROLL for (int f = 0; f < N; f++) df[f] = d + f * plane + half;
        UNROLL for (int t = 0; t < T; t++)
            UNROLL for (int f = 0; f < N; f++) sum[t][f] = load(sums + (t * ld + f) * LANES + half);
        for (int p = first; p < last; p++) {
            int i = from[p], j = at[p];
            vec v[N];
            UNROLL for (int f = 0; f < N; f++) v[f] = load(df[f] + j);
            UNROLL for (int t = 0; t < T; t++) {
                vec each = load(xt[t] + i);
                UNROLL for (int f = 0; f < N; f++) sum[t][f] = fma(each, v[f], sum[t][f]);
            }
        }
        UNROLL for (int t = 0; t < T; t++)
            UNROLL for (int f = 0; f < N; f++) store(sums + (t * ld + f) * LANES + half, sum[t][f]);
    }
}

constexpr int MOST_GRADIENT_FILTERS = REGISTERS == 32 ? 6 : 3;

template <int N>
void gradient_strip(const float *x, const int *from, const int *taps, int n_taps, const float *d,
                    const int *at, int plane, int first, int last, float *sums, int ld) {
    constexpr int MOST = std::min(8, (REGISTERS - 1) / N - 1);
    for (int t = 0, n; t < n_taps; t += n) {
        n = share(n_taps - t, MOST);
        float *to = sums + t * ld * LANES;
#define CASE(T) \
    case T: gradient_tile<N, (T <= MOST ? T : 1)>(x, from, taps + t, d, at, plane, first, last, to, ld); break
        switch (n) { CASE(1); CASE(2); CASE(3); CASE(4); CASE(5); CASE(6); CASE(7); CASE(8); }
#undef CASE
    }
}

// The gradient of a kernel of n_out filters, added to sums[tap][ld][LANES]; at: places of d.
INLINE void gradient(const float *x, const Table &t, const int *at, const float *d, int plane, int n_out,
                     int first, int last, float *sums, int ld) {
    for (int f = 0, n; f < n_out; f += n) {
        n = share(n_out - f, MOST_GRADIENT_FILTERS);
        const float *df = d + f * plane;
        float *to = sums + f * LANES;
        const int *from = t.from.data(), *taps = t.taps.data(), n_taps = (int)t.taps.size();
#define CASE(N) case N: gradient_strip<N>(x, from, taps, n_taps, df, at, plane, first, last, to, ld); break
        switch (n) { CASE(1); CASE(2); CASE(3); CASE(4); CASE(5); CASE(6); }
#undef CASE
    }
}
