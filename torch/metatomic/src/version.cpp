#include "metatomic/torch/version.h"
#include "metatomic/torch/misc.hpp"

std::string metatomic_torch::version() {
    return METATOMIC_TORCH_VERSION;
}
