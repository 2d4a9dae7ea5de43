#include "CCrypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct apus_hash {
  EVP_MD_CTX *context;
};

static pthread_once_t prepared = PTHREAD_ONCE_INIT;
// Fetched once: EVP_sha256() would be looked up anew for each digest.
static EVP_MD *sha256, *sha512;

static void prepare(void) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
  sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
  sha512 = EVP_MD_fetch(NULL, "SHA2-512", NULL);
}

void apus_hash_prepare(void) { pthread_once(&prepared, prepare); }

apus_hash *apus_hash_new(int bits) {
  if (bits != 256 && bits != 512) return NULL;
  apus_hash_prepare();
  const EVP_MD *algorithm = bits == 256 ? sha256 : sha512;
  apus_hash *hash = malloc(sizeof *hash);
  if (!hash) return NULL;
  hash->context = EVP_MD_CTX_new();
  if (algorithm && hash->context && EVP_DigestInit_ex2(hash->context, algorithm, NULL)) return hash;
  apus_hash_free(hash);
  return NULL;
}

// Neither these two nor the copy of a digest's state can fail, but for memory: a wrong digest must never leave.
void apus_hash_update(apus_hash *hash, const void *data, size_t length) {
  if (!EVP_DigestUpdate(hash->context, data, length)) abort();
}

void apus_hash_final(apus_hash *hash, unsigned char *output) {
  if (!EVP_DigestFinal_ex(hash->context, output, NULL)) abort();
}

apus_hash *apus_hash_copy(const apus_hash *hash) {
  apus_hash *copy = malloc(sizeof *copy);
  if (!copy) return NULL;
  copy->context = EVP_MD_CTX_new();
  if (copy->context && EVP_MD_CTX_copy_ex(copy->context, hash->context)) return copy;
  apus_hash_free(copy);
  return NULL;
}

void apus_hash_free(apus_hash *hash) {
  if (!hash) return;
  EVP_MD_CTX_free(hash->context);
  free(hash);
}
