#include "greet.h"
int main(int count, char **words) { for (int i = 1; i < count; i++) greet(words[i]); return 0; }
