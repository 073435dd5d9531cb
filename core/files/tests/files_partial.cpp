// Reading parts of files

#include "files_support.hpp"

using namespace files_support;

static Block
read_block(const File& file, const Labels& samples = nullptr, const Labels& properties = nullptr) {
    return own(mts_file_read_block(file.get(), samples.get(), properties.get(), create_array));
}

static void test_content() {
    auto folder = TemporaryFolder();
    auto content = MTS_FILE_LABELS;

    auto block_file = open(folder.file("block", saved(simple_block())));
    CHECK_SUCCESS(mts_file_content(block_file.get(), &content));
    CHECK(content == MTS_FILE_BLOCK);
    CHECK_NULL(mts_file_keys(block_file.get()), "use `load_block` to load TensorBlock");

    auto tensor_file = open(folder.file("tensor", saved(full_tensor())));
    CHECK_SUCCESS(mts_file_content(tensor_file.get(), &content));
    CHECK(content == MTS_FILE_TENSORMAP);
    CHECK_EQ(saved(own(mts_file_keys(tensor_file.get()))), saved(labels({"key"}, {7})));

    auto labels_file = open(folder.file("labels", saved(range("a", 3))));
    CHECK_SUCCESS(mts_file_content(labels_file.get(), &content));
    CHECK(content == MTS_FILE_LABELS);
    CHECK_NULL(
        mts_file_read_block(labels_file.get(), nullptr, nullptr, create_array),
        "use `load_labels` to load Labels"
    );

    CHECK(open(folder.file("nothing", Bytes())) == nullptr);
    CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
    CHECK(open(folder / "missing") == nullptr);
    CHECK_EQ(last_status(), MTS_IO_ERROR);
    CHECK(open(folder / "") == nullptr);
    CHECK_EQ(last_status(), MTS_IO_ERROR);
    CHECK_EQ(check::last_error_origin(), std::string("metatensor-files"));
}

// Without selections, everything is read
static void test_everything() {
    auto folder = TemporaryFolder();
    auto tensor = full_tensor();
    auto file = open(folder.file("tensor", saved(tensor)));
    auto read = own(mts_file_read_tensormap(file.get(), nullptr, nullptr, nullptr, create_array));
    CHECK_EQ(saved(read), saved(tensor));
}

static void test_selections() {
    auto folder = TemporaryFolder();
    auto file = open(folder.file("block", saved(numbered_block<double>())));

    // in the order of the selection, since all dimensions are selected
    auto samples = read_block(file, labels({"s"}, {3, 9, 1}));
    CHECK_EQ(
        elements<double>(values_of(samples)),
        (std::vector<double>{18, 19, 20, 21, 22, 23, 6, 7, 8, 9, 10, 11})
    );
    CHECK_EQ(saved(own(mts_block_labels(samples.get(), 0))), saved(labels({"s"}, {3, 1})));

    // in the order of the file for properties
    auto both = read_block(file, labels({"s"}, {2}), labels({"p"}, {2, 0}));
    CHECK_EQ(elements<double>(values_of(both)), (std::vector<double>{12, 14, 15, 17}));
    CHECK_EQ(saved(own(mts_block_labels(both.get(), 2))), saved(labels({"p"}, {0, 2})));

    auto nothing = read_block(file, labels({"s"}, {}), labels({"p"}, {7}));
    CHECK_EQ(saved(own(mts_block_labels(nothing.get(), 0))), saved(labels({"s"}, {})));
    CHECK_EQ(saved(own(mts_block_labels(nothing.get(), 2))), saved(labels({"p"}, {})));

    CHECK_NULL(read_block(file, range("z", 1)).get(), "in `samples`: the dimension 'z'");
    CHECK_NULL(
        read_block(file, nullptr, range("s", 1)).get(), "in `properties`: the dimension 's'"
    );
}

static void test_gradients() {
    auto folder = TemporaryFolder();
    auto file = open(folder.file("tensor", saved(full_tensor())));
    auto tensor = own(mts_file_read_tensormap(
        file.get(), nullptr, labels({"s"}, {1}).get(), labels({"p"}, {1}).get(), create_array
    ));
    mts_block_t* block = nullptr;
    mts_block_t* gradient = nullptr;
    mts_block_t* nested = nullptr;
    CHECK_SUCCESS(mts_tensormap_block_by_id(tensor.get(), &block, 0));
    CHECK_SUCCESS(mts_block_gradient(block, "pos", &gradient));
    CHECK_EQ(saved(own(mts_block_labels(gradient, 0))), saved(labels({"sample", "k"}, {0, -1})));
    auto array = mts_array_t{};
    CHECK_SUCCESS(mts_block_data(gradient, &array));
    CHECK_EQ(elements<float>(array), (std::vector<float>{7, 9, 11}));

    // its only row belongs to the first row of the gradient, which was not selected
    CHECK_SUCCESS(mts_block_gradient(gradient, "n", &nested));
    CHECK_EQ(saved(own(mts_block_labels(nested, 0))), saved(labels({"sample"}, {})));

    CHECK_SUCCESS(mts_block_gradient(block, "A", &gradient));
    CHECK_EQ(saved(own(mts_block_labels(gradient, 0))), saved(labels({"sample"}, {0})));
}

static void test_keys() {
    auto folder = TemporaryFolder();
    auto blocks = std::vector<Block>();
    for (int i = 0; i < 3; i++) {
        blocks.push_back(numbered_block<float>());
    }
    auto file = open(folder.file("tensor", saved(tensor(std::move(blocks)))));
    auto read = [&](const Labels& keys) {
        return own(mts_file_read_tensormap(file.get(), keys.get(), nullptr, nullptr, create_array));
    };
    auto some = read(labels({"key"}, {9, 7}));
    CHECK_EQ(saved(own(mts_tensormap_keys(some.get()))), saved(labels({"key"}, {7, 9})));
    auto none = read(labels({"key"}, {1}));
    CHECK_EQ(saved(own(mts_tensormap_keys(none.get()))), saved(labels({"key"}, {})));
    CHECK_NULL(read(range("z", 1)).get(), "in `keys`: the dimension 'z'");
}

static void test_samples_by_position() {
    auto folder = TemporaryFolder();
    auto file = open(folder.file("block", saved(numbered_block<int16_t>())));
    auto read = [&](uintptr_t block, uintptr_t first, uintptr_t count) {
        return own(mts_file_read_samples(file.get(), block, first, count, create_array));
    };
    CHECK_EQ(
        elements<int16_t>(values_of(read(0, 1, 1))), (std::vector<int16_t>{6, 7, 8, 9, 10, 11})
    );
    CHECK_EQ(saved(read(0, 0, 4)), saved(numbered_block<int16_t>()));
    CHECK(elements<int16_t>(values_of(read(0, 4, 0))).empty());
    CHECK_NULL(read(0, 4, 1).get(), "can not read 1 samples from position 4: there are 4");
    CHECK_NULL(read(0, 1, ~uintptr_t{0}).get(), "there are 4");
    CHECK_NULL(read(1, 0, 0).get(), "can not read block 1");
}

// `create_array` can give arrays with any strides
static void test_strided_arrays() {
    auto folder = TemporaryFolder();
    auto file = open(folder.file("block", saved(numbered_block<double>())));
    auto create_transposed = [](const uintptr_t* shape,
                                uintptr_t count,
                                DLDataType dtype,
                                mts_array_t* result) -> mts_status_t {
        auto axes = std::vector<uintptr_t>(shape, shape + count);
        auto data = Bytes(byte_size(axes, dtype));
        auto array = std::make_unique<TestArray>(axes, dtype, std::move(data));
        int64_t stride = 1;
        for (auto size : axes) {
            array->strides.push_back(stride);
            stride *= static_cast<int64_t>(size);
        }
        *result = to_mts_array(std::move(array));
        return MTS_SUCCESS;
    };
    auto selection = labels({"s"}, {3, 0});
    auto transposed =
        own(mts_file_read_block(file.get(), selection.get(), nullptr, create_transposed));
    CHECK_EQ(saved(transposed), saved(read_block(file, selection)));
}

static void test_callback_failures() {
    auto folder = TemporaryFolder();
    auto file = open(folder.file("tensor", saved(full_tensor())));
    auto read = [&](mts_create_array_callback_t create) {
        return mts_file_read_tensormap(
            file.get(), nullptr, labels({"s"}, {1}).get(), nullptr, create
        );
    };
    CHECK_NULL(
        read([](const uintptr_t*, uintptr_t, DLDataType, mts_array_t*) -> mts_status_t {
            mts_set_last_error("no more arrays", "the test", nullptr, nullptr);
            return static_cast<mts_status_t>(-42);
        }),
        "no more arrays"
    );
    CHECK_EQ(check::last_error_origin(), std::string("the test"));
    CHECK_NULL(
        read([](const uintptr_t* shape, uintptr_t count, DLDataType, mts_array_t* array) {
            return create_array(shape, count, dtype_of<double>(), array);
        }),
        "`create_array` was asked for an array of f32"
    );
    CHECK_NULL(
        read([](const uintptr_t* shape, uintptr_t count, DLDataType dtype, mts_array_t* array) {
            auto axes = std::vector<uintptr_t>(shape, shape + count);
            axes.front() += 1;
            return create_array(axes.data(), count, dtype, array);
        }),
        "`create_array` was asked for an array of shape"
    );
    CHECK_NULL(read(nullptr), "create_array");
    CHECK_NULL(mts_file_open(nullptr), "path");
    CHECK_NULL(mts_file_read_block(nullptr, nullptr, nullptr, create_array), "file");
}

int main() {
    test_content();
    test_everything();
    test_selections();
    test_gradients();
    test_keys();
    test_samples_by_position();
    test_strided_arrays();
    test_callback_failures();
    CHECK_EQ(live_arrays.load(), 0);
}
