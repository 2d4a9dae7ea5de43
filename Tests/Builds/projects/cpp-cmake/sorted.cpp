#include <algorithm>
#include <iostream>
#include <string>
#include <vector>
int main(int count, char **words) {
    std::vector<std::string> all(words + 1, words + count);
    std::sort(all.begin(), all.end());
    for (const auto &word : all) std::cout << word << '\n';
}
