#include "shared_memory.h"

#include <pthread.h>
#include <stdlib.h>

/* C99 has no atomic counters */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long live_objects = 0;

void* allocate(uintptr_t count, uintptr_t size) {
    return calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
}

long count_live_objects(int difference) {
    long result = 0;
    pthread_mutex_lock(&lock);
    live_objects += difference;
    result = live_objects;
    pthread_mutex_unlock(&lock);
    return result;
}

static int change_users(shared_memory_t* memory, int difference) {
    int result = 0;
    pthread_mutex_lock(&lock);
    memory->users += difference;
    result = memory->users;
    pthread_mutex_unlock(&lock);
    return result;
}

shared_memory_t* shared_memory_create(uintptr_t count, uintptr_t size) {
    shared_memory_t* memory = allocate(1, sizeof(*memory));
    if (memory == NULL) {
        return NULL;
    }

    memory->users = 1;
    memory->bytes = allocate(count, size);
    if (memory->bytes == NULL) {
        free(memory);
        return NULL;
    }
    count_live_objects(1);
    return memory;
}

void shared_memory_retain(shared_memory_t* memory) {
    change_users(memory, 1);
}

void shared_memory_release(shared_memory_t* memory) {
    if (memory != NULL && change_users(memory, -1) == 0) {
        free(memory->bytes);
        free(memory);
        count_live_objects(-1);
    }
}
