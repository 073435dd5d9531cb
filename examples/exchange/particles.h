#ifndef PARTICLES_H
#define PARTICLES_H

/**
 * @file particles.h
 * C interface of a small library, written in C++, which could be a simulation engine: it owns some
 * particles, and exchanges tensor maps with Python.
 *
 * Functions return a status, or NULL in place of a pointer; mts_last_error() has the details, for
 * the errors of metatensor and for those of this library.
 */

#include <metatensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define PARTICLES_EXPORT __declspec(dllexport)
#else
#define PARTICLES_EXPORT __attribute__((visibility("default")))
#endif

typedef struct particles_t particles_t;

/**
 * Creates particles of the types 1 and 6.
 *
 * @param counts number of particles of each of the two types
 */
PARTICLES_EXPORT particles_t* particles_create(const uintptr_t counts[2]);

/** Releases the particles. Views of their tensor map must not be used anymore. */
PARTICLES_EXPORT void particles_free(particles_t* particles);

/** Address in memory of one component of the position of a particle */
PARTICLES_EXPORT const double*
particles_address(const particles_t* particles, uintptr_t particle, uintptr_t component);

/**
 * Positions of all particles, one block for each type. The values are not a copy: whoever changes
 * them moves the particles.
 *
 * @return a tensor map which belongs to `particles` and lives as long as them
 */
PARTICLES_EXPORT mts_tensormap_t* particles_positions(particles_t* particles);

/** A copy of the positions: a new tensor map, which belongs to the caller */
PARTICLES_EXPORT mts_tensormap_t* particles_snapshot(const particles_t* particles);

/**
 * Moves all particles.
 *
 * @param displacements tensor map with the metadata of particles_positions(), and values in any
 *        kind of array of double; it still belongs to the caller
 * @param addresses filled with the address of the values of each block that this function has read:
 *        those of the original array, unless it had to make a copy
 */
PARTICLES_EXPORT mts_status_t
particles_move(particles_t* particles, mts_tensormap_t* displacements, const double** addresses);

/**
 * A tensor map with all types of particles in one block. The new values are in the same kind of
 * array as those of `tensor`, which does the work.
 *
 * @return a new tensor map, which belongs to the caller
 */
PARTICLES_EXPORT mts_tensormap_t* particles_merge_types(mts_tensormap_t* tensor);

/** Takes ownership of a tensor map, which is released together with the particles; or immediately,
 * if this function fails */
PARTICLES_EXPORT mts_status_t particles_keep(particles_t* particles, mts_tensormap_t* tensor);

#ifdef __cplusplus
}
#endif

#endif
