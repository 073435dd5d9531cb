// Blocks: values, labels and gradients
#include "objects.hpp"

struct Parts {
    LabelsPtr samples = make_labels({"s", "t"}, {0, 1, 0, 2, 3, 1});
    LabelsPtr c1 = make_labels({"c1"}, {-1, 0, 1, 2});
    LabelsPtr c2 = make_labels({"c2"}, {5, 3});
    LabelsPtr properties = make_labels({"p"}, {7, 8, 9, 1, 2});

    /// All block arguments are good, except for the shape
    mts_block_t* create(const std::vector<uintptr_t>& shape) const {
        return raw_block(
            block_values(shape).to_c(), samples.get(), {c1.get(), c2.get()}, properties.get()
        );
    }
};

static void test_accessors() {
    const Parts parts;
    const BlockPtr block(CHECK_NOT_NULL(parts.create({3, 4, 2, 5})));
    CHECK_EQ(data_of(block.get()).data[119], 119.0);
    CHECK_EQ(names_of(labels_of(block.get(), 0).get()), Names({"s", "t"}));
    CHECK_EQ(values_of(labels_of(block.get(), 0).get()), Values({0, 1, 0, 2, 3, 1}));
    CHECK_EQ(values_of(labels_of(block.get(), 1).get()), Values({-1, 0, 1, 2}));
    CHECK_EQ(values_of(labels_of(block.get(), 2).get()), Values({5, 3}));
    CHECK_EQ(values_of(labels_of(block.get(), 3).get()), Values({7, 8, 9, 1, 2}));
    CHECK_NULL(mts_block_labels(block.get(), 4), "no axis 4");
    CHECK_NULL(mts_block_labels(block.get(), UINTPTR_MAX), "no axis");

    DLDevice device = {};
    DLDataType dtype = {};
    CHECK_SUCCESS(mts_block_device(block.get(), &device));
    CHECK_SUCCESS(mts_block_dtype(block.get(), &dtype));
    CHECK(device.device_type == kDLCPU && device.device_id == 0);
    CHECK(dtype.code == kDLFloat && dtype.bits == 64 && dtype.lanes == 1);
    CHECK_EQ(gradients_of(block.get()), Names());
}

static void test_labels_outlive_the_block() {
    Parts parts;
    BlockPtr block(CHECK_NOT_NULL(parts.create({3, 4, 2, 5})));
    const LabelsPtr samples = labels_of(block.get(), 0);
    block.reset();
    parts.samples.reset();
    CHECK_EQ(values_of(samples.get()), Values({0, 1, 0, 2, 3, 1}));
}

static void test_sizes() {
    const Parts parts;
    CHECK_NULL(parts.create({3, 4, 2}), "3 axes, but there are 4 sets of labels");
    CHECK_NULL(parts.create({3, 4, 2, 1, 5}), "5 axes");
    CHECK_NULL(
        parts.create({4, 4, 2, 5}),
        "axis 0 is 4, but there are 3 entries in the samples labels (s, t)"
    );
    CHECK_NULL(
        parts.create({3, 5, 2, 5}),
        "axis 1 is 5, but there are 4 entries in the components labels (c1)"
    );
    CHECK_NULL(parts.create({3, 4, 3, 5}), "axis 2 is 3");
    CHECK_NULL(
        parts.create({3, 4, 2, 6}),
        "axis 3 is 6, but there are 5 entries in the properties labels (p)"
    );
    CHECK_NULL(
        raw_block(scalar(1).to_c(), parts.samples.get(), {}, parts.properties.get()), "0 axes"
    );
}

static void test_components() {
    const Parts parts;
    const LabelsPtr same_name = make_labels({"c1"}, {5, 3});
    const LabelsPtr two = make_labels({"a", "b"}, {5, 3, 4, 3});
    const LabelsPtr empty = make_labels({"c"}, {});
    CHECK_NULL(
        raw_block(
            block_values({3, 4, 2, 5}).to_c(),
            parts.samples.get(),
            {parts.c1.get(), same_name.get()},
            parts.properties.get()
        ),
        "(c1) twice"
    );
    CHECK_NULL(
        raw_block(
            block_values({3, 2, 5}).to_c(), parts.samples.get(), {two.get()}, parts.properties.get()
        ),
        "one dimension, got 2: (a, b)"
    );
    CHECK_NULL(
        raw_block(
            block_values({3, 0, 5}).to_c(),
            parts.samples.get(),
            {empty.get()},
            parts.properties.get()
        ),
        "'c'"
    );
}

static void test_devices() {
    const Parts parts;
    TestArray values = block_values({3, 2, 5});
    values.device = CUDA;
    const LabelsPtr cuda_samples = make_labels({"s"}, {0, 1, 2}, Layout::RowMajor, CUDA);
    const LabelsPtr cuda_c2 = make_labels({"c2"}, {0, 1}, Layout::RowMajor, CUDA);
    CHECK_NULL(
        raw_block(values.to_c(), parts.samples.get(), {parts.c2.get()}, parts.properties.get()),
        "CUDA:0 for the values and CPU:0 for the samples"
    );
    CHECK_NULL(
        raw_block(values.to_c(), cuda_samples.get(), {parts.c2.get()}, parts.properties.get()),
        "CPU:0 for the components"
    );
    CHECK_NULL(
        raw_block(values.to_c(), cuda_samples.get(), {cuda_c2.get()}, parts.properties.get()),
        "CPU:0 for the properties"
    );
}

static void test_empty_axes() {
    const LabelsPtr none = make_labels({}, {});
    const LabelsPtr empty = make_labels({"p"}, {});
    const BlockPtr block = make_block(none, {}, empty);
    CHECK_EQ(count_of(labels_of(block.get(), 0).get()), 0U);
    CHECK(mts_block(block_values({0, 1}).to_c(), none.get(), nullptr, 0, none.get()) == nullptr);
}

static void test_metadata_only_arrays() {
    const Parts parts;
    const BlockPtr block(CHECK_NOT_NULL(raw_block(
        block_values({3, 5}).metadata_only(), parts.samples.get(), {}, parts.properties.get()
    )));
    const LabelsPtr samples = make_labels({"sample"}, {0, 2});
    CHECK_SUCCESS(mts_block_add_gradient(
        block.get(),
        "g",
        raw_block(block_values({2, 5}).metadata_only(), samples.get(), {}, parts.properties.get())
    ));
    const BlockPtr copy(CHECK_NOT_NULL(mts_block_copy(block.get())));
}

static void test_no_data() {
    TestArray values = block_values({2, 3});
    values.device = META;
    const LabelsPtr samples = assume_unique({"s"}, {0, 1}, META);
    const LabelsPtr properties = assume_unique({"p"}, {0, 1, 2}, META);
    const LabelsPtr other_properties = assume_unique({"p"}, {4, 5, 6}, META);
    const LabelsPtr gradient_samples = assume_unique({"sample"}, {100, 200}, META);
    const int exports = TestArray::calls("as_dlpack");
    const BlockPtr block(
        CHECK_NOT_NULL(raw_block(values.to_c(), samples.get(), {}, properties.get()))
    );
    CHECK_SUCCESS(mts_block_add_gradient(
        block.get(),
        "g",
        raw_block(values.to_c(), gradient_samples.get(), {}, other_properties.get())
    ));
    CHECK_EQ(TestArray::calls("as_dlpack"), exports);
}

static void test_gradients() {
    const Parts parts;
    const BlockPtr block(CHECK_NOT_NULL(parts.create({3, 4, 2, 5})));
    const LabelsPtr samples = make_labels({"sample", "atom"}, {0, 4, 2, 0});
    const LabelsPtr xyz = range("xyz", 3);
    const std::vector<const mts_labels_t*> components = {xyz.get(), parts.c1.get(), parts.c2.get()};
    for (const char* name : {"z", "a", "", "any name, \xc3\xa9"}) {
        BlockPtr gradient = make_block(samples, components, parts.properties, 100);
        CHECK_SUCCESS(mts_block_add_gradient(block.get(), name, gradient.release()));
    }
    CHECK_EQ(gradients_of(block.get()), Names({"z", "a", "", "any name, \xc3\xa9"}));

    mts_block_t* gradient = gradient_of(block.get(), "a");
    CHECK_EQ(data_of(gradient).data[0], 100.0);
    CHECK_EQ(values_of(labels_of(gradient, 0).get()), Values({0, 4, 2, 0}));
    CHECK_EQ(names_of(labels_of(gradient, 1).get()), Names({"xyz"}));

    mts_block_t* unchanged = gradient;
    CHECK_INVALID(mts_block_gradient(block.get(), "nope", &gradient), "'nope'");
    CHECK(gradient == unchanged);

    // gradients of gradients
    const LabelsPtr nested_samples = make_labels({"sample"}, {1});
    BlockPtr nested = make_block(nested_samples, components, parts.properties);
    CHECK_SUCCESS(mts_block_add_gradient(gradient, "nested", nested.release()));
    CHECK_EQ(gradients_of(gradient_of(block.get(), "a")), Names({"nested"}));

    const BlockPtr copy(CHECK_NOT_NULL(mts_block_copy(block.get())));
    CHECK_EQ(gradients_of(copy.get()), gradients_of(block.get()));
    mts_block_t* copied = gradient_of(copy.get(), "a");
    CHECK(&data_of(copied) != &data_of(gradient));
    CHECK_EQ(data_of(copied).data, data_of(gradient).data);
    CHECK_EQ(gradients_of(copied), Names({"nested"}));
    CHECK(labels_of(copy.get(), 0).get() == labels_of(block.get(), 0).get());
}

/// A gradient that is good for `block_for_gradients`, and what can be wrong with it
struct GradientParts {
    TestArray values = block_values({2, 2, 4, 5});
    LabelsPtr samples = make_labels({"sample", "atom"}, {0, 4, 2, 0});
    LabelsPtr extra = make_labels({"extra"}, {0, 1});
    LabelsPtr c1 = make_labels({"c1"}, {-1, 0, 1, 2});
    LabelsPtr properties = make_labels({"p"}, {7, 8, 9, 1, 2});
    bool with_extra = true;
    bool with_c1 = true;
    bool extra_first = true;

    mts_block_t* create() const {
        std::vector<const mts_labels_t*> components;
        if (with_extra && extra_first) {
            components.push_back(extra.get());
        }
        if (with_c1) {
            components.push_back(c1.get());
        }
        if (with_extra && !extra_first) {
            components.push_back(extra.get());
        }
        return CHECK_NOT_NULL(
            raw_block(values.to_c(), samples.get(), components, properties.get())
        );
    }
};

static void test_bad_gradients() {
    const Parts parts;
    const BlockPtr block(CHECK_NOT_NULL(raw_block(
        block_values({3, 4, 5}).to_c(),
        parts.samples.get(),
        {parts.c1.get()},
        parts.properties.get()
    )));
    CHECK_SUCCESS(mts_block_add_gradient(block.get(), "good", GradientParts().create()));

    auto check = [&](const char* message, auto change) {
        GradientParts gradient;
        change(gradient);
        CHECK_INVALID(mts_block_add_gradient(block.get(), "bad", gradient.create()), message);
        CHECK_EQ(gradients_of(block.get()), Names({"good"}));
    };
    CHECK_INVALID(mts_block_add_gradient(block.get(), "good", GradientParts().create()), "'good'");
    check("(elsewhere) than the values (test array)", [](auto& g) {
        g.values.origin = "elsewhere";
    });
    check("f32", [](auto& g) { g.values.dtype = F32; });
    check("(s, atom)", [](auto& g) { g.samples = make_labels({"s", "atom"}, {0, 4, 2, 0}); });
    check("'sample'", [](auto& g) {
        g.samples = make_labels({}, {});
        g.values = block_values({0, 2, 4, 5});
    });
    check("-1", [](auto& g) { g.samples = make_labels({"sample"}, {0, -1}); });
    check("got 3, but there are 3 samples", [](auto& g) {
        g.samples = make_labels({"sample"}, {0, 3});
    });
    check("fewer components (0) than the values (1)", [](auto& g) {
        g.with_extra = g.with_c1 = false;
        g.values = block_values({2, 5});
    });
    check("different properties", [](auto& g) {
        g.properties = make_labels({"p"}, {7, 8, 9, 1, 3});
    });
    check("different properties", [](auto& g) {
        g.properties = make_labels({"q"}, {7, 8, 9, 1, 2});
    });
    check("'c1'", [](auto& g) { g.c1 = make_labels({"c1"}, {-1, 0, 1, 3}); });
    check("'c1'", [](auto& g) {
        g.extra_first = false;
        g.values = block_values({2, 4, 2, 5});
    });

    GradientParts cuda;
    cuda.values.device = CUDA;
    cuda.samples = make_labels({"sample", "atom"}, {0, 4, 2, 0}, Layout::RowMajor, CUDA);
    cuda.extra = make_labels({"extra"}, {0, 1}, Layout::RowMajor, CUDA);
    cuda.c1 = make_labels({"c1"}, {-1, 0, 1, 2}, Layout::RowMajor, CUDA);
    cuda.properties = make_labels({"p"}, {7, 8, 9, 1, 2}, Layout::RowMajor, CUDA);
    CHECK_INVALID(
        mts_block_add_gradient(block.get(), "bad", cuda.create()),
        "(CUDA:0) than the values (CPU:0)"
    );
}

static void test_ownership_of_gradients() {
    const Parts parts;
    const BlockPtr block(CHECK_NOT_NULL(raw_block(
        block_values({3, 4, 5}).to_c(),
        parts.samples.get(),
        {parts.c1.get()},
        parts.properties.get()
    )));

    // not consumed if the other arguments are wrong
    const BlockPtr gradient(GradientParts().create());
    CHECK_INVALID(mts_block_add_gradient(nullptr, "g", gradient.get()), "`block`");
    CHECK_INVALID(mts_block_add_gradient(block.get(), nullptr, gradient.get()), "`parameter`");
    CHECK_INVALID(mts_block_add_gradient(block.get(), "\xff", gradient.get()), "UTF-8");
    CHECK_INVALID(mts_block_add_gradient(block.get(), "g", nullptr), "`gradient`");

    // views are not ours to give
    CHECK_SUCCESS(mts_block_add_gradient(block.get(), "g", GradientParts().create()));
    mts_block_t* view = gradient_of(block.get(), "g");
    CHECK_INVALID(mts_block_add_gradient(gradient.get(), "g", view), "already");
    CHECK_INVALID(mts_block_add_gradient(block.get(), "h", block.get()), "already");
    CHECK_INVALID(mts_block_free(view), "part of another block");
}

static void test_levels_of_gradients() {
    const LabelsPtr samples = make_labels({"sample"}, {0});
    const LabelsPtr properties = make_labels({"p"}, {0});

    // there is a limit, whichever end is built first
    const BlockPtr block = make_block(samples, {}, properties);
    mts_block_t* current = block.get();
    for (int i = 0; i < 64; i++) {
        BlockPtr gradient = make_block(samples, {}, properties);
        CHECK_SUCCESS(mts_block_add_gradient(current, "g", gradient.release()));
        current = gradient_of(current, "g");
    }
    BlockPtr extra = make_block(samples, {}, properties);
    CHECK_INVALID(mts_block_add_gradient(current, "g", extra.release()), "64 levels");

    BlockPtr inner = make_block(samples, {}, properties);
    for (int i = 0; i < 64; i++) {
        BlockPtr outer = make_block(samples, {}, properties);
        CHECK_SUCCESS(mts_block_add_gradient(outer.get(), "g", inner.release()));
        inner = std::move(outer);
    }
    BlockPtr outer = make_block(samples, {}, properties);
    CHECK_INVALID(mts_block_add_gradient(outer.get(), "g", inner.release()), "64 levels");
}

static void test_failing_callbacks() {
    const Parts parts;
    for (const char* name : {"shape", "device"}) {
        TestArray::failing = name;
        CHECK_NULL(parts.create({3, 4, 2, 5}), "it did not work");
    }
    TestArray::failing = "";

    const BlockPtr block(CHECK_NOT_NULL(raw_block(
        block_values({3, 4, 5}).to_c(),
        parts.samples.get(),
        {parts.c1.get()},
        parts.properties.get()
    )));
    for (const char* name : {"origin", "device", "dtype"}) {
        for (int calls : {0, 1}) {
            mts_block_t* gradient = GradientParts().create();
            TestArray::failing = name;
            TestArray::calls_before_failure = calls;
            CHECK_STATUS(mts_block_add_gradient(block.get(), "g", gradient), MTS_CALLBACK_ERROR);
            TestArray::failing = "";
        }
    }
    CHECK_SUCCESS(mts_block_add_gradient(block.get(), "g", GradientParts().create()));

    const int alive = TestArray::alive;
    for (int calls : {0, 1}) {
        TestArray::failing = "copy";
        TestArray::calls_before_failure = calls;
        CHECK_NULL(mts_block_copy(block.get()), "mts_array_t.copy: it did not work");
        CHECK_EQ(TestArray::alive.load(), alive);
    }
    TestArray::failing = "";
}

static void test_null_arguments() {
    const Parts parts;
    const BlockPtr block(CHECK_NOT_NULL(parts.create({3, 4, 2, 5})));
    const mts_array_t none = {};
    const std::vector<const mts_labels_t*> null_component = {nullptr};
    CHECK_NULL(raw_block(none, nullptr, {}, parts.properties.get()), "`samples`");
    CHECK_NULL(raw_block(none, parts.samples.get(), {}, nullptr), "`properties`");
    CHECK_NULL(
        raw_block(none, parts.samples.get(), null_component, parts.properties.get()), "`components`"
    );
    CHECK_NULL(
        mts_block(none, parts.samples.get(), nullptr, 1, parts.properties.get()), "`components`"
    );

    mts_block_t* gradient = nullptr;
    mts_array_t data = {};
    DLDevice device = {};
    DLDataType dtype = {};
    const char* const* names = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_block_free(nullptr));
    CHECK_NULL(mts_block_copy(nullptr), "`block`");
    CHECK_NULL(mts_block_labels(nullptr, 0), "`block`");
    CHECK_INVALID(mts_block_gradient(nullptr, "g", &gradient), "`block`");
    CHECK_INVALID(mts_block_gradient(block.get(), nullptr, &gradient), "`parameter`");
    CHECK_INVALID(mts_block_gradient(block.get(), "g", nullptr), "`gradient`");
    CHECK_INVALID(mts_block_data(nullptr, &data), "`block`");
    CHECK_INVALID(mts_block_data(block.get(), nullptr), "`data`");
    CHECK_INVALID(mts_block_gradients_list(nullptr, &names, &count), "`block`");
    CHECK_INVALID(mts_block_gradients_list(block.get(), nullptr, &count), "`parameters`");
    CHECK_INVALID(mts_block_gradients_list(block.get(), &names, nullptr), "`parameters_count`");
    CHECK_INVALID(mts_block_device(nullptr, &device), "`block`");
    CHECK_INVALID(mts_block_device(block.get(), nullptr), "`device`");
    CHECK_INVALID(mts_block_dtype(nullptr, &dtype), "`block`");
    CHECK_INVALID(mts_block_dtype(block.get(), nullptr), "`dtype`");
}

int main() {
    test_accessors();
    test_labels_outlive_the_block();
    test_sizes();
    test_components();
    test_devices();
    test_empty_axes();
    test_metadata_only_arrays();
    test_no_data();
    test_gradients();
    test_bad_gradients();
    test_ownership_of_gradients();
    test_levels_of_gradients();
    test_failing_callbacks();
    test_null_arguments();
    check_no_leak();
}
