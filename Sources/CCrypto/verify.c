#include "CCrypto.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <limits.h>
#include <string.h>

// Curves as sigstore's tools take them; one whose parameters are spelled out is none of them, whatever they are.
static int is_known_curve(const EVP_PKEY *key) {
  static const char *const known[] = {"prime256v1", "secp384r1", "secp521r1"};
  char name[80];
  size_t length;
  int is_spelled_out = 0;
  EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_spelled_out);
  if (is_spelled_out) return 0;
  if (!EVP_PKEY_get_group_name(key, name, sizeof name, &length)) return 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!strcmp(name, known[i])) return 1;
  }
  return 0;
}

static int kind_of(const EVP_PKEY *key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC: return is_known_curve(key) ? APUS_KEY_ECDSA : APUS_KEY_FOREIGN;
    case EVP_PKEY_ED25519: return APUS_KEY_ED25519;
    case EVP_PKEY_RSA: {
      int bits = EVP_PKEY_get_bits(key);
      return bits >= 2048 && bits <= 16384 ? APUS_KEY_RSA : APUS_KEY_WEAK;
    }
    default: return APUS_KEY_FOREIGN;
  }
}

static EVP_PKEY *decode(const char *name, const unsigned char *der, long length) {
  const unsigned char *end = der;
  EVP_PKEY *key = NULL;
  if (!strcmp(name, PEM_STRING_PUBLIC)) key = d2i_PUBKEY(NULL, &end, length);
  if (!strcmp(name, PEM_STRING_RSA_PUBLIC)) key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &end, length);
  if (key && end != der + length) {
    EVP_PKEY_free(key);
    key = NULL;
  }
  return key;
}

static int read_key(const void *pem, size_t length, EVP_PKEY **key) {
  *key = NULL;
  if (length > INT_MAX) return APUS_KEY_NONE;
  apus_hash_prepare();
  BIO *text = BIO_new_mem_buf(pem, (int)length);
  char *name = NULL, *header = NULL;
  unsigned char *der = NULL;
  long size = 0;
  int kind = APUS_KEY_NONE;
  if (text && PEM_read_bio(text, &name, &header, &der, &size)) {
    kind = APUS_KEY_DAMAGED;
    if (strcmp(name, PEM_STRING_PUBLIC) && strcmp(name, PEM_STRING_RSA_PUBLIC)) {
      kind = APUS_KEY_NOT_PUBLIC;
    } else if (!*header && (*key = decode(name, der, size))) {
      kind = kind_of(*key);
    }
  }
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(der);
  BIO_free(text);
  if (kind < APUS_KEY_ECDSA) {
    EVP_PKEY_free(*key);
    *key = NULL;
  }
  return kind;
}

int apus_key_kind(const void *pem, size_t length) {
  EVP_PKEY *key;
  int kind = read_key(pem, length, &key);
  EVP_PKEY_free(key);
  // The queue belongs to the thread, and the next one who looks into it would find what was none of theirs.
  ERR_clear_error();
  return kind;
}

int apus_key_verifies(const void *pem, size_t pem_length, const void *message, size_t message_length,
                      const void *signature, size_t signature_length) {
  EVP_PKEY *key;
  int kind = read_key(pem, pem_length, &key);
  int verified = 0;
  EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
  // Ed25519 has its own hash inside.
  const char *hash = kind == APUS_KEY_ED25519 ? NULL : "SHA2-256";
  if (context && EVP_DigestVerifyInit_ex(context, NULL, hash, NULL, NULL, key, NULL) == 1) {
    verified = EVP_DigestVerify(context, signature, signature_length, message, message_length) == 1;
  }
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  ERR_clear_error();
  return verified;
}
