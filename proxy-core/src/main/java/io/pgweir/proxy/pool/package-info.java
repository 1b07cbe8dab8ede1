/** Bounded checkout: idle backends, waiters, the exact limit, growth and retirement. */
@NullMarked
package io.pgweir.proxy.pool;

import org.jspecify.annotations.NullMarked;
