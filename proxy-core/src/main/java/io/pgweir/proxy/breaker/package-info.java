/** When to stop asking a server for connections, and how to come back to it: one state machine for each address. */
@NullMarked
package io.pgweir.proxy.breaker;

import org.jspecify.annotations.NullMarked;
