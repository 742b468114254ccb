// The kernels without Python: trainings are read from standard input, one after the other, and what
// they gave is written. For compilers and machines that no Python here can load a library of; see
// native_driver.py, which writes what is read here.
#include <cstdio>
#include <cstdlib>
#include "native.cpp"

template <class T>
std::vector<T> take(size_t n) {
    std::vector<T> found(n);
    if (n && fread(found.data(), sizeof(T), n, stdin) != n) exit(3);
    return found;
}

template <class T>
void give(const T *numbers, size_t n) {
    if (n) fwrite(numbers, sizeof(T), n, stdout);
}

int main() {
    int32_t about[11];  // as in native_driver.py
    while (fread(about, sizeof about, 1, stdin) == 1) {
        auto [steps, height, width, channels, classes, batch, seed, whole, n, epochs, moved] = about;
        const Training training = take<Training>(1)[0];
        const auto class_weights = take<float>(classes);
        const auto plan = take<Step>(steps);
        const size_t pixels = (size_t)n * height * width * channels;
        const auto bytes = take<uint8_t>(whole ? pixels : 0);
        const auto floats = take<float>(whole ? 0 : pixels);
        const auto labels = take<int32_t>(n);
        const void *images = whole ? (const void *)bytes.data() : floats.data();
        double size;
        void *net = deap_nas_make(plan.data(), steps, height, width, channels, classes, batch, &training,
                                  seed, &size);
        if (!net || !deap_nas_allocate(net)) return 4;
        int weights, moving;
        deap_nas_sizes(net, &weights, &moving);
        for (int which = 0; which < 2; which++) {
            const auto start = take<float>(which ? moving : weights);
            std::copy(start.begin(), start.end(), deap_nas_numbers(net, which));
        }
        deap_nas_images(net, images, whole, labels.data(), class_weights.data());
        for (int epoch = 0; epoch < epochs; epoch++) {
            const auto order = take<int32_t>(n);
            const auto rates = take<float>((n + batch - 1) / batch);
            const auto moves = take<Move>(moved ? n : 0);
            int64_t right;
            const Move *by = moved ? moves.data() : nullptr;
            const double loss = deap_nas_train(net, order.data(), n, rates.data(), by, &right) / n;
            give(&loss, 1);
        }
        std::vector<int32_t> answers(n);
        const double loss = deap_nas_score(net, images, whole, labels.data(), n, answers.data()) / n;
        give(&loss, 1);
        give(answers.data(), n);
        give(deap_nas_numbers(net, 0), weights);
        give(deap_nas_numbers(net, 1), moving);
        deap_nas_free(net);
    }
}
