"""What the process and the machine do: random numbers, memory, arithmetic, devices, files."""
