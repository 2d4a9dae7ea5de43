// Words of memory, packed: what the memory of a resting process (rest.c) becomes.
//
// Most words of a process are zero, come again and again, or are addresses, whose upper bytes are zero: a repetition is told by its
// length and by how far back it begins, another word by its bytes up to the last that is not zero. Where there is a file below the
// words, their differences from it are packed, most of which are zero.
//
// Nothing here calls anything, or touches other memory than it is given.
#ifndef APUS_CLINUX_PACKING_H
#define APUS_CLINUX_PACKING_H

#include "raw.h"

#include <stdint.h>

#define WITHOUT_MEMORY __attribute__((noinline, no_stack_protector, no_profile_instrument_function, no_builtin))

enum { SLOTS = 1 << 10 };

// Pages side by side that are away. The packed words follow it.
struct run {
  uint64_t *start;
  const uint64_t *original;
  uint32_t words;
  uint32_t length;
};

// Seven bits a byte, the lowest first; the last byte is below 128.
INLINE uint8_t *put_number(uint8_t *to, uint32_t number) {
  for (; number >= 128; number >>= 7) *to++ = (uint8_t)(number | 128);
  *to++ = (uint8_t)number;
  return to;
}

INLINE const uint8_t *take_number(const uint8_t *from, uint32_t *number) {
  uint32_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint8_t byte = *from++;
    value |= (uint32_t)(byte & 127) << shift;
    if (byte < 128) break;
  }
  *number = value;
  return from;
}

// How a word differs from what is there without it.
INLINE uint64_t difference(const uint64_t *words, const uint64_t *original, uint32_t place) {
  return original ? words[place] ^ original[place] : words[place];
}

// The number of new words and these, each behind the number of its bytes; then the length of a repetition and how far back it
// begins; and so on, up to the last word.
static WITHOUT_MEMORY uint8_t *pack(const uint64_t *words, const uint64_t *original, uint32_t count, uint8_t *to,
                                    uint32_t *slots) {
  for (int slot = 0; slot < SLOTS; slot++) slots[slot] = 0;
  uint32_t place = 0, next = 0;
  while (next <= count) {
    uint32_t length = 0, before = 0;
    if (next < count) {
      uint64_t word = difference(words, original, next);
      uint32_t *slot = &slots[(word * 0x9E3779B97F4A7C15ull) >> 54];
      before = *slot;
      *slot = next + 1;
      if (before-- > 0)
        while (next + length < count &&
               difference(words, original, next + length) == difference(words, original, before + length))
          length++;
      if (!length) {
        next++;
        continue;
      }
    }
    if (place == count) break;
    to = put_number(to, next - place);
    for (; place < next; place++) {
      uint64_t word = difference(words, original, place);
      uint8_t *bytes = to++;
      for (*bytes = 0; word; word >>= 8, ++*bytes) *to++ = (uint8_t)word;
    }
    if (place == count) break;
    to = put_number(to, length);
    to = put_number(to, next - before);
    place = next += length;
  }
  return to;
}

static WITHOUT_MEMORY void unpack(const struct run *run, const uint8_t *from) {
  uint64_t *words = run->start;
  const uint64_t *original = run->original;
  uint32_t place = 0, count = run->words;
  while (place < count) {
    uint32_t length, distance;
    from = take_number(from, &length);
    for (; length; length--, place++) {
      uint64_t word = 0;
      int bytes = *from++;
      for (int byte = 0; byte < bytes; byte++) word |= (uint64_t)*from++ << 8 * byte;
      words[place] = original ? word ^ original[place] : word;
    }
    if (place == count) break;
    from = take_number(from, &length);
    from = take_number(from, &distance);
    for (; length; length--, place++) {
      uint64_t word = difference(words, original, place - distance);
      words[place] = original ? word ^ original[place] : word;
    }
  }
}

#endif
