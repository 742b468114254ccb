// The C interface that Python calls (see library.py). Numbers go in and out as plain arrays.
#include "network.h"
#include <chrono>

#define PUBLIC extern "C" __attribute__((visibility("default")))

PUBLIC void *deap_nas_make(const Step *plan, int n, int height, int width, int channels, int classes,
                           int batch, const Training *training, uint32_t seed, double *bytes) {
    try {
        auto made = std::make_unique<Network>(plan, n, height, width, channels, classes, batch,
                                              *training, seed);
        *bytes = made->bytes();
        return made.release();
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

PUBLIC int deap_nas_allocate(void *net) {
    try {
        static_cast<Network *>(net)->allocate();
        return 1;
    } catch (const std::bad_alloc &) {
        return 0;
    }
}

PUBLIC void deap_nas_free(void *net) { delete static_cast<Network *>(net); }

PUBLIC void deap_nas_sizes(void *net, int *weights, int *moving) {
    *weights = static_cast<Network *>(net)->n_weights, *moving = static_cast<Network *>(net)->n_moving;
}

PUBLIC float *deap_nas_numbers(void *net, int which) {
    auto *n = static_cast<Network *>(net);
    return which == 0 ? n->weights.data() : which == 1 ? n->moving.data() : n->gradient.data();
}

PUBLIC void deap_nas_images(void *net, const void *pixels, int whole, const int32_t *labels,
                            const float *class_weights) {
    auto *n = static_cast<Network *>(net);
    n->targets.class_weights = class_weights;
    n->images.pixels = pixels, n->images.whole = whole, n->images.labels = labels;
}

PUBLIC double deap_nas_train(void *net, const int32_t *order, int n, const float *rates,
                             const Move *moves, int64_t *right) {
    Result all = static_cast<Network *>(net)->train(order, n, rates, moves);
    *right = all.right;
    return all.loss;
}

PUBLIC double deap_nas_gradient(void *net, const int32_t *order, int n) {
    FlushDenormals flush;
    return static_cast<Network *>(net)->pass(order, n).loss;
}

PUBLIC double deap_nas_score(void *net, const void *pixels, int whole, const int32_t *labels, int n,
                             int32_t *found) {
    Images others;
    others.pixels = pixels, others.whole = whole, others.labels = labels;
    return static_cast<Network *>(net)->score(others, n, found).loss;
}

// y = f(x), for the tests of functions.
PUBLIC void deap_nas_function(int which, const float *x, float *y, int n) {
    for (int i = 0; i + W <= n; i += W) {
        vec v, r;
        memcpy(&v, x + i, sizeof v);
        switch (which) {
            case 0: r = exp(v); break;
            case 1: r = log(v); break;
            case 2: r = tanh(v); break;
            case 3: r = erf(v); break;
            default: r = fma(v, v + 1.0f, splat(-1.0f) / v);
        }
        memcpy(y + i, &r, sizeof r);
    }
}

// Multiply-adds a second of this core when nothing else keeps it busy.
PUBLIC double deap_nas_peak(int rounds) {
    vec sums[12];
    for (int i = 0; i < 12; i++) sums[i] = splat(i);
    vec a = splat(0.999f), b = splat(1e-3f);
    auto start = std::chrono::steady_clock::now();
    for (int r = 0; r < rounds; r++) {
        UNROLL for (int i = 0; i < 12; i++) sums[i] = fma(sums[i], a, b);
        asm volatile("" : "+x"(a), "+x"(b));
    }
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    vec total = {};
    for (int i = 0; i < 12; i++) total = total + sums[i];
    volatile float keep = total[0];
    (void)keep;
    return 12.0 * W * rounds / took.count();
}

// The best variant that this CPU can run: 0 baseline, 1 AVX2, 2 AVX-512.
PUBLIC int deap_nas_level() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return 2;
    if (__builtin_cpu_supports("x86-64-v3")) return 1;
#endif
    return 0;
}
