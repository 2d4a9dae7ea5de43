#define OPENSSL_SUPPRESS_DEPRECATED
#include "CCrypto.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct apus_hash {
  int bits;
  union {
    SHA256_CTX sha256;
    SHA512_CTX sha512;
  } context;
};

apus_hash *apus_hash_new(int bits) {
  if (bits != 256 && bits != 512) return NULL;
  apus_hash *hash = malloc(sizeof *hash);
  if (!hash) return NULL;
  hash->bits = bits;
  if (bits == 256)
    SHA256_Init(&hash->context.sha256);
  else
    SHA512_Init(&hash->context.sha512);
  return hash;
}

void apus_hash_update(apus_hash *hash, const void *data, size_t length) {
  if (hash->bits == 256)
    SHA256_Update(&hash->context.sha256, data, length);
  else
    SHA512_Update(&hash->context.sha512, data, length);
}

void apus_hash_final(apus_hash *hash, unsigned char *output) {
  if (hash->bits == 256)
    SHA256_Final(output, &hash->context.sha256);
  else
    SHA512_Final(output, &hash->context.sha512);
}

apus_hash *apus_hash_copy(const apus_hash *hash) {
  apus_hash *copy = malloc(sizeof *copy);
  if (copy) memcpy(copy, hash, sizeof *copy);
  return copy;
}

void apus_hash_free(apus_hash *hash) { free(hash); }
