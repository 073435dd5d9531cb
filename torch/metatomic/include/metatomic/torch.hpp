#pragma once

/// C++ API of metatomic: atomistic systems, and the models which make predictions for them.

#include "metatomic/torch/version.h"

#include "metatomic/torch/exports.h"

#include "metatomic/torch/misc.hpp"
#include "metatomic/torch/model.hpp"
#include "metatomic/torch/quantities.hpp"
#include "metatomic/torch/system.hpp"
#include "metatomic/torch/units.hpp"
