// CRC-32C by the instruction of the processor, where it has one. libcrypto has none, and a table is ten times slower.
#ifndef CAIRN_CRC32C_H
#define CAIRN_CRC32C_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

// Whether this processor has the instruction (SSE4.2).
static inline int cairn_crc32c_is_fast(void) { return __builtin_cpu_supports("sse4.2"); }

// The register after `count` more bytes. The register is not yet, or no longer, inverted. Only where
// `cairn_crc32c_is_fast`.
__attribute__((target("sse4.2"))) static inline uint32_t cairn_crc32c_update(
    uint32_t start, const uint8_t *bytes, size_t count)
{
    uint64_t sum = start;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        sum = __builtin_ia32_crc32di(sum, word);
        bytes += 8;
        count -= 8;
    }
    while (count-- > 0) sum = __builtin_ia32_crc32qi((uint32_t)sum, *bytes++);
    return (uint32_t)sum;
}

#else

static inline int cairn_crc32c_is_fast(void) { return 0; }

static inline uint32_t cairn_crc32c_update(uint32_t start, const uint8_t *bytes, size_t count)
{
    (void)bytes;
    (void)count;
    return start;
}

#endif
#endif
