// What the memory allocator says of itself, where it does.
#ifndef CAIRN_CMALLOC_SHIM_H
#define CAIRN_CMALLOC_SHIM_H

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/// The bytes that were allocated and not freed; 0 where the C library does not tell.
static inline size_t cairn_malloc_in_use(void) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

#endif
