/* The header is valid C, and the functions can be called from C */
#include <metatensor/files.h>

#include <stdio.h>

int main(void) {
    mts_file_content_t content = MTS_FILE_LABELS;
    mts_map_array_callback_t map_array = NULL;

    if (mts_file_open("this file does not exist") != NULL) {
        return 1;
    }
    if (mts_file_content(NULL, &content) != MTS_INVALID_PARAMETER_ERROR) {
        return 2;
    }
    if (mts_file_map_block(NULL, map_array, NULL) != NULL) {
        return 3;
    }
    return mts_file_close(NULL) == MTS_SUCCESS ? 0 : 4;
}
