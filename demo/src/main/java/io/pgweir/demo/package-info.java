/**
 * The demonstration: a real PostgreSQL from embedded binaries, the proxy in front of it, and a small application's
 * workload through both, in one process. Not part of the production jar.
 */
@NullMarked
package io.pgweir.demo;

import org.jspecify.annotations.NullMarked;
