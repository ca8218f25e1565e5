"""The process and the machine: random numbers, memory, arithmetic, devices, files and folders."""
