/** Targets of a fuzzer, and what keeps their corpus; see fuzz/README.md at the top of the project. */
@org.jspecify.annotations.NullMarked
package io.pgweir.proxy.fuzz;
