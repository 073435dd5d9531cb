#pragma once

#include <atomic>

#include <c10/util/Exception.h>

/// Emit a deprecation warning, only once for each place that uses this macro unless torch is
/// configured to always warn (`torch.set_warn_always(True)` in Python).
#define METATOMIC_WARN_DEPRECATION_ONCE(...)                                                       \
    do {                                                                                           \
        static std::atomic<bool> already_warned{false};                                            \
        if (!already_warned.exchange(true) || ::c10::WarningUtils::get_warnAlways()) {             \
            TORCH_WARN_DEPRECATION(__VA_ARGS__);                                                   \
        }                                                                                          \
    } while (false)
