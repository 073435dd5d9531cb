#ifndef SHARED_MEMORY_H
#define SHARED_MEMORY_H

/**
 * @file shared_memory.h
 * Memory used by an array and by the DLPack tensors exported from it: whoever is the last one to
 * release it frees it. Each of them can do that from any thread.
 */

#include <stdint.h>

typedef struct {
    int users;
    unsigned char* bytes;
} shared_memory_t;

/** New memory with one user, filled with zeros; NULL if there is not enough memory */
shared_memory_t* shared_memory_create(uintptr_t count, uintptr_t size);

/** Adds a user */
void shared_memory_retain(shared_memory_t* memory);

/** Removes a user, and frees the memory if it was the last one. NULL is accepted. */
void shared_memory_release(shared_memory_t* memory);

/** `calloc` that also gives a pointer for sizes of zero, so that NULL means "no memory left" */
void* allocate(uintptr_t count, uintptr_t size);

/** To prove that everything is released: adds `difference` to a counter, and returns the result */
long count_live_objects(int difference);

#endif
