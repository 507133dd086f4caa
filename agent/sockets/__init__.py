"""Reading the operating system's connection table: by psutil, or from what `netstat` and `ss` print."""
