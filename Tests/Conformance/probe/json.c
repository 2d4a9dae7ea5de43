#include "probe.h"
#include <stdio.h>
#include <string.h>

static bool first = true;

static void quoted(const char *text, unsigned long length) {
  putchar('"');
  for (unsigned long i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    // Bytes beyond ASCII are shown as code points of the same number: the reader gets them back as Latin-1.
    if (c == '"' || c == '\\')
      printf("\\%c", c);
    else if (c < 32 || c > 126)
      printf("\\u%04x", c);
    else
      putchar(c);
  }
  putchar('"');
}

static void begin(const char *name) {
  if (!first) putchar(',');
  first = false;
  if (name) {
    quoted(name, strlen(name));
    putchar(':');
  }
}

void json_open(const char *name, char bracket) {
  begin(name);
  putchar(bracket);
  first = true;
}

void json_close(char bracket) {
  putchar(bracket);
  first = false;
}

void json_number(const char *name, long long value) {
  begin(name);
  printf("%lld", value);
}

void json_unsigned(const char *name, unsigned long long value) {
  begin(name);
  printf("%llu", value);
}

void json_bool(const char *name, bool value) {
  begin(name);
  fputs(value ? "true" : "false", stdout);
}

void json_bytes(const char *name, const char *text, unsigned long length) {
  begin(name);
  quoted(text, length);
}

void json_text(const char *name, const char *text) { json_bytes(name, text, strlen(text)); }
