// SHA-256 and SHA-512 through OpenSSL's EVP, which takes the processor's SHA instructions where they exist.
#ifndef APUS_CCRYPTO_H
#define APUS_CCRYPTO_H
#include <stddef.h>

typedef struct apus_hash apus_hash;

// Loads the algorithms, once. OpenSSL's configuration file is not read: a process that has changed its root into a
// layer would read the layer's. Called by apus_hash_new; earlier, nothing is left to be done later.
void apus_hash_prepare(void);

// `bits` is 256 or 512; NULL for another value or without memory.
apus_hash *apus_hash_new(int bits);
void apus_hash_update(apus_hash *hash, const void *data, size_t length);
// Writes 32 or 64 bytes. The hash can be released afterwards, nothing else.
void apus_hash_final(apus_hash *hash, unsigned char *output);
apus_hash *apus_hash_copy(const apus_hash *hash);
void apus_hash_free(apus_hash *hash);
#endif
