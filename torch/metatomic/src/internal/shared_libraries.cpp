// This file only depends on the platform, so that it can be compiled on its own in tests
#include "shared_libraries.hpp"

#if defined(__APPLE__)

#include <mach-o/dyld.h>

std::vector<std::string> metatomic_torch::details::get_loaded_libraries() {
    std::vector<std::string> libraries;
    for (uint32_t i = 0; i < _dyld_image_count(); i++) {
        // another thread can unload libraries
        const auto* path = _dyld_get_image_name(i);
        if (path != nullptr) {
            libraries.emplace_back(path);
        }
    }
    return libraries;
}

#else

#include <link.h>

static int add_library_path(dl_phdr_info* info, size_t /*size*/, void* data) {
    // the main program comes with an empty name
    if (info->dlpi_name != nullptr && info->dlpi_name[0] != '\0') {
        static_cast<std::vector<std::string>*>(data)->emplace_back(info->dlpi_name);
    }
    return 0;
}

std::vector<std::string> metatomic_torch::details::get_loaded_libraries() {
    std::vector<std::string> libraries;
    dl_iterate_phdr(add_library_path, &libraries);
    return libraries;
}

#endif
