"""Reading the operating system's connection table: with psutil, or from the output of `netstat` and `ss`."""
