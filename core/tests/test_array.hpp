#pragma once

/// An array for tests: it counts how many of them are alive and how often each function is called,
/// and each function can be made to fail.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "metatensor.h"

inline constexpr DLDevice CPU = {kDLCPU, 0};
inline constexpr DLDevice CUDA = {kDLCUDA, 0};
inline constexpr DLDevice META = {kDLExtDev, 0};
inline constexpr DLDataType F64 = {kDLFloat, 64, 1};
inline constexpr DLDataType F32 = {kDLFloat, 32, 1};
inline constexpr DLDataType I32 = {kDLInt, 32, 1};

/// How the elements are laid out in the memory that is exported through DLPack
enum class Layout {
    RowMajor,
    NullStrides,
    ColumnMajor,
    Reversed,
    Offset,
    Unaligned,
    WrongVersion,
    /// strides without meaning on axes of size 1
    StrangeUnitStrides,
};

/// Data is stored as doubles, row-major. It is converted when exported, if `dtype` is I32.
struct TestArray {
    std::vector<uintptr_t> shape;
    std::vector<double> data;
    DLDataType dtype = F64;
    DLDevice device = CPU;
    Layout layout = Layout::RowMajor;
    std::string origin = "test array";

    static inline std::atomic<int> alive = 0;
    static inline std::atomic<int> exported = 0;
    /// Name of the function that fails, and how many calls work before
    static inline thread_local std::string failing;
    static inline thread_local int calls_before_failure = 0;

    static int calls(const std::string& function) {
        const std::lock_guard lock(mutex_);
        return calls_[function];
    }

    TestArray() { alive++; }
    TestArray(const TestArray& other)
        : shape(other.shape), data(other.data), dtype(other.dtype), device(other.device),
          layout(other.layout), origin(other.origin) {
        alive++;
    }
    TestArray& operator=(const TestArray&) = default;
    ~TestArray() { alive--; }

    static TestArray& get(const void* array) {
        return *static_cast<TestArray*>(const_cast<void*>(array));
    }

    /// The C array for a copy of this
    mts_array_t to_c() const { return to_c(new TestArray(*this)); }

    /// An array where only the functions to look at metadata, and to copy, can be used
    mts_array_t metadata_only() const {
        mts_array_t array = to_c();
        array.as_dlpack = nullptr;
        array.from_dlpack = nullptr;
        array.reshape = nullptr;
        array.swap_axes = nullptr;
        array.create = nullptr;
        array.move_data = nullptr;
        return array;
    }

private:
    static inline std::mutex mutex_;
    static inline std::map<std::string, int> calls_;

    /// Counts a call; returns true if it has to fail
    static bool fails(const std::string& function) {
        {
            const std::lock_guard lock(mutex_);
            calls_[function]++;
        }
        if (failing != function || calls_before_failure-- > 0) {
            return false;
        }
        mts_set_last_error("it did not work", "test", const_cast<char*>("data"), nullptr);
        return true;
    }

    static constexpr auto FAILURE = static_cast<mts_status_t>(42);

    static mts_array_t to_c(TestArray* array) {
        return {
            array,
            destroy,
            get_origin,
            get_device,
            get_dtype,
            as_dlpack,
            from_dlpack,
            get_shape,
            reshape,
            swap_axes,
            create,
            copy,
            move_data,
        };
    }

    static void destroy(void* array) { delete static_cast<TestArray*>(array); }

    static mts_status_t get_origin(const void* array, mts_data_origin_t* origin) {
        if (fails("origin")) {
            return FAILURE;
        }
        return mts_register_data_origin(get(array).origin.c_str(), origin);
    }

    static mts_status_t get_device(const void* array, DLDevice* device) {
        if (fails("device")) {
            return FAILURE;
        }
        *device = get(array).device;
        return MTS_SUCCESS;
    }

    static mts_status_t get_dtype(const void* array, DLDataType* dtype) {
        if (fails("dtype")) {
            return FAILURE;
        }
        *dtype = get(array).dtype;
        return MTS_SUCCESS;
    }

    static mts_status_t get_shape(const void* array, const uintptr_t** shape, uintptr_t* count) {
        if (fails("shape")) {
            return FAILURE;
        }
        *shape = get(array).shape.empty() ? nullptr : get(array).shape.data();
        *count = get(array).shape.size();
        return MTS_SUCCESS;
    }

    struct Export {
        DLManagedTensorVersioned tensor = {};
        std::vector<int64_t> shape;
        std::vector<int64_t> strides;
        std::vector<char> memory;
    };

    static mts_status_t as_dlpack(
        void* array,
        DLManagedTensorVersioned** result,
        DLDevice device,
        const int64_t* stream,
        DLPackVersion version
    ) {
        const bool expected = device.device_type == kDLCPU && device.device_id == 0 &&
                              stream == nullptr && version.major == 1 && version.minor == 3;
        if (fails("as_dlpack") || !expected) {
            return FAILURE;
        }
        *result = export_copy(get(array));
        return MTS_SUCCESS;
    }

    static DLManagedTensorVersioned* export_copy(const TestArray& array) {
        exported++;
        auto* holder = new Export();
        holder->shape.assign(array.shape.begin(), array.shape.end());
        holder->strides.resize(array.shape.size());

        const bool column_major = array.layout == Layout::ColumnMajor;
        int64_t stride = 1;
        for (size_t i = 0; i < array.shape.size(); i++) {
            const size_t axis = column_major ? i : array.shape.size() - 1 - i;
            const bool strange =
                array.layout == Layout::StrangeUnitStrides && array.shape[axis] == 1;
            holder->strides[axis] = strange ? -123456789 : stride;
            stride *= static_cast<int64_t>(array.shape[axis]);
        }

        const bool is_int = array.dtype.code == kDLInt;
        const size_t item = is_int ? sizeof(int32_t) : sizeof(double);
        size_t offset = array.layout == Layout::Offset ? 5 * item : 0;
        offset += array.layout == Layout::Unaligned ? 1 : 0;
        holder->memory.resize(offset + array.data.size() * item + 1);
        for (size_t i = 0; i < array.data.size(); i++) {
            size_t position = i;
            if (column_major && array.shape.size() == 2) {
                position = (i % array.shape[1]) * array.shape[0] + i / array.shape[1];
            } else if (array.layout == Layout::Reversed) {
                position = array.data.size() - 1 - i;
            }
            const auto integer = static_cast<int32_t>(array.data[i]);
            const void* source = is_int ? static_cast<const void*>(&integer) : &array.data[i];
            std::memcpy(holder->memory.data() + offset + position * item, source, item);
        }
        if (array.layout == Layout::Reversed && !array.data.empty()) {
            for (int64_t& value : holder->strides) {
                value = -value;
            }
            offset += (array.data.size() - 1) * item;
        }

        DLManagedTensorVersioned& tensor = holder->tensor;
        tensor.version = {array.layout == Layout::WrongVersion ? 2U : 1U, 7};
        tensor.manager_ctx = holder;
        tensor.deleter = [](DLManagedTensorVersioned* self) {
            exported--;
            delete static_cast<Export*>(self->manager_ctx);
        };
        tensor.dl_tensor.data = array.data.empty() ? nullptr : holder->memory.data();
        tensor.dl_tensor.byte_offset = offset;
        tensor.dl_tensor.device = CPU;
        tensor.dl_tensor.ndim = static_cast<int32_t>(array.shape.size());
        tensor.dl_tensor.dtype = array.dtype;
        tensor.dl_tensor.shape = holder->shape.data();
        const bool null_strides = array.layout == Layout::NullStrides;
        tensor.dl_tensor.strides = null_strides ? nullptr : holder->strides.data();
        return &tensor;
    }

    /// Reads contiguous integers
    static mts_status_t
    from_dlpack(const void* array, DLManagedTensorVersioned* tensor, mts_array_t* new_array) {
        const DLTensor& dl = tensor->dl_tensor;
        if (!fails("from_dlpack")) {
            auto* result = new TestArray();
            result->shape.assign(dl.shape, dl.shape + dl.ndim);
            result->dtype = dl.dtype;
            result->origin = get(array).origin;
            const uintptr_t count = std::accumulate(
                result->shape.begin(), result->shape.end(), uintptr_t{1}, std::multiplies<>()
            );
            const auto* data = static_cast<const int32_t*>(dl.data);
            result->data.assign(data, data + count);
            *new_array = to_c(result);
        }
        const bool failed = new_array->ptr == nullptr;
        if (tensor->deleter != nullptr) {
            tensor->deleter(tensor);
        }
        return failed ? FAILURE : MTS_SUCCESS;
    }

    static mts_status_t reshape(void* array, const uintptr_t* shape, uintptr_t count) {
        if (fails("reshape")) {
            return FAILURE;
        }
        get(array).shape.assign(shape, shape + count);
        return MTS_SUCCESS;
    }

    static mts_status_t swap_axes(void* array, uintptr_t axis_1, uintptr_t axis_2) {
        if (fails("swap_axes")) {
            return FAILURE;
        }
        TestArray& self = get(array);
        std::vector<uintptr_t> shape = self.shape;
        std::swap(shape[axis_1], shape[axis_2]);
        std::vector<double> data(self.data.size());
        for (size_t i = 0; i < data.size(); i++) {
            // indices of this element in the original array
            std::vector<uintptr_t> indices(shape.size());
            size_t remaining = i;
            for (size_t axis = shape.size(); axis-- > 0;) {
                indices[axis] = remaining % self.shape[axis];
                remaining /= self.shape[axis];
            }
            std::swap(indices[axis_1], indices[axis_2]);
            size_t position = 0;
            for (size_t axis = 0; axis < shape.size(); axis++) {
                position = position * shape[axis] + indices[axis];
            }
            data[position] = self.data[i];
        }
        self.shape = std::move(shape);
        self.data = std::move(data);
        return MTS_SUCCESS;
    }

    static mts_status_t create(
        const void* array,
        const uintptr_t* shape,
        uintptr_t shape_count,
        mts_array_t fill_value,
        mts_array_t* new_array
    ) {
        const bool failed = fails("create");
        if (!failed) {
            auto* result = new TestArray();
            result->shape.assign(shape, shape + shape_count);
            const uintptr_t count =
                std::accumulate(shape, shape + shape_count, uintptr_t{1}, std::multiplies<>());
            result->data.assign(count, get(fill_value.ptr).data[0]);
            result->dtype = get(array).dtype;
            result->device = get(array).device;
            result->origin = get(array).origin;
            *new_array = to_c(result);
        }
        if (fill_value.destroy != nullptr) {
            fill_value.destroy(fill_value.ptr);
        }
        return failed ? FAILURE : MTS_SUCCESS;
    }

    static mts_status_t copy(const void* array, DLDevice device, mts_array_t* new_array) {
        if (fails("copy")) {
            return FAILURE;
        }
        auto* result = new TestArray(get(array));
        result->device = device;
        *new_array = to_c(result);
        return MTS_SUCCESS;
    }

    static mts_status_t move_data(
        void* output,
        const void* input,
        const mts_data_movement_t* movements,
        uintptr_t movements_count
    ) {
        if (fails("move_data")) {
            return FAILURE;
        }
        TestArray& out = get(output);
        const TestArray& in = get(input);
        const std::pair<uintptr_t, uintptr_t> start = {0, 0};
        std::pair<uintptr_t, uintptr_t> previous = start;
        for (uintptr_t i = 0; i < movements_count; i++) {
            const mts_data_movement_t& move = movements[i];
            const std::pair current(move.sample_in, move.properties_start_in);
            if (i != 0 && current <= previous) {
                return FAILURE; // not in the expected order
            }
            previous = current;
            if (!move_one(out, in, move)) {
                return FAILURE;
            }
        }
        return MTS_SUCCESS;
    }

    static bool move_one(TestArray& out, const TestArray& in, const mts_data_movement_t& move) {
        uintptr_t middle = 1;
        for (size_t axis = 1; axis + 1 < in.shape.size(); axis++) {
            middle *= in.shape[axis];
        }
        if (move.sample_in >= in.shape[0] || move.sample_out >= out.shape[0] ||
            move.properties_start_in + move.properties_length > in.shape.back() ||
            move.properties_start_out + move.properties_length > out.shape.back()) {
            return false;
        }
        for (uintptr_t c = 0; c < middle; c++) {
            const uintptr_t from =
                (move.sample_in * middle + c) * in.shape.back() + move.properties_start_in;
            const uintptr_t to =
                (move.sample_out * middle + c) * out.shape.back() + move.properties_start_out;
            std::copy_n(
                in.data.begin() + static_cast<ptrdiff_t>(from),
                move.properties_length,
                out.data.begin() + static_cast<ptrdiff_t>(to)
            );
        }
        return true;
    }
};
