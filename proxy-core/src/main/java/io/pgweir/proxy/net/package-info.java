/** Transports, event loops, listeners, deadlines: what stands between Netty and the rest. */
@NullMarked
package io.pgweir.proxy.net;

import org.jspecify.annotations.NullMarked;
