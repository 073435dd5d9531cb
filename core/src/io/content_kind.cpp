#include "io/content_kind.hpp"

#include <algorithm>
#include <cctype>

#include "io/archive_members.hpp"
#include "io/npy.hpp"
#include "io/zip_reader.hpp"

namespace mts::io {

namespace {

bool has_npy_extension(std::string_view path) {
    constexpr std::string_view EXTENSION = ".npy";
    if (path.size() < EXTENSION.size()) {
        return false;
    }
    auto end = path.substr(path.size() - EXTENSION.size());
    return std::ranges::equal(end, EXTENSION, [](unsigned char a, unsigned char b) {
        return std::tolower(a) == b;
    });
}

} // namespace

std::optional<ContentKind> find_content_kind(Source& source, std::string_view path) {
    if (has_npy_header(source) || has_npy_extension(path)) {
        return ContentKind::Labels;
    }
    try {
        auto archive = ZipReader(source);
        if (archive.contains(KEYS)) {
            return ContentKind::TensorMap;
        }
        if (archive.contains(VALUES)) {
            return ContentKind::TensorBlock;
        }
    } catch (const Error&) {
        // not an archive
    }
    return std::nullopt;
}

} // namespace mts::io
