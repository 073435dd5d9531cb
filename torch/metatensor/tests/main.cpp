#include <cstdio>

#include "expect.hpp"

int main(int argc, char** argv) {
    if (argc != 2 || expect::registry().count(argv[1]) == 0) {
        std::fprintf(stderr, "usage: %s <group of tests>\n", argv[0]);
        return 2;
    }

    int failures = 0;
    for (const auto& test : expect::registry()[argv[1]]) {
        try {
            test.run();
        } catch (const std::exception& e) {
            std::fprintf(stderr, "FAILED %s: %s\n", test.name.c_str(), e.what());
            failures += 1;
        }
    }
    return failures == 0 ? 0 : 1;
}
