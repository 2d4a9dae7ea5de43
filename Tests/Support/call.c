// call NUMBER [ARGUMENT...]: makes one system call and prints "ok" or the errno's number. Statically linkable, and
// needs nothing but write(2) and exit(2) besides.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  long a[7] = {0};
  for (int i = 1; i < argc && i < 8; i++) a[i - 1] = (long)strtoul(argv[i], NULL, 0);
  long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
  if (result < 0)
    printf("%d\n", errno);
  else
    printf("ok\n");
  return 0;
}
