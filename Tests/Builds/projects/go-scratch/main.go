package main

import (
	"fmt"
	"os"
)

func main() { fmt.Println("go", len(os.Args)-1, os.Args[1:]) }
