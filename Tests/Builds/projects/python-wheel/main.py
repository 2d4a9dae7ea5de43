import counter

print(counter.count("hello"))
