/** Counters and histograms owned by one event loop each, summed when somebody looks. */
@NullMarked
package io.pgweir.proxy.metrics;

import org.jspecify.annotations.NullMarked;
