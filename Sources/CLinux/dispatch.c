// What Swift's tasks run on, libdispatch, is set up before the first of them, where a linker's script (release.ld) has taken its constructor out of
// what runs before main: it asks the kernel for the processors and makes queues, which most commands never use.
#include "CLinux.h"

#include <pthread.h>

typedef void (*constructor)(void);

// Of release.ld. Without it there are none: they have run before main.
extern const constructor apus_late_constructors[] __attribute__((weak));
extern const constructor apus_late_constructors_end[] __attribute__((weak));

static void set_up(void) {
  for (const constructor *next = apus_late_constructors; next < apus_late_constructors_end; next++) (*next)();
}

void apus_set_up_dispatch(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, set_up);
}
