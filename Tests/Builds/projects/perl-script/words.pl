use strict; use warnings; use Words;
print Words::count("@ARGV"), "\n";
