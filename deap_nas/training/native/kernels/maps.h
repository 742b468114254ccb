// Feature maps of 16 images at a time, [channel][row][column][image], with a border of zeros.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <new>
#include <vector>
#ifdef __linux__
#include <sys/mman.h>
#endif
#include "lanes.h"

struct Memory {  // of one allocation, zeros at first
    float *data = nullptr;
    Memory() = default;
    Memory(const Memory &) = delete;
    ~Memory() { free(data); }
    float *take(size_t floats) {
        const size_t page = floats < 1 << 20 ? 64 : 1 << 21;  // large ones in large pages
        const size_t bytes = (floats * sizeof(float) + page) / page * page;
        free(data);
        data = (float *)aligned_alloc(page, bytes);
        if (!data) throw std::bad_alloc();
#ifdef __linux__
        if (page > 64) madvise(data, bytes, MADV_HUGEPAGE);
#endif
        memset(data, 0, bytes);
        return data;
    }
};

struct Map {
    int channels = 0, height = 0, width = 0;
    int top = 0, left = 0, bottom = 0, right = 0;  // the border
    int row = 0, plane = 0;                        // floats from one to the next
    size_t size = 0;                               // floats of 16 images
    Memory memory;

    void border(int t, int l, int b, int r) {  // at least
        top = std::max(top, t), left = std::max(left, l);
        bottom = std::max(bottom, b), right = std::max(right, r);
    }
    void lay_out() {
        const double rows = top + height + bottom, columns = left + width + right;
        if ((rows * columns + 1) * channels * LANES > INT32_MAX) throw std::bad_alloc();  // of places
        row = (left + width + right) * LANES;
        plane = (top + height + bottom) * row;
        if (plane / LANES % 2 == 0) plane += LANES;  // planes must not share one set of the cache
        size = (size_t)channels * plane;
    }
    int place(int i, int j) const { return (top + i) * row + (left + j) * LANES; }
    int places() const { return height * width; }
};

// What flows from one operation to the next: numbers, and the loss's gradient by them.
struct Value {
    Map data, grad;
    Memory slopes;  // of an activation that keeps them, [channel][place][image]
    bool keeps_slopes = false, wants_grad = true;
    bool saved = false;          // for a skip
    int slots = 1, grads = 1;    // groups of 16 images whose numbers and gradients are kept at once
    Value *shared = nullptr;     // whose gradient is used in place of an own
    std::vector<int> targets, sources;  // places of data and grad, row by row

    Value(int c, int h, int w) {
        for (Map *m : {&data, &grad}) m->channels = c, m->height = h, m->width = w;
    }
    int slot(int group) const { return slots == 1 ? 0 : group; }
    float *numbers(int group) { return data.memory.data + slot(group) * data.size; }
    float *gradient(int group) {
        if (shared) return shared->gradient(group);
        return grad.memory.data + (grads == 1 ? 0 : group) * grad.size;
    }
    Map &grad_map() { return shared ? shared->grad_map() : grad; }
    size_t slope_size() const { return (size_t)data.channels * data.places() * LANES; }
    float *slope(int group) { return slopes.data + slot(group) * slope_size(); }
    double lay_out() {  // floats that allocate() takes
        data.lay_out(), grad.lay_out();
        const double gradient = wants_grad && !shared ? (double)grads * grad.size : 0;
        return (double)slots * (data.size + (keeps_slopes ? slope_size() : 0)) + gradient;
    }
    void allocate() {
        data.memory.take(slots * data.size);
        if (wants_grad && !shared) grad.memory.take(grads * grad.size);
        if (keeps_slopes) slopes.take(slots * slope_size());
        for (int i = 0; i < data.height; i++)
            for (int j = 0; j < data.width; j++) {
                targets.push_back(data.place(i, j));
                sources.push_back(grad_map().place(i, j));
            }
    }
};
