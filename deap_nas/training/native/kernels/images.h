// The data set, and the way from there into a network: 16 images side by side.
#pragma once
#include "maps.h"
#include <vector>

struct Move {  // of an image, as Python draws it (see moves.py)
    int8_t mirrored, down, right;
};

struct Images {
    const void *pixels = nullptr;  // [image][row][column][channel]: 0..255, or floats
    const int32_t *labels = nullptr;
    const Move *moves = nullptr;   // of each image; none are moved without
    bool whole = false;            // bytes
    int height = 0, width = 0, channels = 0;
    int each = 0;                  // pixels of an image, channels counted
    std::vector<float> moved;      // room for 16 images that are
    std::vector<int> places;       // of each pixel, in a map

    void swap(Images &others) {  // the places stay: the shape is the same
        std::swap(pixels, others.pixels), std::swap(labels, others.labels), std::swap(whole, others.whole);
        std::swap(moves, others.moves);
    }

    void prepare(const Map &m) {
        places.clear();
        height = m.height, width = m.width, channels = m.channels;
        each = height * width * channels;
        moved.resize((size_t)LANES * each);
        for (int i = 0; i < m.height; i++)
            for (int j = 0; j < m.width; j++)
                for (int c = 0; c < m.channels; c++) places.push_back(c * m.plane + m.place(i, j));
    }

    void read(const int32_t *chosen, int live, float *to) {
        if (whole) return read_bytes(chosen, live, to);
        const float *from[LANES];
        find(chosen, live, from);
        for (int i = 0; i < LANES; i++)
            for (int p = 0; p < each; p++) to[places[p] + i] = i < live ? from[i][p] : 0.0f;
    }

    // Where the pixels of 16 images are, moved where they are to be.
    template <class T>
    void find(const int32_t *chosen, int live, const T **from) {
        for (int i = 0; i < LANES; i++) {
            const int image = chosen[i < live ? i : 0];
            from[i] = (const T *)pixels + (size_t)image * each;
            if (!moves || i >= live) continue;
            T *to = (T *)moved.data() + (size_t)i * each;
            move(from[i], moves[image], to);
            from[i] = to;
        }
    }
    // Mirrored, then shifted; what comes in is 0.
    template <class T>
    void move(const T *from, Move by, T *to) const {
        memset(to, 0, each * sizeof(T));
        const int first = std::max(0, (int)by.right), last = std::min(width, width + by.right);
        const int top = std::max(0, (int)by.down), bottom = std::min(height, height + by.down);
        for (int i = top; i < bottom && first < last; i++) {
            const T *row = from + (size_t)(i - by.down) * width * channels;
            T *target = to + (size_t)i * width * channels;
            if (!by.mirrored) {
                memcpy(target + first * channels, row + (first - by.right) * channels,
                       (size_t)(last - first) * channels * sizeof(T));
                continue;
            }
            for (int j = first; j < last; j++)
                for (int c = 0; c < channels; c++)
                    target[j * channels + c] = row[(width - 1 - (j - by.right)) * channels + c];
        }
    }

    typedef uint8_t bytes __attribute__((vector_size(16)));
    static bytes low(bytes a, bytes b) {
        return __builtin_shuffle(a, b, (bytes){0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23});
    }
    static bytes high(bytes a, bytes b) {
        return __builtin_shuffle(a, b, (bytes){8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31});
    }
    // 16 images' 16 pixels become 16 pixels' 16 images: four rounds of riffling rows 8 apart.
    static void transpose(bytes *rows) {
        bytes other[16];
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < 8; i++) {
                other[2 * i] = low(rows[i], rows[i + 8]);
                other[2 * i + 1] = high(rows[i], rows[i + 8]);
            }
            memcpy(rows, other, sizeof other);
        }
    }

    void read_bytes(const int32_t *chosen, int live, float *to) {
        const uint8_t *from[LANES];
        find(chosen, live, from);
        for (int first = 0; first < each; first += 16) {
            const int n = std::min(16, each - first);
            bytes rows[16] = {};
            for (int i = 0; i < live; i++) memcpy(&rows[i], from[i] + first, n);
            transpose(rows);
            for (int p = 0; p < n; p++)
                for (int h = 0; h < LANES; h += W) store(to + places[first + p] + h, share(rows[p], h));
        }
    }
    // x / 255, rounded as a division is: the product's error is put right.
    static vec share(bytes row, int h) {
        typedef uint8_t few __attribute__((vector_size(W)));
        few part;
        memcpy(&part, (uint8_t *)&row + h, sizeof part);
        vec x = __builtin_convertvector(__builtin_convertvector(part, ivec), vec), r = splat(1.0f / 255.0f), q = x * r;
        return fma(fma(q, splat(-255.0f), x), r, q);
    }
};
