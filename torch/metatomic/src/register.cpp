#include "internal/register.hpp"

TORCH_LIBRARY(metatomic, m) {
    metatomic_torch::details::register_classes(m);
    metatomic_torch::details::register_operators(m);
}
