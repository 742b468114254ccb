// Softmax cross-entropy (mean over the batch), from what the last layer gives.
#pragma once
#include "functions.h"
#include "operations.h"

struct Result {
    double loss = 0;
    int64_t right = 0;
    void add(const Result &other) { loss += other.loss, right += other.right; }
};

struct Targets {  // what training asks for beside the labels
    float smoothing = 0;                  // share of a label that all classes have alike
    const float *class_weights = nullptr;  // of an image's loss, by its label; all 1 without
};

// Of a group; its gradient goes into v in training, and the answers to `found`.
static Result loss(Value &v, int group, const int32_t *chosen, const Batch &batch, const int32_t *labels,
                   int n_classes, const Targets *training, int32_t *found) {
    const int plane = v.data.plane, live = batch.lanes(group);
    const float *z = v.numbers(group) + v.targets[0];
    int32_t wanted[LANES];
    float losses[LANES], weight[LANES], share[LANES];
    int32_t answers[LANES];
    const float smoothing = training ? training->smoothing : 0.0f;
    const float rest = smoothing / n_classes, own_share = 1.0f - smoothing;
    for (int i = 0; i < LANES; i++) {
        wanted[i] = i < live && labels ? labels[chosen[i]] : -1;
        weight[i] = i < live ? 1.0f : 0.0f;
        if (training && training->class_weights && i < live) weight[i] = training->class_weights[wanted[i]];
        share[i] = weight[i] / batch.live;
    }
    for (int h = 0; h < LANES; h += W) {
        ivec label, best = {};
        vec part;
        memcpy(&label, wanted + h, sizeof label);
        memcpy(&part, share + h, sizeof part);
        vec top = load(z + h);
        for (int k = 1; k < n_classes; k++) {
            const vec x = load(z + k * plane + h);
            const ivec more = x > top;
            top = choose(more, x, top);
            best = more ? (ivec{} + k) : best;
        }
        vec sum = {}, own = {}, all = {};
        for (int k = 0; k < n_classes; k++) {
            const vec x = load(z + k * plane + h) - top;
            sum = sum + exp(x);
            own = choose(label == (ivec{} + k), x, own);
            all = all + x;
        }
        if (smoothing) own = own * own_share + all * rest;
        const vec each = log(sum) - own;
        const vec finite = choose(sum == sum, each, sum);
        memcpy(losses + h, &finite, sizeof finite);
        memcpy(answers + h, &best, sizeof best);
        if (!training) continue;
        float *d = v.gradient(group) + v.sources[0] + h;
        for (int k = 0; k < n_classes; k++) {
            const vec p = exp(load(z + k * plane + h) - top) / sum;
            const vec target = choose(label == (ivec{} + k), splat(own_share + rest), splat(rest));
            store(d + k * v.grad_map().plane, (p - target) * part);
        }
    }
    Result result;
    for (int i = 0; i < live; i++) {
        if (labels) result.loss += losses[i] * weight[i];
        result.right += answers[i] == wanted[i];
        if (found) found[i] = answers[i];
    }
    return result;
}
