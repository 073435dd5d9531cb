#include "content.h"

const char* const DIMENSIONS[DIMENSIONS_COUNT] = {
    "center_type",
    "neighbor_type",
    "system",
    "atom",
    "o3_mu",
    "n",
    "xyz_1",
    "xyz_2",
};

/* the blocks do not have the same samples, nor the same properties: merging them leaves holes */
const block_content_t BLOCKS[BLOCKS_COUNT] = {
    {1, 1, 3, {{0, 1}, {0, 2}, {1, 0}}, 0},
    {1, 8, 2, {{0, 1}, {0, 2}}, 0},
    {8, 1, 1, {{0, 0}}, 1},
};

static bool block_contains(const block_content_t* block, const int32_t* values) {
    int32_t i = 0;
    if (block->center_type != values[CENTER_TYPE] ||
        block->neighbor_type != values[NEIGHBOR_TYPE]) {
        return false;
    }
    if (values[N] < block->first_n || values[N] >= block->first_n + PROPERTIES_COUNT) {
        return false;
    }
    for (i = 0; i < block->samples_count; i++) {
        if (block->samples[i][0] == values[SYSTEM] && block->samples[i][1] == values[ATOM]) {
            return true;
        }
    }
    return false;
}

bool content_exists(const location_t* location) {
    int i = 0;
    for (i = 0; i < BLOCKS_COUNT; i++) {
        if (block_contains(&BLOCKS[i], location->values)) {
            return true;
        }
    }
    return false;
}

double content_value(const location_t* location) {
    const int32_t* values = location->values;
    double result = values[CENTER_TYPE];
    result = 10.0 * result + values[NEIGHBOR_TYPE];
    result = 10.0 * result + values[SYSTEM];
    result = 10.0 * result + values[ATOM];
    result = 10.0 * result + values[O3_MU] + 1;
    return 10.0 * result + values[N];
}

double content_strain_gradient(const location_t* location) {
    const int32_t* values = location->values;
    return content_value(location) + 0.25 * values[XYZ_1] + 0.0625 * values[XYZ_2];
}
