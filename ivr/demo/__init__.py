"""What `make demo`, the benchmarks and the SIP tests place calls with: a scriptable phone."""
