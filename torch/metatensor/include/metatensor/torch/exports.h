#pragma once

/// `METATENSOR_TORCH_EXPORT` marks the classes and functions that are visible outside of the shared
/// library: everything else is compiled with hidden visibility.

#if defined(_WIN32)
#if defined(metatensor_torch_EXPORTS)
#define METATENSOR_TORCH_EXPORT __declspec(dllexport)
#else
#define METATENSOR_TORCH_EXPORT __declspec(dllimport)
#endif
#else
#define METATENSOR_TORCH_EXPORT __attribute__((visibility("default")))
#endif
