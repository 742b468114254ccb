// The operations without weights: pooling, dropout, skips.
#pragma once
#include "operations.h"

// Of an operation's own making: the value it gives.
struct Maker : Operation {
    std::unique_ptr<Value> owned;
    void make(Value *x, int c, int h, int w) {
        in = x;
        owned = std::make_unique<Value>(c, h, w);
        out = owned.get();
    }
    // f(x, y) for both numbers of each image of each place: of in, and of out where maps are alike.
    template <class F>
    INLINE void each(const Map &from, const int *places, float *x, const Map &to, const int *targets,
                     float *y, F f) {
        for (int c = 0; c < from.channels; c++)
            for (int p = 0; p < from.places(); p++)
                for (int h = 0; h < LANES; h += W)
                    f(x + c * from.plane + places[p] + h, y + c * to.plane + targets[p] + h, c, p, h);
    }
};

struct Pooling : Maker {  // size x size, as far apart; ties: the gradient goes to the first
    int size;
    bool largest;
    Pooling(Value *x, int s, bool l) : size(s), largest(l) {
        make(x, x->data.channels, x->data.height / s, x->data.width / s);
    }
    struct Windows {  // of a map: where each begins, and the way from there to each place
        std::vector<int> corners, steps;
        void of(const Map &m, const Map &result, int size) {
            for (int i = 0; i < result.height; i++)
                for (int j = 0; j < result.width; j++) corners.push_back(m.place(i * size, j * size));
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++) steps.push_back(i * m.row + j * LANES);
        }
    };
    Windows numbers, gradients;
    std::vector<int> rest;  // places of the gradient that no window has

    void prepare(const Batch &) override {
        const Map &y = out->data, &g = in->grad_map();
        numbers.of(in->data, y, size), gradients.of(g, y, size);
        for (int i = 0; i < g.height; i++)
            for (int j = 0; j < g.width; j++)
                if (i >= y.height * size || j >= y.width * size) rest.push_back(g.place(i, j));
    }
    void forward(const Batch &, int group) override {
        const Map &x = in->data, &y = out->data;
        const float share = 1.0f / (size * size);
        const int n = y.places(), *corners = numbers.corners.data(), *targets = out->targets.data();
        for (int c = 0; c < x.channels; c++)
            for (int p = 0; p < n; p++)
                for (int h = 0; h < LANES; h += W) {
                    const float *at = in->numbers(group) + c * x.plane + corners[p] + h;
                    vec result = load(at);
                    for (size_t k = 1; k < numbers.steps.size(); k++) {
                        const vec v = load(at + numbers.steps[k]);
                        result = largest ? choose((v > result) | (v != v), v, result) : result + v;
                    }
                    store(out->numbers(group) + c * y.plane + targets[p] + h, largest ? result : result * share);
                }
    }
    void backward(const Batch &, int group) override {
        if (!in->wants_grad) return;
        const Map &x = in->data, &y = out->data, &g = in->grad_map(), &d = out->grad_map();
        const float share = 1.0f / (size * size);
        for (int c = 0; c < x.channels; c++) {
            float *to = in->gradient(group) + c * g.plane;
            for (int place : rest) memset(to + place, 0, LANES * sizeof(float));
            for (int p = 0; p < y.places(); p++)
                for (int h = 0; h < LANES; h += W) {
                    const float *at = in->numbers(group) + c * x.plane + numbers.corners[p] + h;
                    float *target = to + gradients.corners[p] + h;
                    const vec dy = load(out->gradient(group) + c * d.plane + out->sources[p] + h);
                    if (!largest) {
                        for (int step : gradients.steps) store(target + step, dy * share);
                        continue;
                    }
                    const vec best = load(out->numbers(group) + c * y.plane + out->targets[p] + h);
                    ivec free = ~ivec{};
                    for (size_t k = 0; k < numbers.steps.size(); k++) {
                        const ivec is = free & (load(at + numbers.steps[k]) == best);
                        store(target + gradients.steps[k], choose(is, dy, vec{}));
                        free &= ~is;
                    }
                }
        }
    }
};

struct GlobalPooling : Maker {
    explicit GlobalPooling(Value *x) { make(x, x->data.channels, 1, 1); }
    void forward(const Batch &, int group) override {
        const int n = in->data.places();
        for (int c = 0; c < in->data.channels; c++)
            for (int h = 0; h < LANES; h += W) {
                const float *x = in->numbers(group) + c * in->data.plane + h;
                const int *places = in->targets.data();
                const vec sum = sum_in_four(0, n, [&](vec sum, int p) { return sum + load(x + places[p]); });
                store(out->numbers(group) + c * out->data.plane + out->targets[0] + h, sum / (float)n);
            }
    }
    void backward(const Batch &, int group) override {
        if (!in->wants_grad) return;
        const float share = 1.0f / in->data.places();
        for (int c = 0; c < in->data.channels; c++)
            for (int h = 0; h < LANES; h += W) {
                const vec d = load(out->gradient(group) + c * out->grad_map().plane + out->sources[0] + h);
                float *to = in->gradient(group) + c * in->grad_map().plane + h;
                for (int place : in->sources) store(to + place, d * share);
            }
    }
};

// Which numbers are dropped is a hash of seed, place in the network, step, image and number.
struct Dropout : Maker {
    float rate;
    uint32_t place;
    Dropout(Value *x, float r, int index) : rate(r), place(index) {
        make(x, x->data.channels, x->data.height, x->data.width);
    }
    static uint32_t mix(uint32_t h) {  // murmur3's finaliser
        h = (h ^ h >> 16) * 0x85ebca6bu;
        h = (h ^ h >> 13) * 0xc2b2ae35u;
        return h ^ h >> 16;
    }
    INLINE uvec mixed(uvec h) {
        h = (h ^ h >> 16) * 0x85ebca6bu;
        h = (h ^ h >> 13) * 0xc2b2ae35u;
        return h ^ h >> 16;
    }
    template <class F>
    void masked(const Batch &b, int group, F scaled) {
        uint32_t keys[LANES];
        for (int i = 0; i < LANES; i++)
            keys[i] = mix(mix(mix(b.seed + 0x9e3779b9u * place) + b.step) + group * LANES + i);
        const uint32_t limit = (uint32_t)(rate * 16777216.0f);
        const float scale = 1.0f / (1.0f - rate);
        const int n = in->data.places();
        scaled([&](vec v, int c, int p, int h) {
            uvec key;
            memcpy(&key, keys + h, sizeof key);
            uvec draw = mixed(mixed(key + (uint32_t)(c * n + p) * 0x9e3779b1u)) >> 8;
            return choose((ivec)(draw >= limit), v * scale, vec{});
        });
    }
    void forward(const Batch &b, int group) override {
        auto pass = [&](auto f) {
            each(in->data, in->targets.data(), in->numbers(group), out->data, out->targets.data(),
                 out->numbers(group), [&](float *x, float *y, int c, int p, int h) {
                     store(y, f(load(x), c, p, h));
                 });
        };
        b.training ? masked(b, group, pass) : pass([](vec v, int, int, int) { return v; });
    }
    void backward(const Batch &b, int group) override {
        if (!in->wants_grad) return;
        masked(b, group, [&](auto f) {
            each(in->grad_map(), in->sources.data(), in->gradient(group), out->grad_map(),
                 out->sources.data(), out->gradient(group), [&](float *x, float *y, int c, int p, int h) {
                     store(x, f(load(y), c, p, h));
                 });
        });
    }
};

struct Addition : Maker {  // of what an earlier value was, the skip, and what came of it
    Value *skip;
    Addition(Value *s, Value *x) : skip(s) { make(x, x->data.channels, x->data.height, x->data.width); }
    void forward(const Batch &, int group) override {
        float *y = out->numbers(group);
        each(in->data, in->targets.data(), in->numbers(group), out->data, out->targets.data(), y,
             [](float *x, float *y, int, int, int) { store(y, load(x)); });
        each(skip->data, skip->targets.data(), skip->numbers(group), out->data, out->targets.data(), y,
             [](float *x, float *y, int, int, int) { store(y, load(x) + load(y)); });
    }
    void backward(const Batch &, int group) override {
        for (Value *v : {in, skip})
            if (v->wants_grad)
                each(v->grad_map(), v->sources.data(), v->gradient(group), out->grad_map(),
                     out->sources.data(), out->gradient(group),
                     [](float *x, float *y, int, int, int) { store(x, load(y)); });
    }
};
