#include "metatensor.h"

const char* mts_version(void) {
    return METATENSOR_VERSION;
}

// nothing is ever printed by this library
void mts_disable_panic_printing(void) {}
