#include <filesystem>

#include <unistd.h>

#include <metatomic/torch.hpp>

#include "check.hpp"

using namespace metatomic_torch;

/// A file in the temporary directory, removed at the end of the test
class TemporaryFile {
public:
    TemporaryFile(const std::string& name) : path_(std::filesystem::temp_directory_path() / name) {}
    ~TemporaryFile() { std::filesystem::remove(path_); }

    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

static void save_module(const std::string& path, const torch::jit::ExtraFilesMap& extra) {
    auto module = torch::jit::Module("example");
    module.define("def forward(self, x: int) -> int:\n    return 2 * x\n");
    module.save(path, extra);
}

static void load_model(const std::string& path) {
    auto metadata = ModelMetadataHolder();
    metadata.name = "name";
    metadata.authors = {"someone"};
    save_module(path, {{"metatomic-version", version()}, {"model-metadata", metadata.to_json()}});

    EXPECT_EQ(read_model_metadata(path)->print(), metadata.print());
    check_atomistic_model(path);

    auto model = load_atomistic_model(path);
    EXPECT_EQ(model.forward({21}).toInt(), 42);
    // engines use an empty string when there is no such directory
    model = load_atomistic_model(path, "");
    EXPECT_EQ(model.forward({21}).toInt(), 42);
}

static void not_a_model(const std::string& path) {
    save_module(path, {});
    auto message = "the file at '" + path + "' is not a metatomic model";
    EXPECT_THROWS(check_atomistic_model(path), c10::ValueError, message);
    EXPECT_THROWS(load_model_extensions(path, torch::nullopt), c10::ValueError, message);
    EXPECT_THROWS(load_atomistic_model(path), c10::ValueError, message);
    EXPECT_THROWS(
        read_model_metadata(path), c10::ValueError, "could not find the metadata of a model"
    );

    std::filesystem::remove(path);
    EXPECT_THROWS(load_atomistic_model(path), c10::Error, "");
}

int main() {
    auto file = TemporaryFile("metatomic-test-archives-" + std::to_string(getpid()) + ".pt");
    load_model(file.path());
    not_a_model(file.path());
}
