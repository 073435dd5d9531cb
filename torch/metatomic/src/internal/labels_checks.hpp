#pragma once

#include <metatensor/torch.hpp>

namespace metatomic_torch::details {

/// Sample names used by neighbor lists
const std::vector<std::string>& neighbors_sample_names();

/// Do the `labels` have a single dimension called `name`, with values `0, 1, ..., count - 1`? The
/// values themselves are not compared if there is no data, as on the meta device.
bool is_range(const metatensor_torch::Labels& labels, const std::string& name, int64_t count);

/// Text with the names and size of the `labels` for error messages
std::string describe(const metatensor_torch::Labels& labels);

} // namespace metatomic_torch::details
