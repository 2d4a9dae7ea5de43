// One interface over the streaming decoders of zlib, libzstd, liblzma and libbz2. Their headers stay in the
// C file, so that Swift imports nothing of them.
#ifndef APUS_CCOMPRESSION_H
#define APUS_CCOMPRESSION_H
#include <stddef.h>

typedef struct apus_decoder apus_decoder;

enum apus_format { APUS_GZIP, APUS_ZSTD, APUS_XZ, APUS_BZIP2 };

enum apus_decoded {
  APUS_DECODED_CORRUPT = -1,  // see apus_decoder_message
  APUS_DECODED_MORE = 0,      // took or gave something, or needs input
  APUS_DECODED_END = 1,       // a member, frame or stream is complete
};

// NULL without memory.
apus_decoder *apus_decoder_new(enum apus_format format);

// Decodes from the front of `input` into `output`; `taken` and `given` say how much of each was used.
// `last` is not 0 when no input follows. After APUS_DECODED_END, a call with input begins the next member.
enum apus_decoded apus_decoder_step(apus_decoder *decoder, const void *input, size_t length, int last,
                                    void *output, size_t room, size_t *taken, size_t *given);

// What the library said of the corruption; static text.
const char *apus_decoder_message(const apus_decoder *decoder);
void apus_decoder_free(apus_decoder *decoder);

#endif
