// Saving to and loading from paths

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_support.hpp"

using namespace io_support;
namespace fs = std::filesystem;

// New folder, removed at the end
class TemporaryFolder {
public:
    TemporaryFolder() {
        auto pattern = (fs::temp_directory_path() / "metatensor-io-XXXXXX").string();
        path_ = CHECK_NOT_NULL(mkdtemp(pattern.data()));
    }
    ~TemporaryFolder() { fs::remove_all(path_); }

    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    size_t count() const {
        return static_cast<size_t>(std::distance(fs::directory_iterator(path_), {}));
    }

private:
    fs::path path_;
};

static Bytes read_file(const std::string& path) {
    auto file = std::ifstream(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

static void write_file(const std::string& path, const Bytes& bytes) {
    auto file = std::ofstream(path, std::ios::binary);
    file.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())
    );
}

static mode_t mode(const std::string& path) {
    struct stat status = {};
    CHECK_EQ(stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
}

static Block large_block() {
    return block(
        array<double>({300, 1000}, std::vector<double>(300000, 1.5)),
        range("s", 300),
        {},
        range("p", 1000)
    );
}

static void test_same_bytes() {
    auto folder = TemporaryFolder();
    auto path = folder / "file";

    auto labels = range("a", 12);
    CHECK_SUCCESS(mts_labels_save(path.c_str(), labels.get()));
    CHECK_EQ(read_file(path), saved(labels));
    CHECK_EQ(saved(own(mts_labels_load(path.c_str()))), saved(labels));

    auto block = large_block();
    CHECK_SUCCESS(mts_block_save(path.c_str(), block.get()));
    CHECK(read_file(path) == saved(block));
    CHECK(saved(own(mts_block_load(path.c_str(), create_array))) == saved(block));

    auto tensor = full_tensor();
    CHECK_SUCCESS(mts_tensormap_save(path.c_str(), tensor.get()));
    CHECK_EQ(read_file(path), saved(tensor));
    CHECK_EQ(saved(own(mts_tensormap_load(path.c_str(), create_array))), saved(tensor));

    CHECK_EQ(folder.count(), 1U);
}

static void test_permissions() {
    auto folder = TemporaryFolder();
    auto path = folder / "file.mts";
    auto old_mask = umask(027);
    CHECK_SUCCESS(mts_labels_save(path.c_str(), range("a", 2).get()));
    CHECK_EQ(mode(path), 0640U);
    umask(old_mask);

    // an existing file keeps its permissions
    CHECK_EQ(chmod(path.c_str(), 0604), 0);
    CHECK_SUCCESS(mts_labels_save(path.c_str(), range("a", 3).get()));
    CHECK_EQ(mode(path), 0604U);
    CHECK_EQ(read_file(path), saved(range("a", 3)));
}

static void test_links() {
    auto folder = TemporaryFolder();
    auto target = folder / "target.mts";
    auto link = folder / "link.mts";
    fs::create_symlink("target.mts", link);

    // a link to nothing, then to a file
    for (int count : {2, 3}) {
        CHECK_SUCCESS(mts_labels_save(link.c_str(), range("a", count).get()));
        CHECK(fs::is_symlink(link));
        CHECK_EQ(read_file(target), saved(range("a", count)));
        CHECK_EQ(folder.count(), 2U);
    }

    // all the names of a file still are the same file
    auto name = folder / "other-name.mts";
    fs::create_hard_link(target, name);
    CHECK_SUCCESS(mts_labels_save(name.c_str(), range("a", 1).get()));
    CHECK_EQ(read_file(target), saved(range("a", 1)));
    CHECK_EQ(fs::hard_link_count(target), 2U);
    CHECK_EQ(folder.count(), 3U);
}

static void test_failure_changes_nothing() {
    auto folder = TemporaryFolder();
    auto path = folder / "file.mts";
    CHECK_SUCCESS(mts_labels_save(path.c_str(), range("a", 2).get()));

    // the first block is fine, the second one can not be saved
    auto properties = range("p", 1);
    auto values = block(array<double>({1, 1}, {1}), range("s", 1), {}, properties);
    auto data = array<double>({1, 1}, {1});
    data.as_dlpack = nullptr;
    auto gradient = block(data, range("sample", 1), {}, properties);
    CHECK_SUCCESS(mts_block_add_gradient(values.get(), "g", gradient.release()));
    CHECK(mts_block_save(path.c_str(), values.get()) != MTS_SUCCESS);
    CHECK_EQ(read_file(path), saved(range("a", 2)));
    CHECK_EQ(folder.count(), 1U);

    CHECK(mts_block_save((folder / "new.mts").c_str(), values.get()) != MTS_SUCCESS);
    CHECK_EQ(folder.count(), 1U);
}

static void test_bad_paths() {
    auto folder = TemporaryFolder();
    auto missing = folder / "missing/file.mts";
    auto labels = range("a", 2);
    for (const auto& path : {missing, folder / "", std::string()}) {
        CHECK_STATUS(mts_labels_save(path.c_str(), labels.get()), MTS_IO_ERROR);
        CHECK(check::contains(check::last_error_message(), "'" + path + "'"));
        CHECK_NULL(mts_labels_load(path.c_str()), "io error");
        CHECK(check::contains(check::last_error_message(), "'" + path + "'"));
        CHECK_NULL(mts_block_load(path.c_str(), create_array), "io error");
        CHECK_NULL(mts_tensormap_load(path.c_str(), create_array), "io error");
    }
    CHECK_NULL(mts_labels_load("/dev/zero"), "io error");
    CHECK_EQ(folder.count(), 0U);
}

static void test_empty_file() {
    auto folder = TemporaryFolder();
    auto path = folder / "empty.mts";
    write_file(path, {});
    CHECK_NULL(mts_labels_load(path.c_str()), "serialization format error");
    CHECK_NULL(mts_block_load(path.c_str(), create_array), "serialization format error");
    CHECK_NULL(mts_tensormap_load(path.c_str(), create_array), "serialization format error");
    CHECK(check::contains(check::last_error_message(), "'" + path + "'"));
}

static void test_pipes() {
    auto folder = TemporaryFolder();
    auto path = folder / "pipe";
    CHECK_EQ(mkfifo(path.c_str(), 0600), 0);

    auto original = large_block();
    auto received = Bytes();
    auto reader = std::thread([&] { received = read_file(path); });
    CHECK_SUCCESS(mts_block_save(path.c_str(), original.get()));
    reader.join();
    CHECK(received == saved(original));

    auto writer = std::thread([&] { write_file(path, received); });
    auto loaded = own(mts_block_load(path.c_str(), create_array));
    writer.join();
    CHECK_NOT_NULL(loaded.get());
    CHECK(saved(loaded) == received);
    CHECK(fs::is_fifo(path));
}

int main() {
    test_same_bytes();
    test_permissions();
    test_links();
    test_failure_changes_nothing();
    test_bad_paths();
    test_empty_file();
    test_pipes();
    CHECK_EQ(live_arrays.load(), 0);
}
