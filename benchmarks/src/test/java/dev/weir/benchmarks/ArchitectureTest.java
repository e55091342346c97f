package dev.weir.benchmarks;

import dev.weir.testing.ArchitectureContract;

class ArchitectureTest extends ArchitectureContract {}
