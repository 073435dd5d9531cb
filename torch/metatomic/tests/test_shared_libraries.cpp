// this file must be usable on its own, without the rest of the library
#include "../src/internal/shared_libraries.cpp"

#include <algorithm>

#include "check.hpp"

int main() {
    auto libraries = metatomic_torch::details::get_loaded_libraries();
    auto is_loaded = [&](const std::string& name) {
        return std::any_of(libraries.begin(), libraries.end(), [&](const std::string& path) {
            return path.find(name) != std::string::npos;
        });
    };

    EXPECT(is_loaded("libc10"));
    EXPECT(is_loaded("libtorch"));
    EXPECT(!is_loaded("a_library_which_does_not_exist"));
    for (const auto& path : libraries) {
        EXPECT(!path.empty());
    }
}
