#include <stdio.h>
#include <unistd.h>
int main(void) { printf("static, pid %d\n", getpid()); return 0; }
