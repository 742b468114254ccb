// What a network is made of. An operation works on 16 images (a group) at a time; batch
// normalisation first looks at all groups of a batch, so that it is two operations with a cut
// between them (see network.h).
#pragma once
#include <cmath>
#include <memory>
#include "correlate.h"
#include "functions.h"
#include "maps.h"

struct Batch {
    bool training;
    int live;             // images of the whole batch
    uint32_t seed, step;  // of dropout
    bool early = false;   // operations that are `again` follow once more before the way back
    int lanes(int group) const { return std::min(LANES, live - group * LANES); }
};

struct Parameters {  // of the whole network, and where the gradient of each goes
    float *weights, *moving, *lanes;
};

struct Operation {
    Value *in = nullptr, *out = nullptr;
    bool adds = false;  // to the gradient of in, which another reader has written before
    int n_weights = 0, n_moving = 0;
    Parameters at = {};
    virtual ~Operation() = default;
    virtual void ask() {}                   // borders of maps
    virtual void prepare(const Batch &) {}  // once maps are laid out
    virtual void begin() {}                 // a batch: weights are new
    virtual void forward(const Batch &, int group) = 0;
    virtual void backward(const Batch &, int group) = 0;
    virtual void cut_forward(const Batch &) {}
    virtual void cut_backward(const Batch &) {}
    virtual bool is_cut() const { return false; }
    virtual bool is_cheap() const { return true; }  // rather done again than kept
    bool again = false;                             // whether it is done again on the way back
};

// y = activation(z) for places first to last of one plane, in place; slopes kept where A does.
INLINE void activate_places(int a, Value *v, int group, int channel, int first, int last, bool keep) {
    float *y = v->numbers(group) + channel * v->data.plane;
    const int *places = v->targets.data(), n = v->data.places();
    float *slopes = v->slope(group) + (size_t)channel * n * LANES;
    for_activation(a, [&]<int A>() {
        for (int p = first; p < last && A != LINEAR; p++)
            for (int h = 0; h < LANES; h += W) {
                vec slope = {};
                store(y + places[p] + h, activate<A>(load(y + places[p] + h), slope));
                if (keeps_slope(A) && keep) store(slopes + p * LANES + h, slope);
            }
    });
}

// dz = dy * slope in place, for one plane; each(p, h, dz) may use it.
template <class F>
INLINE void slope_places(int a, Value *v, int group, int channel, F each) {
    const Map &g = v->grad_map();
    float *d = v->gradient(group) + channel * g.plane;
    const float *y = v->numbers(group) + channel * v->data.plane;
    const int n = v->data.places(), *from = v->targets.data(), *to = v->sources.data();
    const float *slopes = v->slope(group) + (size_t)channel * n * LANES;
    for_activation(a, [&]<int A>() {
        for (int p = 0; p < n; p++)
            for (int h = 0; h < LANES; h += W) {
                float *at = d + to[p] + h;
                vec dz = load(at);
                if (A != LINEAR) {
                    dz = dz * (keeps_slope(A) ? load(slopes + p * LANES + h)
                                              : slope_of<A>(load(y + from[p] + h)));
                    store(at, dz);
                }
                each(p, h, dz);
            }
    });
}

// each(first, last) for the places 0 to n, so few at a time that the first cache holds them.
template <class F>
INLINE void in_pieces(int n, int few, F each) {
    const int piece = std::max(12, few);
    for (int first = 0, last; first < n; first = last) {
        last = n - first < 2 * piece ? n : first + piece;
        each(first, last);
    }
}

// Batch normalisation, the first half: mean and variance of what reaches it.
struct Statistics : Operation {
    float momentum, epsilon = 1e-3f;  // Keras's
    bool fed = false;                 // by the convolution before it, while its places are near
    std::vector<float> means, squares;  // of each group and channel: mean, squared distances
    std::vector<float> mean, scale, inverse, slope, shift;
    const float *gamma() const { return at.weights; }

    Statistics(Value *x, float m) : momentum(m) {
        in = out = x;
        in->wants_grad = true;  // of images, too: gamma's and beta's gradients are found on that way
        n_weights = n_moving = 2 * x->data.channels;
    }
    bool is_cut() const override { return true; }
    int channels() const { return in->data.channels; }

    void prepare(const Batch &batch) override {
        size_t n = (size_t)((batch.live + LANES - 1) / LANES) * channels() * LANES;
        means.resize(n), squares.resize(n);
        for (auto *each : {&mean, &scale, &inverse, &slope, &shift}) each->resize(channels());
    }
    void begin() override {  // as when scoring; training overwrites it
        const float *kept = at.moving;
        for (int c = 0; c < channels(); c++) set(c, kept[c], kept[channels() + c]);
    }
    void set(int c, float m, float variance) {
        mean[c] = m;
        inverse[c] = 1.0f / std::sqrt(variance + epsilon);
        scale[c] = gamma()[c] * inverse[c];
    }

    void forward(const Batch &batch, int group) override {
        for (int c = 0; batch.training && !fed && c < channels(); c++)
            absorb(group, c, 0, in->data.places());
    }

    // Takes places first to last of a plane into each image's mean and squared distances (Chan,
    // Golub and LeVeque 1979, 2.1).
    void absorb(int group, int c, int first, int last) {
        const int *places = in->targets.data(), n = last - first;
        const float share = (float)n / last;
        for (int h = 0; h < LANES; h += W) {
            const float *x = in->numbers(group) + c * in->data.plane + h;
            vec m = sum_in_four(first, last, [&](vec sum, int p) { return sum + load(x + places[p]); }) / (float)n;
            vec q = sum_in_four(first, last, [&](vec sum, int p) {
                const vec far = load(x + places[p]) - m;
                return fma(far, far, sum);
            });
            const size_t to = ((size_t)group * channels() + c) * LANES + h;
            if (first) {
                vec before, apart;
                memcpy(&before, &means[to], sizeof before);
                memcpy(&apart, &squares[to], sizeof apart);
                const vec far = m - before;
                m = fma(far, splat(share), before);
                q = q + fma(far * far, splat(first * share), apart);
            }
            memcpy(&means[to], &m, sizeof m);
            memcpy(&squares[to], &q, sizeof q);
        }
    }

    // Merges those of all images.
    void cut_forward(const Batch &batch) override {
        const int n = in->data.places();
        for (int c = 0; c < channels(); c++) {
            double total = 0, apart = 0;
            for (int i = 0; i < batch.live; i++) total += means[index(c, i)];
            const double m = total / batch.live;
            for (int i = 0; i < batch.live; i++) {
                const double far = means[index(c, i)] - m;
                apart += squares[index(c, i)] + n * (far * far);
            }
            const float variance = (float)(apart / ((double)n * batch.live));
            set(c, (float)m, variance);
            float *kept = at.moving + c;
            for (float now : {(float)m, variance}) {
                *kept = *kept * momentum + now * (1.0f - momentum);
                kept += channels();
            }
        }
    }
    size_t index(int c, int image) const {
        return ((size_t)(image / LANES) * channels() + c) * LANES + image % LANES;
    }

    void backward(const Batch &batch, int group) override {
        const int n = in->data.places();
        const int *from = in->targets.data(), *to = in->sources.data(), lanes = batch.lanes(group);
        float live[LANES];
        for (int i = 0; i < LANES; i++) live[i] = i < lanes;
        for (int c = 0; c < channels(); c++) {
            const float *x = in->numbers(group) + c * in->data.plane;
            float *d = in->gradient(group) + c * in->grad_map().plane;
            const vec m = splat(mean[c]), a = splat(scale[c]), b = splat(slope[c]), e = splat(shift[c]);
            for (int h = 0; h < LANES; h += W) {
                vec mask;
                memcpy(&mask, live + h, sizeof mask);
                for (int p = 0; p < n; p++) {
                    float *at = d + to[p] + h;
                    vec v = fma(load(at), a, fma(load(x + from[p] + h) - m, b, e));
                    store(at, lanes == LANES ? v : v * mask);
                }
            }
        }
    }
};

// Convolutions, plain or depthwise; a dense layer is one of a map of one place.
struct Convolution : Operation {
    int kernel, stride, activation, before[2] = {0, 0};
    bool depthwise, bias;
    struct Way {  // back to the gradient of in, for the places of one parity
        Table table;
        std::vector<int> kernel_taps;  // of each (tap, filter): where its weights begin
        std::vector<float> packed;     // [tap, filter][channel]
    };
    Table table;
    std::vector<Way> ways;
    Statistics *fed = nullptr;  // what looks at its places next

    Convolution(Value *x, int filters, int k, int s, bool same, bool deep, bool b, int a)
        : kernel(k), stride(s), activation(a), depthwise(deep), bias(b) {
        in = x;
        const Map &m = in->data;
        int size[2] = {m.height, m.width}, result[2];
        for (int i = 0; i < 2; i++) {
            result[i] = same ? (size[i] + s - 1) / s : size[i] < k ? 0 : (size[i] - k) / s + 1;
            int lack = same ? std::max((result[i] - 1) * s + k - size[i], 0) : 0;
            before[i] = lack / 2, after[i] = lack - lack / 2;
        }
        n_weights = k * k * m.channels * (deep ? 1 : filters) + (b ? filters : 0);
        owned = std::make_unique<Value>(filters, result[0], result[1]);
        out = owned.get();
        out->keeps_slopes = keeps_slope(a);
    }
    int after[2];
    std::unique_ptr<Value> owned;
    bool is_cheap() const override { return false; }
    int channels() const { return in->data.channels; }
    int filters() const { return out->data.channels; }

    void ask() override {
        in->data.border(before[0], before[1], after[0], after[1]);
        if (!in->wants_grad) return;
        int reach[2][2];  // rows, columns that the way back reads before and after the map
        for (int i = 0; i < 2; i++) {
            int size = i ? in->data.width : in->data.height;
            int behind = i ? out->data.width : out->data.height;
            reach[i][0] = std::max(0, (kernel - 1) / stride - before[i] / stride);
            reach[i][1] = std::max(0, (size - 1 + before[i]) / stride - (behind - 1));
        }
        out->grad.border(reach[0][0], reach[1][0], reach[0][1], reach[1][1]);
    }

    void prepare(const Batch &) override {
        const Map &x = in->data, &d = out->grad_map();
        for (int i = 0; i < out->data.height; i++)
            for (int j = 0; j < out->data.width; j++)
                table.from.push_back(x.place(i * stride - before[0], j * stride - before[1]));
        table.to = out->targets;
        for (int u = 0; u < kernel; u++)
            for (int v = 0; v < kernel; v++)
                for (int c = 0; c < (depthwise ? 1 : x.channels); c++)
                    table.taps.push_back(c * x.plane + u * x.row + v * LANES);
        if (!in->wants_grad) return;
        for (int a = 0; a < stride; a++)
            for (int b = 0; b < stride; b++) {
                Way way;
                for (int i = (a + stride * kernel - before[0]) % stride; i < x.height; i += stride)
                    for (int j = (b + stride * kernel - before[1]) % stride; j < x.width; j += stride) {
                        way.table.from.push_back(
                            d.place((i + before[0]) / stride, (j + before[1]) / stride));
                        way.table.to.push_back(in->grad_map().place(i, j));
                    }
                for (int u = a; u < kernel; u += stride)
                    for (int v = b; v < kernel; v += stride)
                        for (int f = 0; f < (depthwise ? 1 : filters()); f++) {
                            way.table.taps.push_back(f * d.plane - u / stride * d.row - v / stride * LANES);
                            way.kernel_taps.push_back((u * kernel + v) * channels() *
                                                          (depthwise ? 1 : filters()) + f);
                        }
                way.packed.resize(way.kernel_taps.size() * channels());
                ways.push_back(std::move(way));
            }
    }

    void begin() override {
        const int ld = depthwise ? 1 : filters();
        for (Way &way : ways)
            for (size_t t = 0; t < way.kernel_taps.size(); t++)
                for (int c = 0; c < channels(); c++)
                    way.packed[t * channels() + c] = at.weights[way.kernel_taps[t] + c * ld];
    }

    const float *biases() const { return bias ? at.weights + n_weights - filters() : nullptr; }

    void forward(const Batch &batch, int group) override {
        const float *x = in->numbers(group), *w = at.weights, *b = biases();
        float *y = out->numbers(group);
        const int n = out->data.places(), xp = in->data.plane, yp = out->data.plane, F = filters();
        for (int f = 0, planes = depthwise ? 1 : F; f < F; f += planes)
            in_pieces(n, 384 / planes, [&](int first, int last) {
                correlate<false>(depthwise ? x + f * xp : x, table, first, last, w + f, F,
                                 b ? b + f : nullptr, planes, y + f * yp, yp);
                for (int i = f; i < f + planes; i++) {
                    activate_places(activation, out, group, i, first, last, batch.training);
                    if (fed && batch.training) fed->absorb(group, i, first, last);
                }
            });
    }

    void backward(const Batch &, int group) override {
        const float *x = in->numbers(group), *d = out->gradient(group);
        const int F = filters(), C = channels(), n = out->data.places();
        const int xp = in->data.plane, dp = out->grad_map().plane;
        float *sums = at.lanes;
        if (activation != LINEAR || bias)
            for (int f = 0; f < F; f++) {
                vec total[LANES / W] = {};
                slope_places(activation, out, group, f,
                             [&](int, int h, vec dz) { total[h / W] = total[h / W] + dz; });
                if (bias)
                    for (int h = 0; h < LANES; h += W) {
                        float *to = sums + (size_t)(n_weights - F + f) * LANES + h;
                        store(to, load(to) + total[h / W]);
                    }
            }
        const int *places = out->sources.data();
        if (depthwise)
            for (int c = 0; c < C; c++)
                gradient(x + c * xp, table, places, d + c * dp, dp, 1, 0, n, sums + c * LANES, C);
        else
            in_pieces(n, 48, [&](int first, int last) {
                gradient(x, table, places, d, dp, F, first, last, sums, F);
            });
        if (!in->wants_grad) return;
        for (const Way &way : ways) adds ? back<true>(way, d, group) : back<false>(way, d, group);
    }

    template <bool ADD>
    void back(const Way &way, const float *d, int group) {
        float *to = in->gradient(group);
        const int C = channels(), n = (int)way.table.from.size(), dp = out->grad_map().plane;
        const int plane = in->grad_map().plane;
        if (depthwise)
            for (int c = 0; c < C; c++)
                correlate<ADD>(d + c * dp, way.table, 0, n, way.packed.data() + c, C, nullptr, 1,
                               to + c * plane, plane);
        else
            in_pieces(n, 768 / C, [&](int first, int last) {
                correlate<ADD>(d, way.table, first, last, way.packed.data(), C, nullptr, C, to, plane);
            });
    }
};

// Batch normalisation, the second half: y = activation((x - mean) * scale + beta).
struct Normalisation : Operation {
    Statistics &half;
    int activation;
    Memory memory;
    float *sums = nullptr;  // [2][channel][image]: of dz, and of dz (x - mean)
    std::unique_ptr<Value> owned;

    Normalisation(Statistics &s, int a) : half(s), activation(a) {
        in = s.in;
        owned = std::make_unique<Value>(in->data.channels, in->data.height, in->data.width);
        out = owned.get();
        out->keeps_slopes = keeps_slope(a);
        out->shared = in;  // dy becomes dz, and then dx, where it lies
    }
    void prepare(const Batch &) override { sums = memory.take(2ul * half.channels() * LANES); }
    void begin() override { memset(sums, 0, 2ul * half.channels() * LANES * sizeof(float)); }

    void forward(const Batch &batch, int group) override {
        const Map &x = in->data, &y = out->data;
        const float *beta = half.gamma() + x.channels;
        const int n = x.places(), *from = in->targets.data(), *to = out->targets.data();
        const bool keep = batch.training && !(again && batch.early);
        for_activation(activation, [&]<int A>() {
            for (int c = 0; c < x.channels; c++) {
                const float *source = in->numbers(group) + c * x.plane;
                float *target = out->numbers(group) + c * y.plane;
                float *slopes = out->slope(group) + (size_t)c * n * LANES;
                const vec m = splat(half.mean[c]), a = splat(half.scale[c]), b = splat(beta[c]);
                for (int p = 0; p < n; p++)
                    for (int h = 0; h < LANES; h += W) {
                        vec slope, z = fma(load(source + from[p] + h) - m, a, b);
                        store(target + to[p] + h, activate<A>(z, slope));
                        if (keeps_slope(A) && keep) store(slopes + p * LANES + h, slope);
                    }
            }
        });
    }
    void backward(const Batch &, int group) override {
        const int *from = in->targets.data(), C = half.channels();
        for (int c = 0; c < C; c++) {
            const float *x = in->numbers(group) + c * in->data.plane;
            const vec m = splat(half.mean[c]);
            vec a[LANES / W] = {}, b[LANES / W] = {};
            slope_places(activation, out, group, c, [&](int p, int h, vec dz) {
                a[h / W] = a[h / W] + dz;
                b[h / W] = fma(dz, load(x + from[p] + h) - m, b[h / W]);
            });
            for (int h = 0; h < LANES; h += W) {
                float *s = sums + c * LANES + h, *t = sums + (C + c) * LANES + h;
                store(s, load(s) + a[h / W]);
                store(t, load(t) + b[h / W]);
            }
        }
    }
    void cut_backward(const Batch &batch) override {
        const int C = half.channels();
        const float n = (float)((double)in->data.places() * batch.live);
        for (int c = 0; c < C; c++) {
            const float dz = sum_lanes(sums + c * LANES), far = sum_lanes(sums + (C + c) * LANES);
            const float inverse = half.inverse[c], scale = half.scale[c];
            half.at.lanes[(size_t)c * LANES] = far * inverse;
            half.at.lanes[(size_t)(C + c) * LANES] = dz;
            half.slope[c] = -(scale * (inverse * inverse) * (far / n));
            half.shift[c] = -(scale * (dz / n));
        }
    }
};
