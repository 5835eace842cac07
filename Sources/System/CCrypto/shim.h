// The part of libcrypto that Cairn uses.
#ifndef CAIRN_CCRYPTO_SHIM_H
#define CAIRN_CCRYPTO_SHIM_H

#include <openssl/evp.h>

#include "crc32c.h"

#endif
