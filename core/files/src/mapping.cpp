#include "mapping.hpp"

#include <cerrno>

#include <sys/mman.h>

#include "io/errors.hpp"

namespace mts::files {

Mapping::Mapping(const io::File& file, uint64_t size) : size_(static_cast<size_t>(size)) {
    if (static_cast<uint64_t>(file.status().st_size) < size) {
        throw io::io_error("'", file.path(), "' became shorter after it was opened");
    }
    // Nobody should write to this memory. If that happens nevertheless (a tensor can be made from a
    // read-only array without saying so, for example), it must neither end the process nor change
    // the file: the system makes a private copy of the page.
    constexpr int WRITABLE = PROT_READ | PROT_WRITE;
    constexpr int PRIVATE = MAP_PRIVATE | MAP_NORESERVE;
    data_ = ::mmap(nullptr, size_, WRITABLE, PRIVATE, file.descriptor(), 0);
    if (data_ == MAP_FAILED) {
        // some systems are set up to reserve memory for the copies
        data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.descriptor(), 0);
    }
    if (data_ == MAP_FAILED) {
        throw io::file_error("map", file.path(), errno);
    }
}

Mapping::~Mapping() {
    ::munmap(data_, size_);
}

} // namespace mts::files
