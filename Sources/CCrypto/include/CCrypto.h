// SHA-256 and SHA-512 through OpenSSL's EVP, which takes the processor's SHA instructions where they exist; signatures by
// public keys.
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

// What the first block of a PEM text is (RFC 7468). From APUS_KEY_ECDSA on it is a key that verifies.
enum {
  // No block at all.
  APUS_KEY_NONE,
  // A block of another label than "PUBLIC KEY" and "RSA PUBLIC KEY".
  APUS_KEY_NOT_PUBLIC,
  // Not the encoding of a key, or more than one.
  APUS_KEY_DAMAGED,
  // Another algorithm or curve.
  APUS_KEY_FOREIGN,
  // RSA of less than 2048 or more than 16384 bits.
  APUS_KEY_WEAK,
  // On P-256, P-384 or P-521.
  APUS_KEY_ECDSA,
  APUS_KEY_RSA,
  APUS_KEY_ED25519,
};
int apus_key_kind(const void *pem, size_t length);
// Whether `signature` is one of the whole `message` by the key: of its SHA-256, in ASN.1 for ECDSA and by PKCS #1 version 1.5
// for RSA; by pure Ed25519. 0 or 1; 0 for what is no key.
int apus_key_verifies(const void *pem, size_t pem_length, const void *message, size_t message_length,
                      const void *signature, size_t signature_length);
#endif
