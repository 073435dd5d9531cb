#pragma once

/// TorchScript classes for metatensor data, and their C++ API.

#include "metatensor/torch/array.hpp"
#include "metatensor/torch/block.hpp"
#include "metatensor/torch/exports.h"
#include "metatensor/torch/labels.hpp"
#include "metatensor/torch/misc.hpp"
#include "metatensor/torch/module.hpp"
#include "metatensor/torch/tensor.hpp"
#include "metatensor/torch/version.h"
