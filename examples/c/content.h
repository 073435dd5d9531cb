#ifndef CONTENT_H
#define CONTENT_H

/**
 * @file content.h
 * What is in the blocks of the example: numbers made from the metadata that describes them, so that
 * a number can be checked wherever metatensor has put it. The example in C++ uses the same content.
 */

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Names of dimensions of labels that are used in this example */
enum {
    CENTER_TYPE,
    NEIGHBOR_TYPE,
    SYSTEM,
    ATOM,
    O3_MU,
    N,
    XYZ_1,
    XYZ_2,
    DIMENSIONS_COUNT,
};

extern const char* const DIMENSIONS[DIMENSIONS_COUNT];

/** Where a number is: one value for each of the dimensions above */
typedef struct {
    int32_t values[DIMENSIONS_COUNT];
} location_t;

enum { BLOCKS_COUNT = 3, MAX_SAMPLES = 3, PROPERTIES_COUNT = 2 };

typedef struct {
    int32_t center_type;
    int32_t neighbor_type;
    int32_t samples_count;
    /** system and atom of each sample */
    int32_t samples[MAX_SAMPLES][2];
    /** value of `n` for the first property; the second one is the next integer */
    int32_t first_n;
} block_content_t;

extern const block_content_t BLOCKS[BLOCKS_COUNT];

/** Does one of the blocks contain something for this location? */
bool content_exists(const location_t* location);

/** Number at this location */
double content_value(const location_t* location);

/** Gradient of this number with respect to the element (XYZ_1, XYZ_2) of the strain */
double content_strain_gradient(const location_t* location);

#ifdef __cplusplus
}
#endif

#endif
