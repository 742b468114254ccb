// A network: its operations, a batch forward and backward, and the optimizer's step.
#pragma once
#include <cmath>
#include "images.h"
#include "loss.h"
#include "simple.h"

enum What { CONVOLUTION, DEPTHWISE, NORMALISATION, MAXIMUM, AVERAGE, DROPOUT, GLOBAL, SAVE, ADD, DENSE };

struct Step {  // of a plan, as Python gives it (see plan.py)
    int32_t what, filters, kernel, stride, same, bias, activation;
    float number;  // momentum of normalisation, rate of dropout
};

struct Training {  // of a recipe, as Python gives it (see library.py)
    int32_t optimizer;  // 0: momentum, 1: Adam, 2: RMSprop
    float momentum, label_smoothing, weight_decay;
};

struct Network {
    int n_classes, batch_size;
    Training training;
    Targets targets;
    uint32_t seed;
    Images images;
    Value input;
    std::vector<std::unique_ptr<Operation>> operations;
    int last_cut = -1;  // the operation after which no batch is looked at as a whole
    int n_weights = 0, n_moving = 0;
    std::vector<float> weights, moving, gradient, slots[2];
    Memory lanes;
    double powers[2] = {1, 1};  // of Adam's betas
    uint32_t steps = 0;

    Network(const Step *plan, int n, int height, int width, int channels, int classes, int size,
            const Training &t, uint32_t s)
        : n_classes(classes), batch_size(size), training(t), seed(s), input(channels, height, width) {
        targets.smoothing = training.label_smoothing;
        input.wants_grad = false;
        Value *x = &input;
        std::vector<Value *> saved;
        bool after_save = false;
        for (int i = 0; i < n; i++) {
            if (plan[i].what == SAVE) {
                saved.push_back(x);
                x->saved = true;
                after_save = true;
                continue;
            }
            add(plan[i], i, x, saved);
            operations.back()->adds = after_save;
            after_save = false;
            x = operations.back()->out;
            if (operations.back()->is_cut()) {
                add_second_half(plan[i]);
                x = operations.back()->out;
            }
        }
        lay_out();
    }

    void add(const Step &s, int index, Value *x, std::vector<Value *> &saved) {
        auto push = [&](Operation *made) { operations.emplace_back(made); };
        switch (s.what) {
            case CONVOLUTION:
            case DEPTHWISE: {
                const bool deep = s.what == DEPTHWISE;
                const int filters = deep ? x->data.channels : s.filters;
                return push(new Convolution(x, filters, s.kernel, s.stride, s.same, deep, s.bias,
                                            s.activation));
            }
            case DENSE: return push(new Convolution(x, s.filters, 1, 1, false, false, s.bias, s.activation));
            case NORMALISATION: return push(new Statistics(x, s.number));
            case MAXIMUM: return push(new Pooling(x, s.kernel, true));
            case AVERAGE: return push(new Pooling(x, s.kernel, false));
            case GLOBAL: return push(new GlobalPooling(x));
            case DROPOUT: return push(new Dropout(x, s.number, index));
            case ADD:
                push(new Addition(saved.back(), x));
                saved.pop_back();
        }
    }
    void add_second_half(const Step &s) {
        last_cut = (int)operations.size() - 1;
        auto &first = static_cast<Statistics &>(*operations.back());
        auto *before = operations.size() > 1 ? operations.end()[-2].get() : nullptr;
        if (auto *convolution = dynamic_cast<Convolution *>(before)) {
            convolution->fed = &first;
            first.fed = true;
        }
        operations.emplace_back(new Normalisation(first, s.activation));
    }

    std::vector<Value *> values() {
        std::vector<Value *> found = {&input};
        for (auto &each : operations)
            if (each->out != each->in) found.push_back(each->out);
        return found;
    }

    void lay_out() {
        for (auto &each : operations) {
            each->ask();
            n_weights += each->n_weights, n_moving += each->n_moving;
        }
        // Up to the last cut the whole batch is kept, but for what is rather done again.
        const int groups = (batch_size + LANES - 1) / LANES;
        if (last_cut >= 0) input.slots = input.grads = groups;
        for (int i = 0; i <= last_cut; i++) {
            Operation &each = *operations[i];
            if (each.out == each.in) continue;
            const bool crosses = each.out->saved || operations[i + 1]->is_cut();
            each.again = each.is_cheap() && !crosses;
            each.out->slots = each.again ? 1 : groups;
            each.out->grads = crosses ? groups : 1;
        }
    }

    double bytes() {
        double floats = (double)n_weights * (LANES + 4);
        for (Value *v : values()) floats += v->lay_out();
        return floats * sizeof(float);
    }

    void allocate() {
        for (Value *v : values()) v->lay_out();
        for (Value *v : values()) v->allocate();
        weights.resize(n_weights), gradient.resize(n_weights), moving.resize(n_moving);
        for (auto &slot : slots) slot.assign(n_weights, 0.0f);
        float *of = lanes.take((size_t)n_weights * LANES);
        int w = 0, m = 0;
        for (auto &each : operations) {
            each->at = {weights.data() + w, moving.data() + m, of + (size_t)w * LANES};
            each->prepare({false, batch_size, 0, 0});
            w += each->n_weights, m += each->n_moving;
        }
        images.prepare(input.data);
    }

    void begin() {
        for (auto &each : operations) each->begin();
    }

    // The loss summed over a batch, and how many answers are right; its gradient is in `gradient`.
    Result pass(const int32_t *chosen, int live) {
        const Batch batch = {true, live, seed, steps};
        const int groups = (live + LANES - 1) / LANES, n = (int)operations.size();
        memset(lanes.data, 0, (size_t)n_weights * LANES * sizeof(float));
        begin();
        Result result;
        int first = 0;
        Batch early = batch;
        early.early = true;
        for (int end = 0; end <= last_cut; end++) {
            if (!operations[end]->is_cut()) continue;
            for (int g = 0; g < groups; g++) {
                if (!first) read(chosen, batch, g);
                for (int i = first; i <= end; i++) operations[i]->forward(early, g);
            }
            operations[end]->cut_forward(batch);
            first = end + 1;
        }
        for (int g = 0; g < groups; g++) {
            if (!first) read(chosen, batch, g);
            for (int i = first; i < n; i++) operations[i]->forward(batch, g);
            result.add(loss(*operations.back()->out, g, chosen + g * LANES, batch, images.labels,
                            n_classes, &targets, nullptr));
            for (int i = n - 1; i >= first; i--) operations[i]->backward(batch, g);
        }
        while (first) {
            operations[first]->cut_backward(batch);
            const int end = first - 1;
            first = end;
            while (first && !operations[first - 1]->is_cut()) first--;
            for (int g = 0; g < groups; g++) {
                for (int i = first; i <= end; i++)
                    if (operations[i]->again) operations[i]->forward(batch, g);
                for (int i = end; i >= first; i--) operations[i]->backward(batch, g);
            }
        }
        for (int i = 0; i < n_weights; i++) gradient[i] = sum_lanes(lanes.data + (size_t)i * LANES);
        return result;
    }
    void read(const int32_t *chosen, const Batch &batch, int g) {
        images.read(chosen + g * LANES, batch.lanes(g), input.numbers(g));
    }

    void step(float rate) {  // as Keras's optimizers, in single precision
        steps++;
        float *w = weights.data(), *g = gradient.data(), *m = slots[0].data(), *v = slots[1].data();
        if (training.weight_decay)
            for (int i = 0; i < n_weights; i++) w[i] = w[i] - w[i] * training.weight_decay * rate;
        if (training.optimizer == 0) {
            for (int i = 0; i < n_weights; i++) {
                m[i] = m[i] * training.momentum - g[i] * rate;
                w[i] = w[i] + m[i];
            }
        } else if (training.optimizer == 1) {
            powers[0] *= (double)0.9f, powers[1] *= (double)0.999f;
            const float a = rate * std::sqrt(1.0f - (float)powers[1]) / (1.0f - (float)powers[0]);
            for (int i = 0; i < n_weights; i++) {
                m[i] = m[i] + (g[i] - m[i]) * 0.1f;
                v[i] = v[i] + (g[i] * g[i] - v[i]) * 0.001f;
                w[i] = w[i] - m[i] * a / (std::sqrt(v[i]) + 1e-7f);
            }
        } else {
            for (int i = 0; i < n_weights; i++) {
                v[i] = v[i] * 0.9f + g[i] * g[i] * 0.1f;
                w[i] = w[i] - rate * g[i] * (1.0f / std::sqrt(v[i] + 1e-7f));
            }
        }
    }

    Result train(const int32_t *order, int n, const float *rates, const Move *moves) {
        FlushDenormals flush;
        images.moves = moves;
        Result all;
        for (int first = 0, i = 0; first < n; first += batch_size, i++) {
            all.add(pass(order + first, std::min(batch_size, n - first)));
            step(rates[i]);
        }
        images.moves = nullptr;
        return all;
    }

    Result score(Images others, int n, int32_t *found) {
        FlushDenormals flush;
        images.swap(others);
        begin();
        Result all;
        int32_t chosen[LANES];
        for (int first = 0; first < n; first += LANES) {
            const Batch batch = {false, std::min(LANES, n - first), 0, 0};
            for (int i = 0; i < batch.live; i++) chosen[i] = first + i;
            read(chosen, batch, 0);
            for (auto &each : operations) each->forward(batch, 0);
            all.add(loss(*operations.back()->out, 0, chosen, batch, images.labels, n_classes, nullptr,
                         found + first));
        }
        images.swap(others);
        return all;
    }
};
