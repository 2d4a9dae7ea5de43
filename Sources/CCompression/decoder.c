#include "CCompression.h"

#include <bzlib.h>
#include <limits.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

// The largest preset of xz needs 65 MiB; zstd may have as much.
#define XZ_MEMORY (128u << 20)

struct apus_decoder {
  enum apus_format format;
  int ended;
  const char *message;
  union {
    z_stream gzip;
    ZSTD_DStream *zstd;
    lzma_stream xz;
    bz_stream bzip2;
  } with;
};

apus_decoder *apus_decoder_new(enum apus_format format) {
  apus_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return NULL;
  decoder->format = format;
  int made = 0;
  switch (format) {
    case APUS_GZIP:
      // 15 bits of window, and 16 for "a gzip header, no zlib one".
      made = inflateInit2(&decoder->with.gzip, 15 + 16) == Z_OK;
      break;
    case APUS_ZSTD:
      decoder->with.zstd = ZSTD_createDStream();
      made = decoder->with.zstd != NULL;
      break;
    case APUS_XZ:
      decoder->with.xz = (lzma_stream)LZMA_STREAM_INIT;
      made = lzma_stream_decoder(&decoder->with.xz, XZ_MEMORY, LZMA_CONCATENATED) == LZMA_OK;
      break;
    case APUS_BZIP2:
      made = BZ2_bzDecompressInit(&decoder->with.bzip2, 0, 0) == BZ_OK;
      break;
  }
  if (made) return decoder;
  free(decoder);
  return NULL;
}

static enum apus_decoded corrupt(apus_decoder *decoder, const char *message) {
  decoder->message = message ? message : "invalid data";
  return APUS_DECODED_CORRUPT;
}

static unsigned narrowed(size_t size) { return size > UINT_MAX ? UINT_MAX : (unsigned)size; }

static enum apus_decoded step_gzip(apus_decoder *decoder, const void *input, size_t length, void *output,
                                   size_t room, size_t *taken, size_t *given) {
  z_stream *stream = &decoder->with.gzip;
  if (decoder->ended && inflateReset(stream) != Z_OK) return corrupt(decoder, stream->msg);
  decoder->ended = 0;
  unsigned in = narrowed(length), out = narrowed(room);
  stream->next_in = (Bytef *)input;
  stream->avail_in = in;
  stream->next_out = output;
  stream->avail_out = out;
  int result = inflate(stream, Z_NO_FLUSH);
  *taken = in - stream->avail_in;
  *given = out - stream->avail_out;
  if (result == Z_STREAM_END) {
    decoder->ended = 1;
    return APUS_DECODED_END;
  }
  // Z_BUF_ERROR: no progress without more input or room.
  if (result == Z_OK || result == Z_BUF_ERROR) return APUS_DECODED_MORE;
  if (result == Z_NEED_DICT) return corrupt(decoder, "it needs a preset dictionary");
  return corrupt(decoder, stream->msg);
}

static enum apus_decoded step_zstd(apus_decoder *decoder, const void *input, size_t length, void *output,
                                   size_t room, size_t *taken, size_t *given) {
  ZSTD_inBuffer in = {input, length, 0};
  ZSTD_outBuffer out = {output, room, 0};
  size_t result = ZSTD_decompressStream(decoder->with.zstd, &out, &in);
  *taken = in.pos;
  *given = out.pos;
  // The library's own bound, and that of zstd(1): beyond, a frame could ask for gigabytes.
  if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
    return corrupt(
        decoder, "their window is larger than 128 MiB: compress them with a smaller one (zstd --long=27 is the largest)");
  if (ZSTD_isError(result)) return corrupt(decoder, ZSTD_getErrorName(result));
  return result == 0 ? APUS_DECODED_END : APUS_DECODED_MORE;
}

static enum apus_decoded step_xz(apus_decoder *decoder, const void *input, size_t length, int last,
                                 void *output, size_t room, size_t *taken, size_t *given) {
  lzma_stream *stream = &decoder->with.xz;
  if (decoder->ended) {
    if (length == 0) return APUS_DECODED_END;
    return corrupt(decoder, "data follow its end");
  }
  stream->next_in = input;
  stream->avail_in = length;
  stream->next_out = output;
  stream->avail_out = room;
  lzma_ret result = lzma_code(stream, last ? LZMA_FINISH : LZMA_RUN);
  *taken = length - stream->avail_in;
  *given = room - stream->avail_out;
  switch (result) {
    case LZMA_OK:
    case LZMA_BUF_ERROR:
      return APUS_DECODED_MORE;
    case LZMA_STREAM_END:
      decoder->ended = 1;
      return APUS_DECODED_END;
    case LZMA_MEMLIMIT_ERROR:
      return corrupt(decoder, "they need more than 128 MiB of memory: compress them with a smaller dictionary (xz -9 is the largest preset)");
    case LZMA_OPTIONS_ERROR:
      return corrupt(decoder, "it uses options that are not supported");
    default:
      return corrupt(decoder, NULL);
  }
}

static enum apus_decoded step_bzip2(apus_decoder *decoder, const void *input, size_t length, void *output,
                                    size_t room, size_t *taken, size_t *given) {
  bz_stream *stream = &decoder->with.bzip2;
  if (decoder->ended) {
    BZ2_bzDecompressEnd(stream);
    memset(stream, 0, sizeof *stream);
    if (BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK) return corrupt(decoder, "no memory");
    decoder->ended = 0;
  }
  unsigned in = narrowed(length), out = narrowed(room);
  stream->next_in = (char *)input;
  stream->avail_in = in;
  stream->next_out = output;
  stream->avail_out = out;
  int result = BZ2_bzDecompress(stream);
  *taken = in - stream->avail_in;
  *given = out - stream->avail_out;
  if (result == BZ_OK) return APUS_DECODED_MORE;
  if (result != BZ_STREAM_END) return corrupt(decoder, NULL);
  decoder->ended = 1;
  return APUS_DECODED_END;
}

enum apus_decoded apus_decoder_step(apus_decoder *decoder, const void *input, size_t length, int last,
                                    void *output, size_t room, size_t *taken, size_t *given) {
  *taken = *given = 0;
  switch (decoder->format) {
    case APUS_GZIP:
      return step_gzip(decoder, input, length, output, room, taken, given);
    case APUS_ZSTD:
      return step_zstd(decoder, input, length, output, room, taken, given);
    case APUS_XZ:
      return step_xz(decoder, input, length, last, output, room, taken, given);
    case APUS_BZIP2:
      return step_bzip2(decoder, input, length, output, room, taken, given);
  }
  return corrupt(decoder, NULL);
}

const char *apus_decoder_message(const apus_decoder *decoder) { return decoder->message; }

void apus_decoder_free(apus_decoder *decoder) {
  if (!decoder) return;
  switch (decoder->format) {
    case APUS_GZIP:
      inflateEnd(&decoder->with.gzip);
      break;
    case APUS_ZSTD:
      ZSTD_freeDStream(decoder->with.zstd);
      break;
    case APUS_XZ:
      lzma_end(&decoder->with.xz);
      break;
    case APUS_BZIP2:
      if (decoder->with.bzip2.state) BZ2_bzDecompressEnd(&decoder->with.bzip2);
      break;
  }
  free(decoder);
}
