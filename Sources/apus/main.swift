import Linux

print("apus")
