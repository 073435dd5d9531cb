/* The C header must be usable from plain C, and the library from a program without C++ */
#include "metatensor.h"

#include <stdio.h>
#include <string.h>

static int failures = 0;

static void check(int condition, const char* what) {
    if (!condition) {
        fprintf(stderr, "check failed: %s\n", what);
        failures += 1;
    }
}

int main(void) {
    mts_status_t status = MTS_SUCCESS;
    mts_array_t array;
    mts_data_movement_t movement;
    mts_data_origin_t origin = 0;
    const mts_labels_t* labels = NULL;
    const char* message = NULL;

    check(sizeof(status) == 4, "size of mts_status_t");
    check(sizeof(origin) == 8, "size of mts_data_origin_t");
    check(sizeof(array) == 13 * sizeof(void*), "size of mts_array_t");
    check(sizeof(movement) == 5 * sizeof(uintptr_t), "size of mts_data_movement_t");
    check(strcmp(mts_version(), METATENSOR_VERSION) == 0, "version");

    status = mts_register_data_origin("test from C", &origin);
    check(status == MTS_SUCCESS && origin != 0, "register an origin");

    memset(&array, 0, sizeof(array));
    labels = mts_labels(NULL, 0, array);
    check(labels == NULL, "labels need an array");
    check(mts_last_error(&message, NULL, NULL) == MTS_SUCCESS, "get the last error");
    check(message != NULL && strlen(message) != 0, "message of the last error");

    check(mts_labels_free(NULL) == MTS_SUCCESS, "free NULL labels");
    check(mts_block_free(NULL) == MTS_SUCCESS, "free a NULL block");
    check(mts_tensormap_free(NULL) == MTS_SUCCESS, "free a NULL tensor map");
    return failures == 0 ? 0 : 1;
}
