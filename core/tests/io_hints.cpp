// Loading something that is another kind of object: errors say what to use instead

#include "io_support.hpp"

using namespace io_support;

// What to use to load other kinds of objects
static void test_hints() {
    const auto labels_bytes = saved(range("a", 2));
    const auto block_bytes = saved(simple_block());
    const auto tensor_bytes = saved(full_tensor());

    CHECK(!load_labels(block_bytes));
    CHECK(check::contains(check::last_error_message(), "`load_block_buffer` to load TensorBlock"));
    CHECK(!load_labels(tensor_bytes));
    CHECK(check::contains(check::last_error_message(), "`load_buffer` to load TensorMap"));
    CHECK(!load_block(labels_bytes));
    CHECK(check::contains(check::last_error_message(), "`load_labels` to load Labels"));
    CHECK(!load_block(tensor_bytes));
    CHECK(check::contains(check::last_error_message(), "`load` to load TensorMap"));
    CHECK(!load_tensor(labels_bytes));
    CHECK(check::contains(check::last_error_message(), "`load_labels_buffer` to load Labels"));
    CHECK(!load_tensor(block_bytes));
    CHECK(check::contains(check::last_error_message(), "`load_block_buffer` to load TensorBlock"));

    for (const auto& bytes : {Bytes(), Bytes{'P', 'K'}, Bytes(1000, 'x')}) {
        CHECK(!load_labels(bytes));
        CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
        CHECK(check::contains(check::last_error_message(), "could not load Labels from a buffer"));
        CHECK(!load_block(bytes));
        CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
        CHECK(check::contains(check::last_error_message(), "could not load TensorBlock"));
        CHECK(!load_tensor(bytes));
        CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
        CHECK(check::contains(check::last_error_message(), "could not load TensorMap"));
        CHECK(!check::contains(check::last_error_message(), "`load"));
    }
}

int main() {
    test_hints();
    CHECK_EQ(live_arrays.load(), 0);
}
