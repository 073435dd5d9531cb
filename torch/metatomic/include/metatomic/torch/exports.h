#pragma once

/// Marks what `libmetatomic_torch` exports: everything else has hidden visibility
#if defined(_WIN32)
#if defined(metatomic_torch_EXPORTS)
#define METATOMIC_TORCH_EXPORT __declspec(dllexport)
#else
#define METATOMIC_TORCH_EXPORT __declspec(dllimport)
#endif
#else
#define METATOMIC_TORCH_EXPORT __attribute__((visibility("default")))
#endif
