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
    int corner(const Map &m, int p) const {
        return m.place(p / out->data.width * size, p % out->data.width * size);
    }
    void forward(const Batch &, int group) override {
        const Map &x = in->data, &y = out->data;
        const float share = 1.0f / (size * size);
        for (int c = 0; c < x.channels; c++)
            for (int p = 0; p < y.places(); p++)
                for (int h = 0; h < LANES; h += W) {
                    const float *at = in->numbers(group) + c * x.plane + corner(x, p) + h;
                    vec result = load(at);
                    for (int k = 1; k < size * size; k++) {
                        vec v = load(at + k / size * x.row + k % size * LANES);
                        result = largest ? choose((v > result) | (v != v), v, result) : result + v;
                    }
                    store(out->numbers(group) + c * y.plane + out->targets[p] + h,
                          largest ? result : result * share);
                }
    }
    void backward(const Batch &, int group) override {
        if (!in->wants_grad) return;
        const Map &x = in->data, &y = out->data, &g = in->grad_map(), &d = out->grad_map();
        const float share = 1.0f / (size * size);
        float *to = in->gradient(group);
        for (int c = 0; c < x.channels; c++) {
            for (int place : in->sources) memset(to + c * g.plane + place, 0, LANES * sizeof(float));
            for (int p = 0; p < y.places(); p++)
                for (int h = 0; h < LANES; h += W) {
                    const float *at = in->numbers(group) + c * x.plane + corner(x, p) + h;
                    float *target = to + c * g.plane + corner(g, p) + h;
                    const vec best = load(out->numbers(group) + c * y.plane + out->targets[p] + h);
                    const vec dy = load(out->gradient(group) + c * d.plane + out->sources[p] + h);
                    ivec free = ~ivec{};
                    for (int k = 0; k < size * size; k++) {
                        const int i = k / size, j = k % size;
                        if (!largest) {
                            store(target + i * g.row + j * LANES, dy * share);
                            continue;
                        }
                        const ivec is = free & (load(at + i * x.row + j * LANES) == best);
                        store(target + i * g.row + j * LANES, choose(is, dy, vec{}));
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
                vec sum[4] = {};
                for (int p = 0; p < n; p++) sum[p % 4] = sum[p % 4] + load(x + in->targets[p]);
                store(out->numbers(group) + c * out->data.plane + out->targets[0] + h,
                      ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (float)n);
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
