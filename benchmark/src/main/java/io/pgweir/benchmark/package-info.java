/** What pgweir's path costs: micro-benchmarks (JMH), and the bare relay that it is measured against. */
@org.jspecify.annotations.NullMarked
package io.pgweir.benchmark;
